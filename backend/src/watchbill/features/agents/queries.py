"""SQL of agents and crews."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.agents.tables import Agent, Crew
from watchbill.kit.database.paging import Page, fetch_page


async def agent_page(session: AsyncSession, wanted: Page) -> tuple[Sequence[Agent], str | None]:
    """One page of agents."""
    return await fetch_page(session, select(Agent), Agent, wanted)


async def crew_page(session: AsyncSession, wanted: Page) -> tuple[Sequence[Crew], str | None]:
    """One page of crews."""
    return await fetch_page(session, select(Crew), Crew, wanted)


async def known_agents(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Which of the ids are agents, with their names. They are kept from being deleted meanwhile."""
    query = (
        select(Agent.id, Agent.name).where(Agent.id.in_(set(ids))).with_for_update(read=True, key_share=True)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def crews_with(session: AsyncSession, agent_id: UUID) -> Sequence[str]:
    """Names of the crews that the agent belongs to or manages."""
    uses = or_(Crew.agent_ids.contains([agent_id]), Crew.manager_agent_id == agent_id)
    return (await session.scalars(select(Crew.name).where(uses).order_by(Crew.name).limit(5))).all()


async def lock_agent(session: AsyncSession, id_: UUID) -> Agent | None:
    """The agent, kept from becoming part of a crew until the transaction ends."""
    return await session.scalar(select(Agent).where(Agent.id == id_).with_for_update())
