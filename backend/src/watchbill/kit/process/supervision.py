"""Long-lived tasks under one eye: what ends is logged and started again, and what keeps failing or is stuck
makes the process unhealthy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

import structlog

logger = structlog.get_logger(__name__)

# Called by a task whenever it gets somewhere.
Alive = Callable[[], None]
Work = Callable[[Alive], Awaitable[None]]

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0
# A task that lived so long had a good start: its next failure is not one of a row.
_GOOD_SECONDS = 60.0
# With growing waits that is after about 15 seconds.
MOST_FAILURES = 5
# A task that goes on so long after it was cancelled is cancelled again.
_HEEDED_SECONDS = 5.0


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended, however they do.

    A library may swallow a cancellation that comes at the wrong moment, as `asyncio.wait_for` does before
    Python 3.12: whoever goes on is told again.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_HEEDED_SECONDS)
    # An exception that nobody asks for is logged as one that nobody noticed.
    for task in tasks:
        if not task.cancelled():
            task.exception()


def nobody() -> None:
    """The sign of life of a task that nobody watches."""


@dataclass(slots=True)
class _Watched:
    work: Work
    stuck_seconds: float | None
    alive_at: float
    task: asyncio.Task[None] | None = None
    started_at: float = 0.0
    in_a_row: int = 0
    failures: int = 0
    restarting: bool = False


class Supervisor:
    """Keeps the long-lived tasks of one event loop going. All methods are called on it.

    Args:
        clock: seconds that only rise, and `sleep` waits for some of them; tests give others.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ):
        self._clock = clock
        self._sleep = sleep
        self._watched: dict[str, _Watched] = {}

    def keep(self, name: str, work: Work, *, stuck_seconds: float | None = None) -> None:
        """Run `work` until `stop`, starting it again when it ends. It is given a function to call whenever it
        gets somewhere; with `stuck_seconds` a longer silence is a trouble. A name that is kept already is
        left as it is."""
        if name in self._watched:
            return
        watched = self._watched[name] = _Watched(work, stuck_seconds, self._clock())
        watched.task = asyncio.create_task(self._keep(name, watched), name=name)

    async def stop(self, *names: str) -> None:
        """End these tasks, or all, and wait until they have."""
        chosen = [self._watched.pop(name, None) for name in names or tuple(self._watched)]
        await end([watched.task for watched in chosen if watched is not None and watched.task is not None])

    @property
    def failures(self) -> dict[str, int]:
        """How often each task ended that should not have."""
        return {name: watched.failures for name, watched in self._watched.items()}

    def troubles(self) -> dict[str, str]:
        """What is wrong, by the task's name; empty when the process can do its work."""
        found = {name: self._trouble(watched) for name, watched in self._watched.items()}
        return {name: trouble for name, trouble in found.items() if trouble}

    def _trouble(self, watched: _Watched) -> str | None:
        lived = 0.0 if watched.restarting else self._clock() - watched.started_at
        if watched.in_a_row >= MOST_FAILURES and lived <= _GOOD_SECONDS:
            return f"failed {watched.in_a_row} times in a row"
        silent = self._clock() - watched.alive_at
        if watched.stuck_seconds is not None and not watched.restarting and silent > watched.stuck_seconds:
            return f"no sign of life for {silent:.0f} s"
        return None

    async def _keep(self, name: str, watched: _Watched) -> None:
        def alive() -> None:
            watched.alive_at = self._clock()

        while True:
            alive()
            watched.started_at, watched.restarting = self._clock(), False
            try:
                await watched.work(alive)
                logger.error("task_ended", task=name)
            except Exception:  # the border of a background task
                logger.exception("task_failed", task=name)
            if self._clock() - watched.started_at > _GOOD_SECONDS:
                watched.in_a_row = 0
            watched.failures += 1
            watched.in_a_row += 1
            watched.restarting = True
            await self._sleep(
                min(_FIRST_WAIT_SECONDS * 2 ** min(watched.in_a_row, 10), _LONGEST_WAIT_SECONDS)
            )
