"""SQL of the journal: events of executions, and snapshots of long ones. The session's transaction sees one
tenant."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Text, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.events import FINAL_TYPES, Event
from watchbill.core.execution.snapshot import MOST_CHARACTERS, unpacked
from watchbill.core.json.parts import read_texts
from watchbill.features.executions.tables import ExecutionEvent, ExecutionSnapshot

# Events that are read or folded at a time: some milliseconds.
PART = 500
_FIRST_PART = 64
_PART_BYTES = 1024 * 1024
_COLUMNS = (
    ExecutionEvent.execution_id,
    ExecutionEvent.seq,
    ExecutionEvent.type,
    ExecutionEvent.node_id,
    ExecutionEvent.timestamp,
    cast(ExecutionEvent.data, Text),
)


def row_of(event: Event) -> dict[str, Any]:
    """The event as its row has it, beside the execution."""
    return {
        "seq": event.seq,
        "type": event.type,
        "node_id": event.node_id,
        "timestamp": event.timestamp,
        "data": event.data,
    }


def add_events(session: AsyncSession, events: Sequence[Event]) -> None:
    """Store events of the journal."""
    session.add_all(ExecutionEvent(execution_id=event.execution_id, **row_of(event)) for event in events)


async def write_events(session: AsyncSession, events: Sequence[Event]) -> None:
    """Store them at once, and hold none of them afterwards."""
    rows = [{"execution_id": event.execution_id, **row_of(event)} for event in events]
    await session.execute(insert(ExecutionEvent), rows)


async def events(session: AsyncSession, execution_id: UUID, after: int, limit: int) -> list[Event]:
    """Events of the journal with seq > after. Long journals are read in parts, so that other requests have
    their turns in between."""
    return [event async for part, _ in parts(session, execution_id, after, limit) for event in part]


async def parts(
    session: AsyncSession, execution_id: UUID, after: int, limit: int
) -> AsyncGenerator[tuple[list[Event], int]]:
    """The same part by part, each with its bytes: at most PART events, and fewer where events are large."""
    size = _FIRST_PART
    while limit > 0:
        size = min(size, limit)
        part, read = await _part(session, execution_id, after, size)
        if part:
            yield part, read
        if len(part) < size:
            return
        after, limit = part[-1].seq, limit - size
        # As many as had about a megabyte, but no more than twice as many: the next ones may be larger.
        size = max(1, min(PART, 2 * size, size * _PART_BYTES // max(read, 1)))


async def _part(session: AsyncSession, execution_id: UUID, after: int, size: int) -> tuple[list[Event], int]:
    table = ExecutionEvent
    some = select(*_COLUMNS).where(table.execution_id == execution_id, table.seq > after).limit(size)
    return await _read(session, some)


async def _read(
    session: AsyncSession, query: Select[UUID, int, str, str | None, datetime, str]
) -> tuple[list[Event], int]:
    rows = (await session.execute(query.order_by(ExecutionEvent.seq))).all()
    values = await read_texts(row[-1] for row in rows)
    events = [
        Event(seq=seq, execution_id=id_, type=type_, node_id=node_id, timestamp=at, data=data)
        for (id_, seq, type_, node_id, at, _), data in zip(rows, values, strict=True)
    ]
    return events, sum(len(row[-1]) for row in rows)


async def of_seqs(
    session: AsyncSession, execution_id: UUID, seqs: Collection[int]
) -> tuple[list[Event], int]:
    """The events with these numbers, in order, and their bytes."""
    table = ExecutionEvent
    return await _read(
        session, select(*_COLUMNS).where(table.execution_id == execution_id, table.seq.in_(seqs))
    )


async def last_seq_and_epoch(session: AsyncSession, execution_id: UUID) -> tuple[int, int]:
    """The number of the last event, and the highest epoch of those that name one."""
    table = ExecutionEvent
    named = table.type.in_(("execution_started", "execution_resumed"))
    epoch = func.max(cast(table.data.op("->>")("epoch"), Integer)).filter(named)
    query = select(func.max(table.seq), func.coalesce(epoch, 0)).where(table.execution_id == execution_id)
    seq, highest = (await session.execute(query)).one()
    return seq, highest


async def ended(session: AsyncSession, execution_id: UUID, by: int) -> bool:
    """Whether the journal's last event is the execution's end, and its seq `by` or lower."""
    query = select(ExecutionEvent.type, ExecutionEvent.seq).where(ExecutionEvent.execution_id == execution_id)
    last = (await session.execute(query.order_by(ExecutionEvent.seq.desc()).limit(1))).one_or_none()
    return last is not None and last.type in FINAL_TYPES and last.seq <= by


async def snapshot(session: AsyncSession, execution_id: UUID, up_to: int) -> dict[str, Any] | None:
    """The newest snapshot, unless it is of a later moment than event `up_to`, or so large that it would hold
    up others to read it in one go: events are read in parts."""
    written = cast(ExecutionSnapshot.state, Text)
    query = select(written).where(
        ExecutionSnapshot.execution_id == execution_id,
        ExecutionSnapshot.seq <= up_to,
        func.length(written) <= MOST_CHARACTERS,
    )
    text = await session.scalar(query)
    return None if text is None else await unpacked(text)
