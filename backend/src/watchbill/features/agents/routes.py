"""/agents and /crews."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from watchbill.features.agents import service
from watchbill.features.agents.schemas import AgentIn, AgentOut, AgentPatch, CrewIn, CrewOut, CrewPatch
from watchbill.features.identity.access import Access, require
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(route_class=BodyRoute)
agents = APIRouter(prefix="/agents", tags=["agents"], route_class=BodyRoute)
crews = APIRouter(prefix="/crews", tags=["crews"], route_class=BodyRoute)
Reader = Annotated[Access, require("agents:read")]
Writer = Annotated[Access, require("agents:write")]


@agents.get("")
async def list_agents(access: Reader, page: PageQuery) -> Listed[AgentOut]:
    """Agents, newest first."""
    rows, cursor = await service.agent_page(access.session, page)
    return Listed(items=[AgentOut.model_validate(row) for row in rows], next_cursor=cursor)


@agents.post("", status_code=201)
async def create_agent(form: AgentIn, access: Writer) -> AgentOut:
    """Add an agent."""
    return AgentOut.model_validate(await service.create_agent(access.session, access.identity, form))


@agents.get("/{agent_id}")
async def get_agent(agent_id: UUID, access: Reader) -> AgentOut:
    """One agent."""
    return AgentOut.model_validate(await service.get_agent(access.session, agent_id))


@agents.put("/{agent_id}")
async def replace_agent(agent_id: UUID, form: AgentIn, access: Writer) -> AgentOut:
    """Replace an agent."""
    return AgentOut.model_validate(
        await service.change_agent(access.session, access.identity, agent_id, form)
    )


@agents.patch("/{agent_id}")
async def change_agent(agent_id: UUID, form: AgentPatch, access: Writer) -> AgentOut:
    """Change part of an agent."""
    return AgentOut.model_validate(
        await service.change_agent(access.session, access.identity, agent_id, form)
    )


@agents.delete("/{agent_id}", status_code=204)
async def delete_agent(agent_id: UUID, access: Writer) -> None:
    """Remove an agent that belongs to no crew."""
    await service.delete_agent(access.session, agent_id)


@crews.get("")
async def list_crews(access: Reader, page: PageQuery) -> Listed[CrewOut]:
    """Crews, newest first."""
    rows, cursor = await service.crew_page(access.session, page)
    return Listed(items=[CrewOut.model_validate(row) for row in rows], next_cursor=cursor)


@crews.post("", status_code=201)
async def create_crew(form: CrewIn, access: Writer) -> CrewOut:
    """Add a crew."""
    return CrewOut.model_validate(await service.create_crew(access.session, access.identity, form))


@crews.get("/{crew_id}")
async def get_crew(crew_id: UUID, access: Reader) -> CrewOut:
    """One crew."""
    return CrewOut.model_validate(await service.get_crew(access.session, crew_id))


@crews.put("/{crew_id}")
async def replace_crew(crew_id: UUID, form: CrewIn, access: Writer) -> CrewOut:
    """Replace a crew."""
    return CrewOut.model_validate(await service.change_crew(access.session, access.identity, crew_id, form))


@crews.patch("/{crew_id}")
async def change_crew(crew_id: UUID, form: CrewPatch, access: Writer) -> CrewOut:
    """Change part of a crew."""
    return CrewOut.model_validate(await service.change_crew(access.session, access.identity, crew_id, form))


@crews.delete("/{crew_id}", status_code=204)
async def delete_crew(crew_id: UUID, access: Writer) -> None:
    """Remove a crew."""
    await service.delete_crew(access.session, crew_id)


router.include_router(agents)
router.include_router(crews)
