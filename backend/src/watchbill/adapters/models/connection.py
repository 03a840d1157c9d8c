"""What a provider needs, and what LiteLLM is told to reach one: model name, address and key.

A key and an address are always given explicitly: LiteLLM would otherwise take those of the worker's own
environment, and one tenant's calls would run on somebody else's account.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.llm import Provider

_PREFIXES = {
    "openai": "openai",
    "openai_compatible": "openai",
    "demo": "openai",
    "vllm": "hosted_vllm",
    "ollama": "ollama_chat",
    "anthropic": "anthropic",
    "azure": "azure",
    "gemini": "gemini",
    "bedrock": "bedrock",
}
_ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
_NEED_KEY = frozenset({"openai", "anthropic", "azure", "gemini", "bedrock"})
_NEED_ADDRESS = frozenset({"openai_compatible", "demo", "vllm", "azure"})
_NATIVE_SCHEMA = frozenset({"openai", "azure", "anthropic", "gemini", "vllm", "ollama", "demo"})
# The settings a tenant may add; anything else in `config` never reaches LiteLLM.
_SETTINGS = {
    "openai": ("organization",),
    "azure": ("api_version",),
    "bedrock": ("aws_region_name", "aws_access_key_id", "aws_session_token"),
}


def model_name(provider: Provider, model: str) -> str:
    """LiteLLM's name for a provider's model, `openai/gpt-x` for example."""
    return f"{_prefix(provider)}/{model}"


def arguments(provider: Provider) -> dict[str, Any]:
    """Address, key and settings as LiteLLM's keyword arguments.

    Raises:
        NodeError: of kind user: unknown type, or a key or address is missing.
    """
    kind = provider.provider_type
    check(provider)
    base = address(provider)
    chosen = {name: provider.config[name] for name in _SETTINGS.get(kind, ()) if provider.config.get(name)}
    if kind == "bedrock":
        if not {"aws_region_name", "aws_access_key_id"} <= chosen.keys():
            raise _wrong(provider, "provider_settings_missing", "needs aws_region_name and aws_access_key_id")
        # Both names of the address: LiteLLM takes what is missing from the worker's environment.
        base = base or _bedrock_address(provider, str(chosen["aws_region_name"]))
        where = {"api_base": base, "aws_bedrock_runtime_endpoint": base}
        return {**chosen, "aws_secret_access_key": provider.api_key, **where}
    return {**chosen, "api_key": provider.api_key or "none", **({"api_base": base} if base else {})}


def _bedrock_address(provider: Provider, region: str) -> str:
    if not _REGION.fullmatch(region):
        raise _wrong(provider, "provider_settings_wrong", "needs a region such as eu-west-1")
    return f"https://bedrock-runtime.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def check(provider: Provider) -> None:
    """Whether the type is known, and what it needs is there.

    Raises:
        NodeError: of kind user: it is not.
    """
    kind = provider.provider_type
    _prefix(provider)
    if kind in _NEED_KEY and not provider.api_key:
        raise _wrong(provider, "provider_key_missing", "has no API key; enter one under Models")
    if not (provider.api_key or "").isprintable():
        raise _wrong(provider, "provider_key_wrong", "has a key with a character that cannot be sent")
    if kind in _NEED_ADDRESS and not address(provider):
        raise _wrong(provider, "provider_address_missing", "has no base URL; enter one under Models")
    if address(provider) and not _is_address(address(provider)):
        told = "has a base URL that cannot be read; write one that begins with http:// or https://"
        raise _wrong(provider, "provider_address_wrong", told)


def address(provider: Provider) -> str:
    """The provider's address, the usual one of its type if none was entered; empty where there is none."""
    return provider.base_url or _ADDRESSES.get(provider.provider_type, "")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # Reading the port is what checks it.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def follows_schema(provider: Provider) -> bool:
    """Whether the provider itself keeps answers to a JSON Schema; others are also told in words."""
    return provider.provider_type in _NATIVE_SCHEMA


def secrets(provider: Provider) -> tuple[str, ...]:
    """Texts that must not appear in any message."""
    values = (provider.api_key, *(v for k, v in provider.config.items() if "key" in k or "token" in k))
    return tuple(str(value) for value in values if value and len(str(value)) >= 4)


def _prefix(provider: Provider) -> str:
    try:
        return _PREFIXES[provider.provider_type]
    except KeyError:
        raise _wrong(
            provider, "unknown_provider_type", f"has the unknown type {provider.provider_type!r}"
        ) from None


def _wrong(provider: Provider, code: str, what: str) -> NodeError:
    return NodeError(ErrorKind.USER, f"The LLM provider '{provider.name}' {what}.", code=code)
