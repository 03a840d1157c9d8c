"""The LLM gateway on LiteLLM: one exit for every model call, with failover, usage, cost and typed errors.

Importing this package does not import LiteLLM; `LiteLlmGateway.load()` does, in a thread.
"""

from watchbill.adapters.litellm.gateway import LiteLlmGateway, ProviderCheck

__all__ = ["LiteLlmGateway", "ProviderCheck"]
