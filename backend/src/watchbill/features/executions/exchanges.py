"""Reading what the nodes of an execution exchanged with models, tools and other services."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from watchbill.core.ports.documents import Document
from watchbill.core.tenancy import TenantScope
from watchbill.engine.stored_exchanges import Messages, messages_of
from watchbill.features.executions.history import PAGE_BYTES, READ_BYTES, History, Read
from watchbill.features.executions.schemas import ExchangeOut, ExchangePage

NodePath = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[a-z0-9_.\[\]]+$")]
# An exchange as it is stored, and where its messages are.
_Part = list[tuple[Document, Messages | None]]


async def page(
    history: History,
    scope: TenantScope,
    execution_id: UUID,
    *,
    nodes: Sequence[str],
    after: int,
    limit: int,
    read: Read,
) -> ExchangePage:
    """Exchanges of these nodes (of all when none is named) with seq > after, and where to go on: a page ends
    where it has megabytes, too. Messages of models are put where they were asked. They stay null when the
    event that has them is gone, and `cut` tells so."""
    found, more = await history.exchanges(
        scope, execution_id, nodes=nodes, after=after, limit=limit, read=read
    )
    items: list[ExchangeOut] = []
    size = 0
    for part in _parts(found):
        wanted = sum(messages.size for _, messages in part if messages)
        size += wanted + sum(document.size for document, _ in part)
        if items and size > PAGE_BYTES:
            more = True
            break
        read(wanted)
        said = await _said(history, scope, execution_id, part)
        for document, messages in part:
            items.append(_told(document, messages, said))
            await asyncio.sleep(0)
    return ExchangePage(items=items, next_after=items[-1].seq if more and items else None)


def _parts(exchanges: Iterable[Document]) -> Iterator[_Part]:
    """Exchanges whose messages are read at a time."""
    part: _Part = []
    size = 0
    for document in exchanges:
        messages = messages_of(document.body)
        more = document.size + (messages.size if messages else 0)
        if part and size + more > READ_BYTES:
            yield part
            part, size = [], 0
        part.append((document, messages))
        size += more
    if part:
        yield part


async def _said(history: History, scope: TenantScope, execution_id: UUID, part: _Part) -> dict[Any, Any]:
    """Messages by the number and call_id of their event."""
    seqs = [messages.seq for _, messages in part if messages]
    events = await history.picked(scope, execution_id, seqs) if seqs else []
    return {(event.seq, event.data.get("call_id")): event.data.get("messages") for event in events}


def _told(document: Document, messages: Messages | None, said: dict[Any, Any]) -> ExchangeOut:
    body = document.body
    told = {**body, "seq": document.seq, "node_id": body["type"], "timestamp": document.created_at}
    if messages is not None:
        there = said.get((messages.seq, messages.call_id))
        told["request"] = {**body["request"], "messages": there}
        told["cut"] = body["cut"] or there is None
    return ExchangeOut.model_validate(told)
