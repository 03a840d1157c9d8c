"""Answers that a server gave whole although a stream was asked for, as the events that LiteLLM waits for."""

from __future__ import annotations

import json
from typing import Any, cast


def as_events(value: Any) -> list[str]:
    """The data of the events; none for what is no answer of Anthropic's or Gemini's."""
    if _is_gemini(value):
        return [json.dumps(value)]
    return _of_message(cast("dict[str, Any]", value)) if _is_message(value) else []


def is_answer(value: Any) -> bool:
    """Whether the value is an answer of Anthropic, Gemini or Bedrock."""
    return _is_bedrock(value) or bool(as_events(value))


def _is_bedrock(value: Any) -> bool:
    output = cast("dict[str, Any]", value).get("output") if isinstance(value, dict) else None
    return isinstance(output, dict) and isinstance(cast("dict[str, Any]", output).get("message"), dict)


def _is_gemini(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(cast("dict[str, Any]", value).get("candidates"), list)


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(cast("dict[str, Any]", value).get("content"), list)


def _of_message(message: dict[str, Any]) -> list[str]:
    """Anthropic's message as the stream it would have been."""
    start: dict[str, Any] = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(message["content"]):
        events += _of_block(index, block)
    delta = {"stop_reason": message.get("stop_reason"), "stop_sequence": message.get("stop_sequence")}
    events.append({"type": "message_delta", "delta": delta, "usage": message.get("usage") or {}})
    return [json.dumps(event) for event in (*events, {"type": "message_stop"})]


def _of_block(index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    delta: dict[str, Any]
    if block.get("type") == "tool_use":
        begin: dict[str, Any] = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block.get("input") or {})}
    elif block.get("type") == "thinking":
        begin = {**block, "thinking": ""}
        delta = {"type": "thinking_delta", "thinking": block.get("thinking") or ""}
    else:
        begin = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": block.get("text") or ""}
    return [
        {"type": "content_block_start", "index": index, "content_block": begin},
        {"type": "content_block_delta", "index": index, "delta": delta},
        {"type": "content_block_stop", "index": index},
    ]
