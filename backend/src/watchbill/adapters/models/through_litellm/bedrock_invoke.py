"""Answers of Bedrock's InvokeModel: each family of models has JSON of its own, which a stream carries in
Base64 in `chunk` events. Read far enough to know what is an answer, and how it ends."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from watchbill.adapters.openai_chat import BrokenOff

# Where the parts of an answer stand in a list: Mistral, Cohere, Titan, AI21, and OpenAI's format.
_PARTS = ("outputs", "generations", "results", "completions", "choices")
_REASONS = ("stop_reason", "stopReason", "finish_reason", "finishReason", "completionReason")
_TEXTS = ("generation", "text", "completion", "outputText")


def held(payload: bytes) -> dict[str, Any] | None:
    """The value in the payload of a `chunk` event; None when nothing is in it.

    Raises:
        BrokenOff: it cannot be read.
    """
    try:
        event: Any = json.loads(payload)
        data: Any = event.get("bytes") or ""
        inner = base64.b64decode(data, validate=True)
        value: Any = json.loads(inner) if inner else None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BrokenOff("The stream is damaged: a chunk cannot be read") from error
    if inner and not isinstance(value, dict):
        raise BrokenOff("The stream is damaged: a chunk is not a JSON object")
    return cast("dict[str, Any]", value)


def stop_reason(value: dict[str, Any]) -> str | None:
    """Why an answer ends with this value, a piece or a whole one; None where it goes on."""
    for place in (value, value.get("delta"), value.get("messageStop"), *_parts(value)):
        for name in _REASONS if isinstance(place, dict) else ():
            reason: Any = cast("dict[str, Any]", place).get(name)
            if isinstance(reason, dict):
                reason = cast("dict[str, Any]", reason).get("reason")
            if isinstance(reason, str) and reason:
                return reason
    return None


def is_answer(value: Any) -> bool:
    """Whether a whole body is an answer."""
    if not isinstance(value, dict):
        return False
    answer = cast("dict[str, Any]", value)
    return any(isinstance(answer.get(name), str) for name in _TEXTS) or bool(_parts(answer))


def _parts(value: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in _PARTS:
        parts = value.get(name)
        for part in cast("list[Any]", parts) if isinstance(parts, list) else ():
            if isinstance(part, dict):
                found.append(cast("dict[str, Any]", part))
    return found
