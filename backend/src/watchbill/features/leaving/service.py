"""Removing a member, and what they had at work with them or not."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from watchbill.core.errors import NotFound
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.queries import executions as asking
from watchbill.features.identity.access import Access
from watchbill.features.identity.members import service as members
from watchbill.features.identity.tables import Membership
from watchbill.features.leaving import queries
from watchbill.features.leaving.schemas import Belongings, Executions, KeyBelonging, Triggers
from watchbill.features.triggers import queries as triggers
from watchbill.features.triggers.service import switch_off


async def belongings(access: Access, user_id: UUID) -> Belongings:
    """What somebody has at work in the tenant.

    Raises:
        NotFound: nobody of that id belongs to it.
    """
    session, tenant_id = access.session, access.scope.tenant_id
    keys = await queries.keys(session, tenant_id, user_id) if access.identity.may("keys:read") else ()
    if await session.get(Membership, (user_id, tenant_id)) is None:
        raise NotFound("There is no such member.")
    kinds = [one.kind for one in await triggers.made_by(session, user_id, ("schedule", "webhook"))]
    return Belongings(
        schedules=kinds.count("schedule"),
        webhooks=kinds.count("webhook"),
        executions=await queries.active_executions(session, tenant_id, user_id),
        keys=[KeyBelonging.model_validate(key) for key in keys],
    )


async def remove(
    access: Access,
    ports: ExecutionPorts,
    user_id: UUID,
    *,
    schedules: Triggers,
    webhooks: Triggers,
    executions: Executions,
) -> None:
    """End a membership with its API keys; what else the member made goes on under the tenant, or stops.

    Raises:
        NotFound: nobody of that id belongs to the tenant.
        Conflict: nobody else is an admin.
    """
    await members.remove(access.session, access.identity, user_id)
    choices = (("schedule", schedules), ("webhook", webhooks))
    if kinds := [kind for kind, choice in choices if choice == "pause"]:
        # Whoever switches one on again answers for it.
        await switch_off(access.session, access.scope, user_id, kinds)
    if executions == "cancel":
        for execution_id in await asking.cancel_of(access.session, access.scope, user_id):
            access.work.after_commit(partial(ports.hints.cancel, execution_id))
            access.work.after_commit(partial(ports.hints.execute, access.scope, execution_id))
