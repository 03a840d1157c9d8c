"""Waiting for an execution to end, for a request that wants the result."""

from __future__ import annotations

import asyncio
import contextlib

from watchbill.core.errors import NotFound
from watchbill.core.ports.journal import Outcome
from watchbill.core.ports.live import Ending
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions import service
from watchbill.features.executions.backend import ExecutionBackend
from watchbill.features.executions.schemas import ExecutionResult
from watchbill.features.identity.access import Access
from watchbill.kit.db import Database

# Without a word for this long the row is read, in case Redis lost it. A thousand requests that wait would
# otherwise read a thousand rows every time.
_LOOK_SECONDS = 5.0


async def result(
    access: Access, parts: ExecutionBackend, database: Database, pending: ExecutionResult, seconds: float
) -> ExecutionResult:
    """Commit, and answer with the execution once it is over, or as it is after so many seconds."""
    async with parts.live.ending(access.scope, pending.id) as ending:
        await access.work.finish()
        await access.work.committed()
        outcome = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                outcome = await _outcome(parts, access.scope, pending, ending)
    if outcome is None:
        async with database.transaction(access.scope) as work:
            return await service.result(work.session, pending.id)
    return ExecutionResult.model_validate(
        {
            **dict(pending),
            "status": outcome.status,
            "started_at": outcome.started_at,
            "finished_at": outcome.finished_at,
            "outputs": outcome.outputs,
            "error": outcome.error,
            "usage": outcome.usage or pending.usage,
        }
    )


async def _outcome(
    parts: ExecutionBackend, scope: TenantScope, pending: ExecutionResult, ending: Ending
) -> Outcome:
    # Perhaps it is an old one, which a repeated key found.
    look = pending.status.final
    while True:
        if look:
            # The execution goes on while the database is away: who is told of an error would start it again.
            with contextlib.suppress(ConnectionError):
                outcome = await parts.journal.outcome(scope, pending.id)
                if outcome is None:
                    raise NotFound("The execution was deleted meanwhile.", code="execution_not_found")
                if outcome.status.final:
                    return outcome
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await ending.heard.wait()
        # Not before: it may have ended while this request was busy with its commit.
        ending.heard.clear()
        if ending.outcome is not None:
            return ending.outcome
        look = True
