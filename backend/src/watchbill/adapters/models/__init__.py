"""The LLM gateway: one exit for every model call, with failover, usage, cost and typed errors.

`gateway` chooses a provider and tells what happens, `asking` puts one question to one provider, directly
(`endpoint`) or through LiteLLM (`library_call`), and `failures` and `endings` say what went wrong. Importing
this package does not import LiteLLM; `LiteLlmGateway.load()` does, in a thread.
"""

from watchbill.adapters.models.cooling import CoolDown
from watchbill.adapters.models.gateway import LiteLlmGateway, ProviderCheck
from watchbill.adapters.models.patience import TimeLimits
from watchbill.adapters.openai_chat import Sizes

__all__ = ["CoolDown", "LiteLlmGateway", "ProviderCheck", "Sizes", "TimeLimits"]
