"""Firing a trigger: its flow is started and what came of it is noted, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.ports.compute import Compute
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.starting import Ask, start_flow
from watchbill.features.triggers import queries
from watchbill.features.triggers.mapping import flow_inputs
from watchbill.features.triggers.schemas import Cause, Outcome, Version
from watchbill.features.triggers.tables import Firing, Trigger
from watchbill.kit.clock import now

# Longer than any signed call may be old, so that none is forgotten while it could be repeated.
_KEPT = timedelta(days=30)
# Not at each firing, since it costs a round trip.
_FORGET_EVERY = 20


@dataclass(frozen=True, slots=True)
class Call:
    """Why a trigger fires. `given` is what its templates read as `inputs`. A signature or request key makes
    the same call a second time find the first."""

    cause: Cause
    at: datetime
    given: Mapping[str, Any]
    signature: str | None = None
    request_key: str | None = None

    @property
    def idempotency_key(self) -> str | None:
        """What makes the execution one of its kind for its trigger; None for one started by hand."""
        if self.cause == "manual":
            return None
        return self.request_key or self.signature or self.at.isoformat()


async def start(
    session: AsyncSession, scope: TenantScope, trigger: Trigger, call: Call, compute: Compute | None = None
) -> Firing:
    """Start the trigger's flow and note it. What is long to compute is left to `compute`, while the
    transaction is committed; without one it is refused, or done in a thread.

    Raises:
        NotFound: the flow or version is gone.
        Conflict: the flow is switched off.
        InvalidInput: the flow has problems, or the inputs do not fit; nothing was stored.
    """
    return await note(
        session, trigger, call, "started", execution_id=await _execute(session, scope, trigger, call, compute)
    )


async def resume(
    session: AsyncSession, scope: TenantScope, trigger: Trigger, firing: Firing, call: Call
) -> None:
    """Start what waited for its turn. Raises what `start` raises."""
    firing.execution_id = await _execute(session, scope, trigger, call, None)
    firing.outcome = "started"
    await session.flush()


async def note(
    session: AsyncSession,
    trigger: Trigger,
    call: Call,
    outcome: Outcome,
    *,
    message: str | None = None,
    execution_id: Any = None,
) -> Firing:
    """Keep what came of a call, and now and then forget what came of very old ones. A call that failed may
    come again, so its signature and key are not kept."""
    kept = outcome != "failed"
    firing = Firing(
        id=uuid4(),
        created_at=now(),
        trigger_id=trigger.id,
        cause=call.cause,
        at=call.at,
        outcome=outcome,
        message=message,
        execution_id=execution_id,
        signature=call.signature if kept else None,
        request_key=call.request_key if kept else None,
    )
    session.add(firing)
    await session.flush()
    if firing.id.int % _FORGET_EVERY == 0:
        await queries.forget(session, trigger.id, firing.created_at - _KEPT)
    return firing


async def _execute(
    session: AsyncSession, scope: TenantScope, trigger: Trigger, call: Call, compute: Compute | None
) -> UUID:
    key = call.idempotency_key
    ask = Ask(
        await flow_inputs(session, scope, trigger.inputs, call.given, call.at, compute),
        f"trigger:{trigger.id}:{key}" if key else None,
        trigger.created_by,
    )
    started = await start_flow(session, scope, trigger.flow_id, stored_version(trigger.version), ask, compute)
    return started.execution.id


def stored_version(text: str | None) -> Version | None:
    """The version as forms give it, from its column."""
    if text is None:
        return None
    named: dict[str, Literal["draft", "published"]] = {"draft": "draft", "published": "published"}
    return named.get(text) or int(text)
