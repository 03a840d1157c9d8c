"""Noting what nodes ask of models, tools and other services, and what they are answered, around the ports
that they use. An execution that is played back later can be recorded at the same places and give the noted
answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from watchbill.core.errors import NodeError
from watchbill.core.events import EventData, LlmStarted, NodeFailure, ToolCompleted, ToolFailed, ToolStarted
from watchbill.core.exchange import Exchange
from watchbill.core.json.text import NotExact
from watchbill.core.ports import NodePorts
from watchbill.core.ports.http import HttpAnswer, HttpClient, HttpRequest
from watchbill.core.ports.llm import Emit, LlmAnswer, LlmCall, LlmGateway
from watchbill.engine.stored_exchanges import MAX_BYTES
from watchbill.kit.outbound.charsets import charset_of
from watchbill.nodes.http_request import parsed


def recorded(ports: NodePorts, emit: Emit) -> NodePorts:
    """The ports of one attempt. Model calls are recorded further out (RecordedLlm), where those of crews pass
    too, and calls of tools by their events (ToolCalls)."""
    return replace(ports, http=RecordedHttp(ports.http, emit))


class RecordedLlm:
    """core.ports.LlmGateway around another one: each call is emitted as an exchange when it is over. One that
    is cancelled has no answer and is not noted."""

    def __init__(self, gateway: LlmGateway):
        self._gateway = gateway

    async def complete(self, call: LlmCall, emit: Emit) -> LlmAnswer:
        """See core.ports.LlmGateway."""
        started = time.monotonic()
        call_id: str | None = None

        def heard(data: EventData | Exchange) -> None:
            nonlocal call_id
            # One that asks again after an answer that did not fit has more messages.
            if call_id is None and isinstance(data, LlmStarted) and data.messages == list(call.messages):
                call_id = data.call_id
            emit(data)

        try:
            answer = await self._gateway.complete(call, heard)
        except NodeError as error:
            emit(Exchange("llm", _question(call), None, _failure(error), _since(started), call_id))
            raise
        emit(Exchange("llm", _question(call), _said(answer), None, _since(started), call_id))
        return answer


class RecordedHttp:
    """core.ports.HttpClient of one attempt around another one."""

    def __init__(self, client: HttpClient, emit: Emit):
        self._client = client
        self._emit = emit

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """See core.ports.HttpClient."""
        started = time.monotonic()
        try:
            answer = await self._client.send(request)
        except NodeError as error:
            self._emit(Exchange("http", _sent(request), None, _failure(error), _since(started)))
            raise
        self._emit(Exchange("http", _sent(request), _received(answer), None, _since(started)))
        return answer


class ToolCalls:
    """Makes exchanges of one attempt's tool events, which come from whatever runs the tools."""

    def __init__(self) -> None:
        self._open: dict[str, ToolStarted] = {}

    def exchange(self, data: EventData) -> Exchange | None:
        """The exchange that ends with this event, if one does."""
        if isinstance(data, ToolStarted):
            self._open[data.call_id] = data
            return None
        if not isinstance(data, ToolCompleted | ToolFailed):
            return None
        started = self._open.pop(data.call_id, None)
        request = {
            "tool": data.tool,
            "agent": started.agent if started else None,
            "arguments": started.arguments if started else None,
        }
        if isinstance(data, ToolFailed):
            return Exchange("tool", request, None, data.error, data.duration_ms)
        return Exchange("tool", request, {"output": data.output}, None, data.duration_ms)


def _question(call: LlmCall) -> dict[str, Any]:
    return {
        "model": call.model,
        "provider_id": None if call.provider_id is None else str(call.provider_id),
        "agent": call.agent,
        "messages": call.messages,
        "tools": call.tools,
        "output_schema": call.output_schema,
        "temperature": call.temperature,
        "max_tokens": call.max_tokens,
    }


def _said(answer: LlmAnswer) -> dict[str, Any]:
    calls = [{"id": one.id, "name": one.name, "arguments": one.arguments} for one in answer.tool_calls]
    return {
        "text": answer.text,
        "tool_calls": calls,
        "parsed": answer.parsed,
        "model": answer.model,
        "provider_id": str(answer.provider_id),
        "finish_reason": answer.finish_reason,
        "usage": answer.usage.model_dump(mode="json"),
    }


def _sent(request: HttpRequest) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "headers": request.headers,
        "body": _body(request.headers, request.body or b""),
    }


def _received(answer: HttpAnswer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "reason": answer.reason,
        "url": answer.url,
        "headers": answer.headers,
        "body": _body(answer.headers, answer.body),
    }


def _body(headers: Mapping[str, str], body: bytes) -> Any:
    content_type = headers.get("content-type", "")
    # What is longer is cut anyway, and need not be read twice.
    if len(body) > MAX_BYTES and charset_of(content_type) == "utf-8":
        # Without a character that is cut in two.
        body = body[:MAX_BYTES].decode("utf-8", "ignore").encode() if _is_text(body[:MAX_BYTES]) else body
    body = body[:MAX_BYTES]
    try:
        return parsed(content_type, body)
    except NotExact:
        return parsed(content_type, body, "text")


def _is_text(cut: bytes) -> bool:
    """Whether these are the first bytes of a text in UTF-8."""
    try:
        cut.decode()
    except UnicodeDecodeError as error:
        return error.start > len(cut) - 4
    return True


def _failure(error: NodeError) -> NodeFailure:
    return NodeFailure(kind=error.kind, code=error.error_code, message=error.detail)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
