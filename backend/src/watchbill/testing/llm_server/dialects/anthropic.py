"""Anthropic's messages."""

from __future__ import annotations

import json
from typing import Any

from watchbill.testing.llm_server import protocol
from watchbill.testing.llm_server.calls import Call
from watchbill.testing.llm_server.dialects.base import Event
from watchbill.testing.llm_server.protocol import Answer

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Anthropic:
    """See Dialect."""

    def opening(self, call: Call, answer: Answer) -> list[Event]:
        message: dict[str, Any] = {**self._message(call, answer), "content": [], "stop_reason": None}
        block = {"type": "text", "text": ""}
        start = {"type": "content_block_start", "index": 0, "content_block": block}
        return [
            ("message_start", {"type": "message_start", "message": message}),
            ("content_block_start", start),
            ("ping", {"type": "ping"}),
        ]

    def word(self, call: Call, answer: Answer, text: str) -> Event:
        delta = {"type": "text_delta", "text": text}
        return "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}

    def ending(self, call: Call, answer: Answer, *, finish: bool, usage: bool) -> list[Event]:
        events: list[Event] = [("content_block_stop", {"type": "content_block_stop", "index": 0})]
        for index, (name, arguments) in enumerate(answer.tool_calls, 1):
            events += self._tool(index, name, arguments)
        if finish:
            counts = self._usage(call, answer) if usage else {}
            delta = {"stop_reason": _REASONS.get(answer.reason, answer.reason), "stop_sequence": None}
            events.append(("message_delta", {"type": "message_delta", "delta": delta, "usage": counts}))
        return events

    def done(self) -> list[Event]:
        return [("message_stop", {"type": "message_stop"})]

    def whole(self, call: Call, answer: Answer) -> Any:
        content: list[dict[str, Any]] = [{"type": "text", "text": answer.text}] if answer.text else []
        for index, (name, arguments) in enumerate(answer.tool_calls, 1):
            content.append(
                {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": json.loads(arguments)}
            )
        reason = _REASONS.get(answer.reason, answer.reason)
        return {**self._message(call, answer), "content": content, "stop_reason": reason}

    def error(self, status: int, message: str, code: str | None) -> Any:
        kind = code or _TYPES.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}}

    def _message(self, call: Call, answer: Answer) -> dict[str, Any]:
        fields = {"id": answer.id, "type": "message", "role": "assistant", "model": call.model}
        return {**fields, "stop_sequence": None, "usage": self._usage(call, answer)}

    def _usage(self, call: Call, answer: Answer) -> dict[str, int]:
        counts = protocol.usage_of(call, answer)
        return {"input_tokens": counts["prompt_tokens"], "output_tokens": counts["completion_tokens"]}

    def _tool(self, index: int, name: str, arguments: str) -> list[Event]:
        block: dict[str, Any] = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": arguments}
        return [
            (
                "content_block_start",
                {"type": "content_block_start", "index": index, "content_block": block},
            ),
            ("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}),
            ("content_block_stop", {"type": "content_block_stop", "index": index}),
        ]
