"""The one exit for model calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from watchbill.core.events import EventData
from watchbill.core.exchange import Exchange
from watchbill.core.tenancy import TenantScope
from watchbill.core.usage import Usage

# Called on the engine's event loop only; it enqueues and returns at once.
Emit = Callable[[EventData | Exchange], None]


Prices = tuple[Decimal, Decimal] | tuple[Decimal, Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Provider:
    """A tenant's LLM provider, its key decrypted. Never log or serialise it; repr hides the key.

    `prices` maps a model to (input, output) US dollars per million tokens, with that of cached input as a
    third where it is known, and wins over known prices.
    """

    id: UUID
    name: str
    provider_type: str  # openai, openai_compatible, anthropic, azure, gemini, bedrock, ollama, vllm, demo
    base_url: str | None
    api_key: str | None = field(repr=False)
    models: tuple[str, ...]
    priority: int
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    prices: Mapping[str, Prices] = field(default_factory=dict[str, Prices])


class ProviderDirectory(Protocol):
    """Active providers of a tenant, lowest priority number first."""

    async def providers(self, scope: TenantScope) -> Sequence[Provider]: ...


@dataclass(frozen=True, slots=True)
class LlmCall:
    """One question to a model.

    `messages` and `tools` are in OpenAI's chat format. A missing model means the first model of the chosen
    provider; a missing provider means the first active one (that offers the model, when one is named).
    `output_schema` is a JSON Schema the answer must satisfy. Seconds until the first of an answer, of silence
    in its middle, and in all (`timeout_seconds`) are the provider's or the usual ones where they are None.
    """

    scope: TenantScope
    execution_id: UUID
    node_id: str
    messages: Sequence[Mapping[str, Any]]
    model: str | None = None
    provider_id: UUID | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    output_schema: Mapping[str, Any] | None = None
    stream: bool = True
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_seconds: float | None = None
    agent: str | None = None
    first_token_seconds: float | None = None
    silence_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants called; `arguments` is the JSON text it wrote."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class LlmAnswer:
    """What the model said. `parsed` is the JSON value when an output schema was given. `finish_reason` is in
    OpenAI's words (stop, length, tool_calls), or the server's own where it has no such meaning."""

    text: str
    model: str
    provider_id: UUID
    usage: Usage
    tool_calls: tuple[ToolCall, ...] = ()
    parsed: Any = None
    finish_reason: str | None = None


class LlmGateway(Protocol):
    """Sends calls to providers, emits llm_* events, and counts usage."""

    async def complete(self, call: LlmCall, emit: Emit) -> LlmAnswer:
        """Ask and wait. Cancelling the awaiting task closes the provider's connection.

        Raises:
            NodeError: user (unknown model, no provider, refused key), upstream (429, 5xx, connection,
                broken stream, an answer that breaks the schema), timeout, or limit (an answer that is too
                large, or cut off at the token limit where a part of it is of no use).
        """
        ...
