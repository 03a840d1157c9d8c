"""/members/{id}: what a member has at work, and removing them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.ports import ports_of as execution_ports
from watchbill.features.identity.access import Access, require
from watchbill.features.leaving import service
from watchbill.features.leaving.schemas import Belongings, Executions, Triggers
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/members", tags=["members"], route_class=BodyRoute)
Writer = Annotated[Access, require("members:write")]
Choice = Annotated[Triggers, Query(description="pause switches off those that the member made.")]


@router.get("/{user_id}/belongings")
async def get_belongings(user_id: UUID, access: Annotated[Access, require("members:read")]) -> Belongings:
    """What a member made that is still active, to look at before removing them. API keys are listed for
    people who may see keys."""
    return await service.belongings(access, user_id)


@router.delete("/{user_id}", status_code=204)
async def remove_member(
    user_id: UUID,
    access: Writer,
    ports: Annotated[ExecutionPorts, Depends(execution_ports)],
    schedules: Choice = "keep",
    webhooks: Choice = "keep",
    executions: Annotated[
        Executions, Query(description="cancel stops those that the member started and that are not over.")
    ] = "keep",
) -> None:
    """Remove a member, and the API keys they made. What else they made belongs to the tenant: it goes on, or
    stops if you ask for that."""
    await service.remove(
        access, ports, user_id, schedules=schedules, webhooks=webhooks, executions=executions
    )
