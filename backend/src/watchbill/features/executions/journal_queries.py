"""SQL of the journal: events of executions, and snapshots of long ones. The session's transaction sees one
tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.events import FINAL_TYPES, Event
from watchbill.features.executions.tables import ExecutionEvent, ExecutionSnapshot


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


async def events(session: AsyncSession, execution_id: UUID, after: int, limit: int) -> list[Event]:
    """Events of the journal with seq > after."""
    rows = await session.scalars(
        select(ExecutionEvent)
        .where(ExecutionEvent.execution_id == execution_id, ExecutionEvent.seq > after)
        .order_by(ExecutionEvent.seq)
        .limit(limit)
    )
    return [
        Event(
            seq=row.seq,
            execution_id=row.execution_id,
            type=row.type,
            node_id=row.node_id,
            timestamp=row.timestamp,
            data=row.data,
        )
        for row in rows
    ]


async def ended(session: AsyncSession, execution_id: UUID, by: int) -> bool:
    """Whether the journal's last event is the execution's end, and its seq `by` or lower."""
    query = select(ExecutionEvent.type, ExecutionEvent.seq).where(ExecutionEvent.execution_id == execution_id)
    last = (await session.execute(query.order_by(ExecutionEvent.seq.desc()).limit(1))).one_or_none()
    return last is not None and last.type in FINAL_TYPES and last.seq <= by


async def snapshot(session: AsyncSession, execution_id: UUID, up_to: int) -> dict[str, Any] | None:
    """The newest snapshot, unless it is of a later moment than event `up_to`."""
    query = select(ExecutionSnapshot.state).where(
        ExecutionSnapshot.execution_id == execution_id, ExecutionSnapshot.seq <= up_to
    )
    return await session.scalar(query)
