"""Slices of the loop that all executions of a worker share: whose turn it is where some of them have much to
do, and what came of one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from watchbill.core.tenancy import TenantScope
from watchbill.engine.attempt import Attempt
from watchbill.kit.limits.turns import Turns

# Who has much to do leaves the loop, and PostgreSQL, alone for about as long as a slice takes, while other
# tenants have anything to do or had a moment ago.
_PAUSE_SECONDS = 0.003
_MOMENT_SECONDS = 0.2


@dataclass(slots=True)
class SliceResult:
    """What came of a slice: attempts to start once all is durable, those without a configuration after it was
    computed in a child process; iterations whose ends are computed there; when a timer is due (`waits`
    without `until`: never), and whether there is more to do at once."""

    starts: list[tuple[Attempt, dict[str, Any] | None]] = field(
        default_factory=list[tuple[Attempt, dict[str, Any] | None]]
    )
    closes: list[str] = field(default_factory=list[str])
    waits: bool = False
    until: datetime | None = None
    more: bool = False

    def then(self, next_: SliceResult) -> SliceResult:
        """What came of this and, right after it, of the next."""
        # What was stopped meanwhile may have been started anew.
        starts = {attempt.path: (attempt, config) for attempt, config in (*self.starts, *next_.starts)}
        closes = list(dict.fromkeys(self.closes + next_.closes))
        return SliceResult(list(starts.values()), closes, next_.waits, next_.until, next_.more)


class Slices:
    """Gives out slices of the loop: one at a time, to one tenant after the other, however many executions of
    each want one. Use it from one event loop.

    Args:
        clock: seconds that only rise.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ):
        self._clock = clock
        self._sleep = sleep
        self._turns = Turns(1, 1)
        # The tenant that did something last, the last one that is another, and when they did.
        self._last: tuple[TenantScope, float] | None = None
        self._other: tuple[TenantScope, float] | None = None

    def small(self, scope: TenantScope) -> None:
        """Note that a tenant's execution does something that takes no time."""
        if self._last is not None and self._last[0] != scope:
            self._other = self._last
        self._last = (scope, self._clock())

    @asynccontextmanager
    async def turn(self, scope: TenantScope) -> AsyncGenerator[None]:
        """A slice for an execution that has much to do, when it is its tenant's turn."""
        await self._turns.take(scope.schema)
        try:
            await self._sleep(_PAUSE_SECONDS if self._others(scope) else 0)
            yield
        finally:
            self._turns.give_back(scope.schema)

    def _others(self, scope: TenantScope) -> bool:
        since = self._clock() - _MOMENT_SECONDS
        seen = (self._last, self._other)
        return any(one is not None and one[0] != scope and one[1] > since for one in seen)
