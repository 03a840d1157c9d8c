"""Hints about executions that a worker itself started."""

from __future__ import annotations

from uuid import UUID

from redis.asyncio import Redis

from watchbill.adapters.redis import announce
from watchbill.core.tenancy import TenantScope
from watchbill.engine.engine import Engine


class NearHints:
    """Tells this worker's engine at once. When it has no room, another worker's sweep finds the execution."""

    def __init__(self, engine: Engine, redis: Redis):
        self._engine = engine
        self._redis = redis

    async def execute(self, scope: TenantScope, execution_id: UUID) -> None:
        """Say that an execution waits to be claimed."""
        self._engine.hint(scope, execution_id)

    async def cancel(self, execution_id: UUID) -> None:
        """Say to whichever worker has an execution that it is to stop."""
        await announce(self._redis, "cancel", execution_id)

    async def wake(self, execution_id: UUID) -> None:
        """Say that something is asked of an execution."""
        await announce(self._redis, "wake", execution_id)
