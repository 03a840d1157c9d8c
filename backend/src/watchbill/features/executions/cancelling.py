"""Cancelling from a request: the worker that has the execution is told; without one it is ended here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import structlog

from watchbill.core.errors import Conflict
from watchbill.core.events import ExecutionCancelled, ExecutionStatus
from watchbill.core.execution import fold
from watchbill.core.node_types import NodeType
from watchbill.core.plan import bare, stored_plan
from watchbill.core.ports.journal import Journal
from watchbill.core.ports.live import LiveEvents
from watchbill.core.tenancy import TenantScope
from watchbill.engine.pending import PendingEvents
from watchbill.features.executions import service
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.queries import executions as queries
from watchbill.features.executions.schemas import ExecutionSummary
from watchbill.features.executions.service import NodeTypes
from watchbill.features.executions.waiting import end_of
from watchbill.features.identity.access import Access
from watchbill.kit.audit import trail_of
from watchbill.kit.database.transactions import Database

logger = structlog.get_logger(__name__)


class CancelHints(Protocol):
    """The way to workers."""

    async def cancel(self, execution_id: UUID) -> None: ...


class Stopping(Protocol):
    """What it takes to stop executions; an ExecutionPorts has it."""

    @property
    def journal(self) -> Journal: ...
    @property
    def publisher(self) -> LiveEvents: ...
    @property
    def types(self) -> NodeTypes: ...
    @property
    def hints(self) -> CancelHints: ...


@dataclass(frozen=True, slots=True)
class Stopper:
    """Just that, for who has no more."""

    journal: Journal
    publisher: LiveEvents
    types: NodeTypes
    hints: CancelHints


_AT_ONCE = 8
# Whoever ends an execution that no worker has takes it for so long.
_OWNER, _UNOWNED_LEASE_SECONDS = "cancel", 5.0
# A worker stops within milliseconds; a frozen or dead one is not waited for.
WAIT_SECONDS = 2.0


async def cancel(
    access: Access, ports: ExecutionPorts, database: Database, execution_id: UUID
) -> ExecutionSummary:
    """Cancel; the answer's status is final unless the worker did not stop in time.

    Raises:
        NotFound: no such execution.
        Conflict: it is over, or ended in the moment it was to stop.
    """
    found = await service.require(access.session, execution_id)
    if trail := trail_of(access.session):
        trail.about("executions", execution_id, found.flow_name)
    if found.status.final or not await queries.ask(access.session, access.scope, execution_id, cancel=True):
        raise over(found.status)
    # It cannot end before the mark is committed, so its end is heard.
    async with end_of(ports, access.scope, execution_id) as end:
        # The request's own transaction must end before a worker can see the mark.
        await access.work.finish()
        await _stop(ports, execution_id)
        await end.within(WAIT_SECONDS)
    async with database.transaction(access.scope) as work:
        now = await service.require(work.session, execution_id)
    if now.status.final and now.status is not ExecutionStatus.CANCELLED:
        # Its last event was on its way when it was told to stop.
        raise over(now.status)
    return now


async def cancel_all(ports: Stopping, database: Database, scope: TenantScope) -> int:
    """Cancel everything of a tenant that is not over, whether a worker has it or not; returns how many that
    were. One that cannot be cancelled now stays marked, and is cancelled by whoever claims it."""
    async with database.transaction() as work:
        ids = await queries.ask(work.session, scope, cancel=True)
    places = asyncio.Semaphore(_AT_ONCE)

    async def stop(id_: UUID) -> None:
        async with places:
            try:
                await _stop(ports, id_)
            except Exception as error:  # such as a tenant whose schema is broken: it is to be deleted
                logger.error("not_cancelled", execution_id=str(id_), exc_info=error)

    await asyncio.gather(*map(stop, ids))
    return len(ids)


async def _stop(ports: Stopping, execution_id: UUID) -> None:
    """Tell the worker that has it, or end it here when none has."""
    await ports.hints.cancel(execution_id)
    await _cancel_unowned(
        ports.journal, ports.publisher, ports.types, execution_id, lambda: datetime.now(UTC)
    )


async def _cancel_unowned(
    journal: Journal,
    live: LiveEvents,
    types: Mapping[str, NodeType],
    execution_id: UUID,
    now: Callable[[], datetime],
) -> bool:
    """Cancel an execution that is pending or whose worker died; False if a worker has it or it is over."""
    claims = await journal.claim(
        _OWNER, lease_seconds=_UNOWNED_LEASE_SECONDS, limit=1, only=[execution_id], force=True
    )
    for claim in claims:
        # Its outputs are not needed, so neither is what works on them.
        plan = bare(stored_plan(await journal.definition(claim.scope, claim.plan_digest), types))
        state = fold(plan, await journal.events(claim.scope, execution_id))
        pending = PendingEvents(claim, state, now)
        pending.add(ExecutionCancelled(usage=state.usage))
        taken = pending.take()
        await journal.append(claim.scope, [taken.batch], lease_seconds=_UNOWNED_LEASE_SECONDS)
        await live.publish(claim.scope, taken.all)
    return bool(claims)


def over(status: ExecutionStatus) -> Conflict:
    """For what cannot be done any more; a status that is not final was read a moment too early."""
    detail = f"The execution is over: it is {status}." if status.final else "The execution has just ended."
    return Conflict(detail, code="execution_over")
