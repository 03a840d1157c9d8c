"""Live events over server-sent events and over WebSocket: the same events, once each, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, WebSocket, WebSocketDisconnect
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketState

from watchbill.core.errors import TooSlow, WatchbillError
from watchbill.features.executions import service
from watchbill.features.executions.ports import ExecutionPorts, ports_of
from watchbill.features.executions.watching.events import Told, watch
from watchbill.features.identity.access import Access, database, enter, require, take_turn
from watchbill.features.identity.identity import Identity
from watchbill.features.identity.limits.crowds import crowds_of
from watchbill.features.identity.trails import recorded
from watchbill.kit.process.supervision import end
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(tags=["executions"], route_class=BodyRoute)
HEARTBEAT_SECONDS = 15
# Whoever reads nothing for so long is sent no more.
SEND_SECONDS = 60.0
# What one server-sent event is. Before OpenAPI 3.2 a stream has no other way to say what is in it.
_REFUSAL = {
    "type": "object",
    "properties": {
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
    "required": ["status", "code", "detail"],
    "additionalProperties": False,
}
_DATA = {
    "anyOf": [
        {"$ref": "#/components/schemas/Event"},
        {"type": "object", "maxProperties": 0, "title": "End"},
        _REFUSAL,
    ]
}
_SENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "The Event's seq."},
        "event": {"type": "string", "description": "The Event's type, or `end`, or `refused`."},
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": _DATA},
    },
    "required": ["event", "data"],
}
# WebSocket close codes: 1000 is the protocol's; 44xx say an HTTP status.
_NORMAL = 1000
# The largest seq there can be.
_MOST = 2**31 - 1
_REFUSED = 4400


class NotRead(TooSlow):
    """A client does not read the events that are sent to it."""

    title = "The events were not read"


@router.get(
    "/executions/{execution_id}/stream",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "Server-sent events of this form. `data` is an Event, except in the last one.",
            "content": {"text/event-stream": {"schema": _SENT}},
        }
    },
)
async def stream_execution(
    execution_id: UUID,
    request: Request,
    access: Annotated[Access, require("executions:read")],
    ports: Annotated[ExecutionPorts, Depends(ports_of)],
    after: Annotated[int | None, Query(ge=0, le=_MOST)] = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> EventSourceResponse:
    """Follow an execution. `Last-Event-ID` or `after` says which event you saw last. After the last event
    comes one named `end`; when your access ends, one named `refused` with status, code and detail."""
    await service.require(access.session, execution_id)
    seen = _position(last_event_id, after)
    blocks = watch(ports.live, ports.history, access.scope, execution_id, after=seen)
    return _CountedStream(
        (await crowds_of(request)).streams.place(access.identity),
        _events(ports.watch_access.while_let_in(request, access.identity, blocks)),
        ping=HEARTBEAT_SECONDS,
        send_timeout=SEND_SECONDS,
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


class _CountedStream(EventSourceResponse):
    """A stream that takes its place before it begins, and leaves it however it ends."""

    def __init__(self, place: AbstractContextManager[None], *parts: Any, **options: Any):
        super().__init__(*parts, **options)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place, contextlib.suppress(SendTimeoutError):
            await super().__call__(scope, receive, send)


def _position(last_event_id: str | None, after: int | None) -> int:
    """A reconnecting browser sends the same URL again, so its Last-Event-ID is the newer word."""
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        return min(int(last_event_id), _MOST)
    return after or 0


async def _events(blocks: AsyncGenerator[list[Told]]) -> AsyncGenerator[ServerSentEvent]:
    try:
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                for event in block:
                    yield ServerSentEvent(event.text, event=event.type, id=str(event.seq))
    except WatchbillError as error:
        said = {"status": error.status, "code": error.error_code, "detail": error.detail}
        yield ServerSentEvent(orjson.dumps(said).decode(), event="refused")
        return
    yield ServerSentEvent("{}", event="end")


@router.websocket("/ws/executions/{execution_id}")
async def watch_execution(websocket: WebSocket, execution_id: UUID, after: int = 0) -> None:
    """The same events as JSON text frames; the socket closes with 1000 after the last one, and with 44xx, an
    HTTP status, when one is not let in or not any more."""
    await websocket.accept()
    try:
        await take_turn(websocket)
        async with recorded(await database(websocket), websocket) as work:
            access = await enter(websocket, work, "executions:read")
            await service.require(access.session, execution_id)
        with (await crowds_of(websocket)).streams.place(access.identity):
            await _follow(websocket, access.identity, execution_id, min(max(0, after), _MOST))
    except WatchbillError as error:
        await _refuse(websocket, error)


async def _follow(websocket: WebSocket, identity: Identity, execution_id: UUID, after: int) -> None:
    """Send until the end or until whoever watches has left.

    Raises:
        NotRead: they do not read what is sent.
        WatchbillError: they are not let in any more.
    """
    sending = asyncio.create_task(_send(websocket, identity, execution_id, after))
    leaving = asyncio.create_task(_until_left(websocket))
    watching: set[asyncio.Task[Any]] = {sending, leaving}
    _, pending = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
    await end(pending)
    if sending in pending:
        return
    if not await sending:
        raise NotRead
    await _close(websocket, _NORMAL)


async def _refuse(websocket: WebSocket, error: WatchbillError) -> None:
    await _close(websocket, _REFUSED + error.status - 400, error.title)


async def _close(websocket: WebSocket, code: int, reason: str | None = None) -> None:
    """Say why it is over, to a client that reads it. The server sends this after everything before it, so
    whoever reads nothing is waited for no longer than an event is; the server then ends the connection."""
    if websocket.application_state is WebSocketState.DISCONNECTED:
        return
    with contextlib.suppress(TimeoutError, WebSocketDisconnect):
        async with asyncio.timeout(SEND_SECONDS):
            await websocket.close(code, reason)


async def _send(websocket: WebSocket, identity: Identity, execution_id: UUID, after: int) -> bool:
    """Send every event; False when whoever watches does not read them. What is on its way to them is bounded
    by the server's buffer, which `send_text` waits for."""
    ports = await ports_of(websocket)
    watched = watch(ports.live, ports.history, identity.scope, execution_id, after=after)
    blocks = ports.watch_access.while_let_in(websocket, identity, watched)
    with contextlib.suppress(WebSocketDisconnect):
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                for event in block:
                    try:
                        async with asyncio.timeout(SEND_SECONDS):
                            await websocket.send_text(event.text)
                    except TimeoutError:
                        return False
    return True


async def _until_left(websocket: WebSocket) -> None:
    """Whatever a watcher says is not listened to."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
