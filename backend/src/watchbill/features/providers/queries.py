"""SQL of providers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.providers.tables import LlmProvider
from watchbill.kit.database.paging import Page, fetch_page


async def page(session: AsyncSession, wanted: Page) -> tuple[Sequence[LlmProvider], str | None]:
    """One page of providers."""
    return await fetch_page(session, select(LlmProvider), LlmProvider, wanted)


async def by_id(session: AsyncSession, id_: UUID, *, lock: bool = False) -> LlmProvider | None:
    """The provider of that id; `lock` keeps others from changing it until the transaction ends."""
    return await session.get(LlmProvider, id_, with_for_update=lock or None, populate_existing=lock)


async def by_priority(session: AsyncSession) -> Sequence[LlmProvider]:
    """All providers, the one to ask first coming first."""
    order = (LlmProvider.priority, LlmProvider.created_at, LlmProvider.id)
    return (await session.scalars(select(LlmProvider).order_by(*order))).all()
