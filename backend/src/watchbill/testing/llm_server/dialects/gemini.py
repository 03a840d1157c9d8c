"""Google's generateContent."""

from __future__ import annotations

import json
from typing import Any

from watchbill.testing.llm_server import protocol
from watchbill.testing.llm_server.calls import Call
from watchbill.testing.llm_server.dialects.base import Event
from watchbill.testing.llm_server.protocol import Answer

_REASONS = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


class Gemini:
    """See Dialect."""

    def opening(self, call: Call, answer: Answer) -> list[Event]:
        return []

    def word(self, call: Call, answer: Answer, text: str) -> Event:
        return "", self._candidate(call, [{"text": text}])

    def ending(self, call: Call, answer: Answer, *, finish: bool, usage: bool) -> list[Event]:
        events: list[Event] = [("", self._candidate(call, [part])) for part in self._tools(answer)]
        if finish:
            last = self._candidate(call, [{"text": ""}], _REASONS.get(answer.reason, answer.reason))
            events.append(("", last | (self._usage(call, answer) if usage else {})))
        return events

    def done(self) -> list[Event]:
        return []

    def whole(self, call: Call, answer: Answer) -> Any:
        parts: list[dict[str, Any]] = [{"text": answer.text}] if answer.text else []
        reason = _REASONS.get(answer.reason, answer.reason)
        return self._candidate(call, parts + self._tools(answer), reason) | self._usage(call, answer)

    def error(self, status: int, message: str, code: str | None) -> Any:
        named = code or _STATUSES.get(status, "INTERNAL")
        return {"error": {"code": status, "message": message, "status": named}}

    def _candidate(
        self, call: Call, parts: list[dict[str, Any]], reason: str | None = None
    ) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
        finish = {"finishReason": reason} if reason else {}
        return {"candidates": [candidate | finish], "modelVersion": call.model}

    def _tools(self, answer: Answer) -> list[dict[str, Any]]:
        return [
            {"functionCall": {"name": name, "args": json.loads(text)}} for name, text in answer.tool_calls
        ]

    def _usage(self, call: Call, answer: Answer) -> dict[str, Any]:
        counts = protocol.usage_of(call, answer)
        return {
            "usageMetadata": {
                "promptTokenCount": counts["prompt_tokens"],
                "candidatesTokenCount": counts["completion_tokens"],
                "totalTokenCount": counts["total_tokens"],
            }
        }
