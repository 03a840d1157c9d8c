"""SQL of flows. The session's transaction sees one tenant; deleted flows are never returned."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.flows.tables import Flow, FlowVersion


def living() -> Select[Flow]:
    """Flows that are not deleted."""
    return select(Flow).where(Flow.deleted_at.is_(None))


async def find(session: AsyncSession, flow_id: UUID, *, lock: bool = False) -> Flow | None:
    """The flow; with `lock` nobody else can change it before this transaction ends."""
    query = living().where(Flow.id == flow_id)
    return await session.scalar(query.with_for_update() if lock else query)


async def versions(session: AsyncSession, flow_id: UUID) -> Sequence[FlowVersion]:
    """Published versions, newest first."""
    query = select(FlowVersion).where(FlowVersion.flow_id == flow_id).order_by(FlowVersion.number.desc())
    return (await session.scalars(query.limit(1000))).all()


async def version(session: AsyncSession, flow_id: UUID, number: int) -> FlowVersion | None:
    """One published version."""
    return await session.get(FlowVersion, (flow_id, number))


async def names_like(session: AsyncSession, prefix: str) -> set[str]:
    """Names of living flows that begin with `prefix`."""
    query = select(Flow.name).where(Flow.deleted_at.is_(None), Flow.name.startswith(prefix, autoescape=True))
    return set(await session.scalars(query))
