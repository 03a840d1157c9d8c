"""What is sent to a provider: the request body of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from watchbill.adapters.models import connection
from watchbill.adapters.models.patience import TimeLimits
from watchbill.adapters.models.refused_parameters import Habit
from watchbill.core.answers import instruction
from watchbill.core.candidates import Candidate
from watchbill.core.ports.llm import LlmCall, Provider

# OpenAI's own newer models refuse the older name of the limit; other servers know only that one.
_NEW_TOKEN_LIMIT = frozenset({"openai"})


@dataclass(frozen=True, slots=True)
class Question:
    """The part of an LlmCall that goes to a provider."""

    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    output_schema: Mapping[str, Any] | None = None
    stream: bool = True
    temperature: float | None = None
    max_tokens: int | None = None

    @staticmethod
    def of(call: LlmCall) -> Question:
        return Question(
            call.messages,
            call.tools,
            call.output_schema,
            call.stream,
            call.temperature,
            call.max_tokens,
        )

    def body(self, candidate: Candidate, habits: Set[Habit] = frozenset()) -> dict[str, Any]:
        """The request in OpenAI's format, put as the provider takes it."""
        messages = [dict(message) for message in self.messages]
        body: dict[str, Any] = {"model": candidate.model}
        in_words = "schema_in_words" in habits
        if self.output_schema is not None:
            told = instruction(self.output_schema)
            native = connection.follows_schema(candidate.provider) and not in_words
            if not native and told not in str(messages[-1].get("content")):
                messages.append({"role": "user", "content": told})
            if not in_words:
                form = {"name": "answer", "schema": dict(self.output_schema), "strict": False}
                body["response_format"] = {"type": "json_schema", "json_schema": form}
        if self.tools:
            body["tools"] = [dict(tool) for tool in self.tools]
        if self.stream:
            body["stream"] = True
            if "no_stream_options" not in habits:
                body["stream_options"] = {"include_usage": True}
        if self.temperature is not None:
            body["temperature"] = self.temperature
        if self.max_tokens is not None:
            body[_token_limit(candidate.provider, habits)] = self.max_tokens
        return body | {"messages": messages}


def _token_limit(provider: Provider, habits: Set[Habit]) -> str:
    new = (provider.provider_type in _NEW_TOKEN_LIMIT) != ("other_token_limit" in habits)
    return "max_completion_tokens" if new else "max_tokens"


def time_limits(call: LlmCall, provider: Provider, usual: TimeLimits) -> TimeLimits:
    """The limits of a call: its own, else the provider's, else the usual ones."""

    def chosen(own: float | None, name: str, fallback: float) -> float:
        given = own if own is not None else provider.config.get(name)
        return fallback if given is None else float(given)

    return TimeLimits(
        first_token=chosen(call.first_token_seconds, "first_token_seconds", usual.first_token),
        silence=chosen(call.silence_seconds, "silence_seconds", usual.silence),
        total=chosen(call.timeout_seconds, "timeout_seconds", usual.total),
    )
