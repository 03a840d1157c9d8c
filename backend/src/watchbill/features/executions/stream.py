"""Live events over server-sent events and over WebSocket: the same events, once each, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, WebSocket, WebSocketDisconnect
from sse_starlette import EventSourceResponse, ServerSentEvent

from watchbill.core.errors import WatchbillError
from watchbill.core.events import Event
from watchbill.features.executions import service
from watchbill.features.executions.backend import ExecutionBackend, backend
from watchbill.features.executions.watch import watch
from watchbill.features.identity.access import Access, database, enter, require
from watchbill.features.identity.identity import Identity
from watchbill.features.identity.recording import recorded

router = APIRouter(tags=["executions"])
HEARTBEAT_SECONDS = 15
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


@router.get(
    "/executions/{execution_id}/stream",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "Server-sent events, each like this; `data` is an Event but for the last.",
            "content": {"text/event-stream": {"schema": _SENT}},
        }
    },
)
async def stream_execution(
    execution_id: UUID,
    request: Request,
    access: Annotated[Access, require("executions:read")],
    parts: Annotated[ExecutionBackend, Depends(backend)],
    after: Annotated[int | None, Query(ge=0, le=_MOST)] = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> EventSourceResponse:
    """Follow an execution. `Last-Event-ID` or `after` says what is known already; an event named `end`
    follows the last one, and one named `refused`, with status, code and detail, the end of one's access."""
    await service.require(access.session, execution_id)
    seen = _position(last_event_id, after)
    blocks = watch(parts.live, parts.history, access.scope, execution_id, after=seen)
    return EventSourceResponse(
        _events(parts.permits.while_let_in(request, access.identity, blocks)),
        ping=HEARTBEAT_SECONDS,
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


def _position(last_event_id: str | None, after: int | None) -> int:
    """A reconnecting browser sends the same URL again, so its Last-Event-ID is the newer word."""
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        return min(int(last_event_id), _MOST)
    return after or 0


async def _events(blocks: AsyncGenerator[list[Event]]) -> AsyncGenerator[ServerSentEvent]:
    try:
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                for event in block:
                    yield ServerSentEvent(event.model_dump_json(), event=event.type, id=str(event.seq))
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
        async with recorded(await database(websocket), websocket) as work:
            access = await enter(websocket, work, "executions:read")
            await service.require(access.session, execution_id)
    except WatchbillError as error:
        await _refuse(websocket, error)
        return
    sending = asyncio.create_task(_send(websocket, access.identity, execution_id, min(max(0, after), _MOST)))
    leaving = asyncio.create_task(_until_left(websocket))
    _, pending = await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if sending in pending:
        return
    try:
        await sending
    except WatchbillError as error:
        await _refuse(websocket, error)
        return
    await websocket.close(_NORMAL)


async def _refuse(websocket: WebSocket, error: WatchbillError) -> None:
    await websocket.close(_REFUSED + error.status - 400, error.title)


async def _send(websocket: WebSocket, identity: Identity, execution_id: UUID, after: int) -> None:
    parts = await backend(websocket)
    watched = watch(parts.live, parts.history, identity.scope, execution_id, after=after)
    blocks = parts.permits.while_let_in(websocket, identity, watched)
    with contextlib.suppress(WebSocketDisconnect):
        async with contextlib.aclosing(blocks):
            async for block in blocks:
                for event in block:
                    await websocket.send_text(event.model_dump_json())


async def _until_left(websocket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()
