"""Waiting for an execution to end: the one way, for whoever needs no more than that. Who needs its events
watches it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import HTTPConnection

from watchbill.core.errors import NotFound, Unavailable
from watchbill.core.ports.journal import Outcome
from watchbill.core.ports.live import Ending
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions import service
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.schemas import ExecutionResult
from watchbill.features.executions.watching.access import long_ago
from watchbill.features.identity.access import Access, database

# Without a word for this long the row is read, in case Redis lost it. A thousand requests that wait would
# otherwise read a thousand rows every time.
_LOOK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class End:
    """The end of one execution, which may come at any time."""

    _parts: ExecutionPorts
    _scope: TenantScope
    _execution_id: UUID
    _ending: Ending

    async def within(self, seconds: float, *, perhaps_over: bool = False) -> Outcome | None:
        """How the execution ended, or None when it has not after so many seconds.

        Args:
            perhaps_over: it may have ended before somebody waited for it, so its row is read first.

        Raises:
            NotFound: it was deleted meanwhile.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._come(look=perhaps_over)
        return None

    async def _come(self, *, look: bool) -> Outcome:
        while True:
            if look and (outcome := await self._look()):
                return outcome
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._ending.heard.wait()
            # Not before: it may have ended while whoever waits was busy with something else.
            self._ending.heard.clear()
            if self._ending.outcome is not None:
                return self._ending.outcome
            look = True

    async def _look(self) -> Outcome | None:
        # The execution goes on while the database is away: who is told of an error would start it again.
        with suppress(ConnectionError):
            outcome = await self._parts.journal.outcome(self._scope, self._execution_id)
            if outcome is None:
                raise NotFound("The execution was deleted meanwhile.", code="execution_not_found")
            return outcome if outcome.status.final else None
        return None


@asynccontextmanager
async def end_of(ports: ExecutionPorts, scope: TenantScope, execution_id: UUID) -> AsyncGenerator[End]:
    """The end of an execution; it is heard from here on, also while nobody waits for it yet. No transaction
    may be open while somebody does."""
    async with ports.live.ending(scope, execution_id) as ending:
        yield End(ports, scope, execution_id, ending)


async def result(
    access: Access,
    ports: ExecutionPorts,
    connection: HTTPConnection,
    pending: ExecutionResult,
    seconds: float,
) -> ExecutionResult:
    """Commit, and answer with the execution once it is over, or as it is after so many seconds.

    Raises:
        NotAuthenticated, Forbidden: the access of whoever asks ended meanwhile.
        NotFound: the execution was deleted meanwhile.
    """
    begun = time.monotonic()
    async with end_of(ports, access.scope, pending.id) as end:
        await access.work.finish()
        await access.work.committed()
        # Perhaps it is an old one, which a repeated key found.
        outcome = await end.within(seconds, perhaps_over=pending.status.final)
    if long_ago(begun):
        try:
            await ports.watch_access.look(connection, access.identity, "flows:execute")
        except Unavailable:
            # It runs, and nobody knows who may hear of its end: so it is told of as it began.
            return pending
    if outcome is None:
        async with (await database(connection)).transaction(access.scope) as work:
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
