"""OpenAI's chat completions, also as Azure, vLLM and Ollama speak them."""

from __future__ import annotations

from typing import Any

from watchbill.testing.llm_server import protocol
from watchbill.testing.llm_server.calls import Call
from watchbill.testing.llm_server.dialects.base import Event
from watchbill.testing.llm_server.protocol import Answer


class Chat:
    """See Dialect."""

    def opening(self, call: Call, answer: Answer) -> list[Event]:
        return [("", protocol.chunk(call, answer, {"role": "assistant", "content": ""}))]

    def word(self, call: Call, answer: Answer, text: str) -> Event:
        return "", protocol.chunk(call, answer, {"content": text})

    def ending(self, call: Call, answer: Answer, *, finish: bool, usage: bool) -> list[Event]:
        deltas = protocol.tool_deltas(answer)
        if answer.refusal:
            deltas.append({"refusal": answer.refusal})
        events: list[Event] = [("", protocol.chunk(call, answer, delta)) for delta in deltas]
        if finish:
            events.append(("", protocol.chunk(call, answer, {}, answer.reason)))
        return [*events, ("", protocol.usage_chunk(call, answer))] if usage else events

    def done(self) -> list[Event]:
        return [("", "[DONE]")]

    def whole(self, call: Call, answer: Answer) -> Any:
        return protocol.whole(call, answer)

    def error(self, status: int, message: str, code: str | None) -> Any:
        return protocol.error_body(status, message, code)
