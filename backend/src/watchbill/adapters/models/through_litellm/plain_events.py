"""Answers of Anthropic, Gemini and Bedrock in the one shape that LiteLLM reads, or what is wrong with them in
our words: LiteLLM drops some of what it cannot read, and fails in Python's words over the rest."""

from __future__ import annotations

import json
from typing import Any, cast

from watchbill.adapters.openai_chat import BrokenOff, Refused, Said, said

_Json = dict[str, Any]
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
# What is read of a candidate; the rest says where an answer comes from, in shapes that change.
_CANDIDATE = ("content", "finishReason", "index")
_BLOCKED = 400


def plain(value: _Json) -> _Json:
    """An event, or a whole answer, with all that the answer is made of.

    Raises:
        BrokenOff: a part of the answer cannot be read.
        Refused: a filter let no answer through.
    """
    if isinstance(value.get("content"), list):
        return _message(value)
    if isinstance(value.get("type"), str):
        return _anthropic(value)
    return _gemini(value) if value.keys() & {"candidates", "promptFeedback", "usageMetadata"} else value


def passes(name: str, payload: bytes) -> bool:
    """Whether LiteLLM gets a frame of Bedrock's Converse: all but counts of tokens that are none.

    Raises:
        BrokenOff: a part of the answer cannot be read.
    """
    if name not in ("contentBlockDelta", "metadata"):
        return True
    try:
        value: Any = json.loads(payload)
    except (ValueError, RecursionError):
        value = payload.decode("utf-8", "replace")
    frame: _Json = cast("_Json", value) if isinstance(value, dict) else {}
    if name == "metadata":
        usage: Any = frame.get("usage")
        counts = cast("_Json", usage) if isinstance(usage, dict) else {}
        return all(_is_count(counts.get(each)) for each in ("inputTokens", "outputTokens", "totalTokens"))
    delta: Any = frame.get("delta")
    if not isinstance(delta, dict) or type(frame.get("contentBlockIndex")) is not int:
        raise unreadable(value)
    if not isinstance(cast("_Json", delta).get("text"), str | None):
        raise unreadable(value)
    return True


def unreadable(value: Any) -> BrokenOff:
    """What is said of a piece of an answer that cannot be read."""
    text = value if isinstance(value, str) else said.dumped(value)
    return BrokenOff(f"A part of it cannot be read: {said.in_short(text)}")


def _anthropic(event: _Json) -> _Json:
    kind = event["type"]
    if kind == "message_start":
        message: Any = event.get("message") or {}
        if not isinstance(message, dict):
            raise unreadable(event)
        return {**event, "message": _counted(cast("_Json", message), "usage")}
    if kind == "message_delta":
        return _counted({**event, "delta": _object(event.get("delta"), event)}, "usage")
    if kind == "content_block_start":
        return {**event, "content_block": _block(event.get("content_block"), event)}
    if kind == "content_block_delta":
        delta = event.get("delta")
        if not isinstance(delta, dict):
            raise unreadable(event)
        _texts(cast("_Json", delta), event)
    return event


def _message(message: _Json) -> _Json:
    blocks = cast("list[Any]", message["content"])
    return _counted({**message, "content": [_block(each, message) for each in blocks]}, "usage")


def _block(block: Any, event: _Json) -> _Json:
    if not isinstance(block, dict):
        raise unreadable(event)
    found = cast("_Json", block)
    for name in ("text", "thinking"):
        if not isinstance(found.get(name), str | None):
            raise unreadable(event)
    return found


def _texts(delta: _Json, event: _Json) -> None:
    """See that what a delta adds is a text."""
    name = _DELTAS.get(str(delta.get("type")))
    if name is not None and not isinstance(delta.get(name), str | None):
        raise unreadable(event)


def _gemini(event: _Json) -> _Json:
    feedback: Any = event.get("promptFeedback")
    if isinstance(feedback, dict) and (reason := cast("_Json", feedback).get("blockReason")):
        text = f"the prompt was blocked: {said.in_short(str(reason))}"
        raise Refused(_BLOCKED, Said(text, ("content_filter",)), within=True)
    candidates: Any = event.get("candidates")
    if candidates is None:
        return _counted({**event, "candidates": []}, "usageMetadata")
    if not isinstance(candidates, list):
        raise unreadable(event)
    items = cast("list[Any]", candidates)
    read = [_candidate(each, event) for each in items if each is not None]
    return _counted({**event, "candidates": read}, "usageMetadata")


def _candidate(candidate: Any, event: _Json) -> _Json:
    found = {name: value for name, value in _object(candidate, event).items() if name in _CANDIDATE}
    content = _object(found.pop("content", None), event)
    parts: Any = content.get("parts") or []
    if not isinstance(parts, list):
        raise unreadable(event)
    items = cast("list[Any]", parts)
    return {
        **found,
        "content": {**content, "parts": [_part(each, event) for each in items if each is not None]},
    }


def _part(part: Any, event: _Json) -> _Json:
    found = {name: value for name, value in _object(part, event).items() if value is not None}
    if not isinstance(found.get("text"), str | None):
        raise unreadable(event)
    if "functionCall" in found:
        call = _object(found["functionCall"], event)
        if not isinstance(call.get("name"), str):
            raise unreadable(event)
        # A tool that takes nothing is called without arguments.
        found["functionCall"] = {**call, "args": _object(call.get("args"), event)}
    return found


def _object(value: Any, event: _Json) -> _Json:
    """An object; an empty one where there is nothing.

    Raises:
        BrokenOff: something else stands there.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unreadable(event)
    return cast("_Json", value)


def _counted(body: _Json, name: str) -> _Json:
    """The body with those counts of tokens that are counts, and their parts; an answer is good without."""
    if name not in body:
        return body
    usage: Any = body[name]
    counts = cast("_Json", usage) if isinstance(usage, dict) else {}
    return {**body, name: {key: value for key, value in counts.items() if _is_count(value)}}


def _is_count(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_count, cast("_Json", value).values()))
    if isinstance(value, list):
        return all(
            isinstance(each, dict) and _is_detail(cast("_Json", each)) for each in cast("list[Any]", value)
        )
    return type(value) is int and value >= 0


def _is_detail(detail: _Json) -> bool:
    """Whether these are the tokens of one kind, as Gemini tells them."""
    return isinstance(detail.get("modality"), str) and _is_count(detail.get("tokenCount"))
