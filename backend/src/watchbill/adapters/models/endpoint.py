"""Where a provider that speaks chat completions is asked, and with which headers.

A key and an address are always those of the provider: none is taken from the worker's environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from watchbill.adapters.models.connection import address, check
from watchbill.core.candidates import Candidate

# The types that speak OpenAI's chat completions; the others go through LiteLLM.
CHAT_TYPES = frozenset({"openai", "openai_compatible", "vllm", "ollama", "demo", "azure"})
_AZURE_VERSION = "2024-10-21"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL and the headers that go to it."""

    url: str
    headers: dict[str, str]


def endpoint(candidate: Candidate) -> Endpoint:
    """Where this candidate is asked.

    Raises:
        NodeError: of kind user: a key or an address is missing.
    """
    provider = candidate.provider
    check(provider)
    base = address(provider)
    if provider.provider_type == "azure":
        version = str(provider.config.get("api_version") or _AZURE_VERSION)
        return Endpoint(_azure(base, candidate.model, version), {"api-key": provider.api_key or ""})
    if provider.provider_type == "ollama" and not urlsplit(base).path.rstrip("/").endswith("/v1"):
        base = _below(base, "v1")
    headers = {"Authorization": f"Bearer {provider.api_key}"} if provider.api_key else {}
    if provider.config.get("organization") and provider.provider_type == "openai":
        headers["OpenAI-Organization"] = str(provider.config["organization"])
    return Endpoint(_chat(base), headers)


def _chat(base: str) -> str:
    """The address of the completions; people also enter it whole."""
    return (
        base
        if urlsplit(base).path.rstrip("/").endswith("/chat/completions")
        else _below(base, "chat/completions")
    )


def _azure(base: str, deployment: str, version: str) -> str:
    path = urlsplit(base).path.rstrip("/")
    if path.endswith("/openai/v1"):
        return _chat(base)
    where = f"deployments/{quote(deployment, safe='')}/chat/completions"
    url = _below(base, where if path.endswith("/openai") else f"openai/{where}")
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode({"api-version": version})) if part)
    return urlunsplit(parts._replace(query=query))


def _below(base: str, path: str) -> str:
    parts = urlsplit(base)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{path}", fragment=""))
