"""What is sent to a provider: the request body of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchbill.adapters.litellm import connection
from watchbill.adapters.litellm.candidates import Candidate
from watchbill.core.answers import instruction
from watchbill.core.ports.llm import LlmCall


@dataclass(frozen=True, slots=True)
class Question:
    """The part of an LlmCall that goes to a provider."""

    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    output_schema: Mapping[str, Any] | None = None
    stream: bool = True
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_seconds: float = 120.0

    @staticmethod
    def of(call: LlmCall) -> Question:
        return Question(
            call.messages,
            call.tools,
            call.output_schema,
            call.stream,
            call.temperature,
            call.max_tokens,
            call.timeout_seconds,
        )

    def body(self, candidate: Candidate, *, in_words: bool) -> dict[str, Any]:
        """The request as LiteLLM's keyword arguments."""
        messages = [dict(message) for message in self.messages]
        body: dict[str, Any] = {"model": connection.model_name(candidate.provider, candidate.model)}
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
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        given = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        return body | {"messages": messages} | {k: v for k, v in given.items() if v is not None}
