"""SQL of tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Uuid, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.tools.tables import Tool
from watchbill.kit.database.paging import Page, fetch_page


async def page(
    session: AsyncSession, wanted: Page, kind: str | None = None
) -> tuple[Sequence[Tool], str | None]:
    """One page of tools."""
    query = select(Tool) if kind is None else select(Tool).where(Tool.kind == kind)
    return await fetch_page(session, query, Tool, wanted)


async def by_id(session: AsyncSession, id_: UUID, *, lock: bool = False) -> Tool | None:
    """The tool of that id; `lock` keeps others from changing it until the transaction ends."""
    return await session.get(Tool, id_, with_for_update=lock or None, populate_existing=lock)


async def states(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, bool]:
    """Those of the ids that are tools, and whether they are active. Nothing else of them is read."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    # One parameter, however many there are.
    query = select(Tool.id, Tool.is_active).where(Tool.id == any_(cast(wanted, ARRAY(Uuid))))
    return {row[0]: row[1] for row in await session.execute(query)}


async def by_ids(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Tool]:
    """Those of the tools that there are."""
    wanted = set(ids)
    rows = await session.scalars(select(Tool).where(Tool.id.in_(wanted))) if wanted else ()
    return {row.id: row for row in rows}
