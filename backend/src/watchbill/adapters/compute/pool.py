"""The pool: gives each job a turn and a child, and keeps children that nobody needs for a while."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from watchbill.adapters.compute.children import Child, ChildEnded, Forks, limit_of
from watchbill.adapters.compute.turns import Turns
from watchbill.core.errors import Unavailable
from watchbill.core.ports.compute import ComputeLimit, ComputeLimits
from watchbill.core.tenancy import TenantScope

_JOBS = "watchbill.adapters.compute.jobs"


class ProcessPool:
    """Child processes for jobs. The first is made at the first job; all end when none was needed for a while.

    Args:
        processes: jobs at a time.
        waiting: jobs of a tenant that may wait for their turn.
        idle_seconds: how long processes without work are kept.
        registry: the module whose JOBS they can do.
    """

    def __init__(
        self,
        *,
        processes: int = 2,
        waiting: int = 1000,
        idle_seconds: float = 60.0,
        limits: ComputeLimits | None = None,
        registry: str = _JOBS,
    ):
        self._limits = limits or ComputeLimits()
        self._turns = Turns(processes, waiting)
        self._forks = Forks(registry, self._limits)
        self._idle: list[Child] = []
        self._idle_seconds = idle_seconds
        self._busy = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The number of the process that makes the others, while there is one."""
        return self._forks.pid

    async def run(self, scope: TenantScope, job: str, argument: Any) -> Any:
        """See core.ports.compute.Compute."""
        async with self._turns.turn(scope):
            self._stay()
            try:
                payload = orjson.dumps(argument)
                if len(payload) > self._limits.argument_bytes:
                    raise ComputeLimit("argument")
                return await self._done(job, payload)
            finally:
                self._busy -= 1
                self._leave()

    async def close(self) -> None:
        """End every process, and wait until they are gone. Jobs under way end with an error."""
        self._closed = True
        if self._timer:
            self._timer.cancel()
        await self._end()

    async def _done(self, job: str, payload: bytes) -> Any:
        """A job is pure, so one whose child was killed is done once more: perhaps it was not to blame."""
        for _ in range(2):
            child = await self._child()
            try:
                return await child.ask(job, payload)
            except ChildEnded as error:
                if what := limit_of(error.status):
                    raise ComputeLimit(what) from error
            finally:
                if child.usable:
                    self._idle.append(child)
        raise ComputeLimit("memory")

    async def _child(self) -> Child:
        if self._closed:
            raise RuntimeError("the pool is closed")
        if self._idle:
            return self._idle.pop()
        try:
            return await self._forks.child()
        except ChildEnded:
            # It, or what makes it, was killed just then.
            return await self._new_child()

    async def _new_child(self) -> Child:
        try:
            return await self._forks.child()
        except (ChildEnded, OSError) as error:
            raise Unavailable("No process can be started to compute in. Try again soon.") from error

    def _stay(self) -> None:
        self._busy += 1
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _leave(self) -> None:
        if self._busy or self._closed:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._idle_seconds, self._rest)

    def _rest(self) -> None:
        self._timer = None
        if not self._busy:
            # Kept, since a task that nobody holds may be collected.
            self._ending = asyncio.get_running_loop().create_task(self._end(), name="compute rests")

    async def _end(self) -> None:
        if self._busy and not self._closed:
            return
        idle, self._idle = self._idle, []
        for child in idle:
            child.end()
        await self._forks.close()
