"""OpenAI's chat completion format: reading requests, writing answers and stream chunks."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any, cast

from watchbill.testing.llm_server.calls import Call


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says. `usage` tells whether token counts go with it."""

    text: str | None = None
    tool_calls: tuple[tuple[str, str], ...] = ()  # (name, JSON arguments)
    refusal: str | None = None
    finish_reason: str | None = None
    usage: bool = True
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def reason(self) -> str:
        """The finish reason: the given one, or what follows from the content."""
        return self.finish_reason or ("tool_calls" if self.tool_calls else "stop")


def read_call(body: dict[str, Any], authorization: str | None) -> Call:
    """A logged call from a request body.

    Raises:
        ValueError: model or messages are missing or of the wrong type.
    """
    messages: Any = body.get("messages")
    if not isinstance(body.get("model"), str) or not isinstance(messages, list) or not messages:
        raise ValueError("A request needs a model name and a list of messages.")
    said = cast("list[dict[str, Any]]", messages)
    tools: list[dict[str, Any]] = body.get("tools") or []
    key = (authorization or "").removeprefix("Bearer ").strip()
    return Call(
        number=0,
        model=body["model"],
        messages=[{**message, "content": _text(message.get("content"))} for message in said],
        stream=bool(body.get("stream")),
        tools=[tool["function"]["name"] for tool in tools],
        offered=tools,
        response_format=body.get("response_format"),
        fields=sorted(body),
        key_hint=key[-4:] or None,
    )


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in cast("list[dict[str, Any]]", content))
    return "" if content is None else str(content)


def tokens(text: str) -> int:
    """A rough token count: one for every four characters, at least one for any text."""
    return (len(text) + 3) // 4


def usage_of(call: Call, answer: Answer) -> dict[str, int]:
    """Token counts of the question and the answer."""
    written = (answer.text or answer.refusal or "") + "".join(a + b for a, b in answer.tool_calls)
    asked, said = tokens(call.prompt) + 4 * len(call.messages), tokens(written)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def whole(call: Call, answer: Answer) -> dict[str, Any]:
    """The answer to a request without streaming."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": answer.refusal}
    if answer.tool_calls:
        message["tool_calls"] = [_tool(i, *tool) for i, tool in enumerate(answer.tool_calls)]
    body = {
        "id": answer.id,
        "object": "chat.completion",
        "created": answer.created,
        "model": call.model,
        "choices": [{"index": 0, "message": message, "finish_reason": answer.reason}],
    }
    return body | ({"usage": usage_of(call, answer)} if answer.usage else {})


def _tool(index: int, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": f"call_{uuid.uuid4().hex[:12]}", "type": "function", "function": function}


def chunk(call: Call, answer: Answer, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    """The data of one event of a streamed answer."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _event(call, answer, choices=[choice])


def usage_chunk(call: Call, answer: Answer) -> dict[str, Any]:
    """The last event before the end, sent when stream_options.include_usage asks for it."""
    return _event(call, answer, choices=[], usage=usage_of(call, answer))


def tool_deltas(answer: Answer) -> list[dict[str, Any]]:
    """The deltas that carry the tool calls, one each."""
    return [{"tool_calls": [_tool(i, *tool)]} for i, tool in enumerate(answer.tool_calls)]


def _event(call: Call, answer: Answer, **parts: Any) -> dict[str, Any]:
    kind = {"object": "chat.completion.chunk", "created": answer.created, "model": call.model}
    return {"id": answer.id, **kind, **parts}


def error_body(status: int, message: str, code: str | None) -> dict[str, Any]:
    """OpenAI's error format."""
    return {"error": {"message": message, "type": f"error_{status}", "param": None, "code": code}}
