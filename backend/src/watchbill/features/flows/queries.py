"""SQL of flows. A deleted flow is still there for its executions, and for nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from watchbill.features.flows.tables import Flow, FlowVersion
from watchbill.kit.database.paging import Page, fetch_page


async def page(
    session: AsyncSession, wanted: Page, only: Collection[UUID] | None
) -> tuple[Sequence[Flow], str | None]:
    """One page of flows, `only` of these or of all, without their definitions, which can be large."""
    query = select(Flow).where(Flow.deleted_at.is_(None)).options(defer(Flow.definition, raiseload=True))
    if only is not None:
        query = query.where(Flow.id.in_(only))
    return await fetch_page(session, query, Flow, wanted)


async def by_id(session: AsyncSession, id_: UUID, *, lock: bool = False) -> Flow | None:
    """The flow of that id; `lock` keeps others from changing it until the transaction ends."""
    query = select(Flow).where(Flow.id == id_, Flow.deleted_at.is_(None))
    return await session.scalar(query.with_for_update() if lock else query)


async def definition(session: AsyncSession, id_: UUID) -> dict[str, Any] | None:
    """The flow's draft alone."""
    return await session.scalar(select(Flow.definition).where(Flow.id == id_, Flow.deleted_at.is_(None)))


_AS_PUBLISHED = (
    select(cast(Flow.definition, Text) == cast(FlowVersion.definition, Text))
    .join(FlowVersion, (FlowVersion.flow_id == Flow.id) & (FlowVersion.number == Flow.published_version))
    .where(Flow.id == bindparam("id"))
)


async def as_published(session: AsyncSession, id_: UUID) -> bool | None:
    """Whether the draft is, as it is written, the newest published version; None where there is none."""
    return await session.scalar(_AS_PUBLISHED, {"id": id_})


# Asked for whenever an execution starts: made once, and without the definition, which is mostly known.
_OUTLINE = select(
    Flow.name, Flow.is_active, Flow.version, Flow.updated_at, Flow.published_version, Flow.max_running
).where(Flow.id == bindparam("id"), Flow.deleted_at.is_(None))


async def outline(session: AsyncSession, id_: UUID) -> Any:
    """The flow's name, is_active, version, updated_at, published_version and max_running, or None."""
    return (await session.execute(_OUTLINE, {"id": id_})).one_or_none()


async def versions(
    session: AsyncSession, flow_id: UUID, *, before: int | None, limit: int
) -> Sequence[FlowVersion]:
    """Published versions below a number, the highest first, without their definitions."""
    query = (
        select(FlowVersion)
        .where(FlowVersion.flow_id == flow_id)
        .options(defer(FlowVersion.definition, raiseload=True))
        .order_by(FlowVersion.number.desc())
        .limit(limit)
    )
    return (
        await session.scalars(query if before is None else query.where(FlowVersion.number < before))
    ).all()


async def version(session: AsyncSession, flow_id: UUID, number: int) -> FlowVersion | None:
    """A published version."""
    return await session.get(FlowVersion, (flow_id, number))
