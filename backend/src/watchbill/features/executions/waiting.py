"""Waiting for an execution to end, for a request that wants the result."""

from __future__ import annotations

import asyncio
import contextlib
from uuid import UUID

from watchbill.core.tenancy import TenantScope
from watchbill.features.executions import service
from watchbill.features.executions.backend import ExecutionBackend
from watchbill.features.executions.schemas import ExecutionResult
from watchbill.kit.db import Database

# Without a ring for this long the row is read, in case Redis lost the bell.
_LOOK_SECONDS = 2.0


async def result(
    parts: ExecutionBackend, database: Database, scope: TenantScope, execution_id: UUID, seconds: float
) -> ExecutionResult:
    """The execution once it is over, or as it is after so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await _end(parts, database, scope, execution_id)
    async with database.transaction(scope) as work:
        return await service.result(work.session, execution_id)


async def _end(parts: ExecutionBackend, database: Database, scope: TenantScope, execution_id: UUID) -> None:
    async with parts.live.doorbell(scope, execution_id) as bell:
        while True:
            bell.clear()
            newest = await parts.live.newest(scope, execution_id)
            if newest is not None and newest.final:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await bell.wait()
                    continue
            async with database.transaction(scope) as work:
                if (await service.require(work.session, execution_id)).status.final:
                    return
