"""Cancelling from a request: tell the worker, and answer once it has stopped."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from uuid import UUID

from watchbill.core.errors import Conflict
from watchbill.core.events import ExecutionStatus
from watchbill.engine.cancel import cancel_unowned
from watchbill.features.executions import queries, service
from watchbill.features.executions.backend import ExecutionBackend
from watchbill.features.executions.schemas import ExecutionSummary
from watchbill.features.executions.watch import watch
from watchbill.features.identity.access import Access
from watchbill.kit.db import Database

# A worker stops within milliseconds; a frozen or dead one is not waited for.
WAIT_SECONDS = 2.0


async def cancel(
    access: Access, parts: ExecutionBackend, database: Database, execution_id: UUID
) -> ExecutionSummary:
    """Cancel; the answer's status is final unless the worker did not stop in time.

    Raises:
        NotFound: no such execution.
        Conflict: it is over, or ended in the moment it was to stop.
    """
    found = await service.require(access.session, execution_id)
    if found.status.final or not await queries.request_cancel(access.session, access.scope, execution_id):
        raise over(found.status)
    # The request's own transaction must end before a worker can see the mark.
    await access.work.finish()
    await parts.hints.cancel(execution_id)
    await cancel_unowned(parts.journal, parts.publisher, parts.types, execution_id, lambda: datetime.now(UTC))
    async with database.transaction(access.scope) as work:
        after = (await service.detail(work.session, parts.reading(access.scope), execution_id)).last_seq
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WAIT_SECONDS):
            async for _ in watch(parts.live, parts.history, access.scope, execution_id, after=after):
                pass
    async with database.transaction(access.scope) as work:
        now = await service.require(work.session, execution_id)
    if now.status.final and now.status is not ExecutionStatus.CANCELLED:
        # Its last event was on its way when it was told to stop.
        raise over(now.status)
    return now


def over(status: ExecutionStatus) -> Conflict:
    """For what cannot be done any more; a status that is not final was read a moment too early."""
    detail = f"The execution is over: it is {status}." if status.final else "The execution has just ended."
    return Conflict(detail, code="execution_over")
