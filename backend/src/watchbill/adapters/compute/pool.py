"""The pool: gives each job a turn and a child, and keeps children that nobody needs for a while."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from watchbill.adapters.compute.children import Child, ChildEnded, Forks, Told, limit_of
from watchbill.adapters.compute.turns import Turns
from watchbill.core.errors import Unavailable
from watchbill.core.ports.compute import ComputeLimit, ComputeLimits
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.waits import about_to_await

_JOBS = "watchbill.adapters.compute.jobs"
# To start a process in a row, each after two tries.
_MOST_FAILURES = 3


class ProcessPool:
    """Child processes for jobs. The first is made at the first job; all end when none was needed for a while.

    Args:
        processes: jobs at a time.
        waiting: jobs of a tenant that may wait for their turn.
        idle_seconds: how long processes without work are kept.
        start_seconds: how long a new process may take before the one that makes them is replaced.
        registry: the module whose JOBS they can do.
        preparation: what the module's `prepare` is called with, before any child is made.
        share: jobs of a tenant at a time; all but one without it.
        tries: how often a job is done whose child was killed by somebody outside.
    """

    def __init__(
        self,
        *,
        processes: int = 2,
        waiting: int = 1000,
        idle_seconds: float = 60.0,
        start_seconds: float = 30.0,
        limits: ComputeLimits | None = None,
        registry: str = _JOBS,
        preparation: str = "",
        share: int | None = None,
        tries: int = 2,
    ):
        self._limits = limits or ComputeLimits()
        self._turns = Turns(processes, waiting, share)
        self._forks = Forks(registry, self._limits, start_seconds, preparation)
        self._tries = tries
        self._failures = 0
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

    @property
    def trouble(self) -> str | None:
        """What is wrong while no process can be started; None when one could, or when none was needed."""
        if self._failures < _MOST_FAILURES:
            return None
        return f"no process started {self._failures} times in a row"

    async def run(
        self,
        scope: TenantScope,
        job: str,
        argument: Any,
        *,
        seconds: float | None = None,
        told: Told = lambda _text: None,
    ) -> Any:
        """See core.ports.compute.Compute.

        Args:
            seconds: what the job may take from its start, instead of the limit for all jobs.
            told: hears what the job tells meanwhile.
        """
        about_to_await("A computation")
        async with self._turns.turn(scope):
            self._stay()
            try:
                payload = orjson.dumps(argument)
                if len(payload) > self._limits.argument_bytes:
                    raise ComputeLimit("argument")
                return await self._done(job, payload, seconds, told)
            finally:
                self._busy -= 1
                self._leave()

    async def close(self) -> None:
        """End every process, and wait until they are gone. Jobs under way end with an error."""
        self._closed = True
        if self._timer:
            self._timer.cancel()
        await self._end()

    async def _done(self, job: str, payload: bytes, seconds: float | None, told: Told) -> Any:
        """A job is pure, so one whose child was killed is done once more: perhaps it was not to blame."""
        status: int | None = None
        for _ in range(self._tries):
            child = await self._child()
            try:
                return await child.ask(job, payload, seconds=seconds, told=told)
            except ChildEnded as error:
                status = error.status
                if what := limit_of(status):
                    raise ComputeLimit(what) from error
            finally:
                if child.usable:
                    self._idle.append(child)
        if status is None:
            # All of them ended, whatever they did.
            raise Unavailable("Something outside Watchbill ended the process that computed this. Try again.")
        raise ComputeLimit("memory")

    async def _child(self) -> Child:
        if self._closed:
            raise RuntimeError("the pool is closed")
        while self._idle:
            child = self._idle.pop()
            if not child.orphaned:
                return child
            child.end()
        try:
            child = await self._new_child()
        except (ChildEnded, OSError) as error:
            self._failures += 1
            raise Unavailable("No process can be started to compute this. Try again in a moment.") from error
        self._failures = 0
        return child

    async def _new_child(self) -> Child:
        try:
            return await self._forks.child()
        except ChildEnded:
            # It, or what makes it, was killed just then.
            return await self._forks.child()

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
