"""Places that many share: each of them may have some at a time, and whoever waits gets them in turns."""

from __future__ import annotations

import asyncio
from collections import Counter, deque


class NoTurn(TimeoutError):
    """No place was free in time. `own` tells that whoever asked had all that one may have."""

    def __init__(self, *, own: bool):
        super().__init__("no place was free in time")
        self.own = own


class Turns:
    """`places` in all, at most `each` for one. A place that becomes free goes to the next one who waits, and
    among those of one to who came first: somebody with a thousand requests delays others by one. Use it from
    one event loop."""

    def __init__(self, places: int, each: int):
        self._places = places
        self._each = each
        self._used: Counter[str] = Counter()
        self._total = 0
        # In the order of their turns.
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def take(self, who: str, patience: float | None = None, own_patience: float | None = None) -> None:
        """Have a place, within so many seconds or however long it takes; `give_back` ends that. Who has all
        that one may waits for oneself only, which may take as long as `own_patience`.

        Raises:
            NoTurn: there was none.
        """
        if who not in self._waiting and self._may(who):
            self._give(who)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        try:
            await asyncio.wait((turn,), timeout=patience)
            if not turn.done() and self._for_oneself(who) and own_patience is not None:
                await asyncio.wait((turn,), timeout=max(0.0, own_patience - (patience or 0.0)))
        except asyncio.CancelledError:
            self._leave(who, turn)
            raise
        if not turn.done():
            own = self._for_oneself(who)
            self._leave(who, turn)
            raise NoTurn(own=own)

    def give_back(self, who: str) -> None:
        """Leave the place to the next one."""
        self._used[who] -= 1
        self._total -= 1
        if not self._used[who]:
            del self._used[who]
        self._next()

    def _may(self, who: str) -> bool:
        return self._total < self._places and self._used[who] < self._each

    def _for_oneself(self, who: str) -> bool:
        """Whether only what one may have stands in the way of another place."""
        return self._used[who] >= self._each or self._total < self._places

    def _give(self, who: str) -> None:
        self._used[who] += 1
        self._total += 1

    def _next(self) -> None:
        for who in list(self._waiting):
            if self._may(who):
                queue = self._waiting.pop(who)
                turn = queue.popleft()
                if queue:
                    # Behind all others.
                    self._waiting[who] = queue
                self._give(who)
                turn.set_result(None)
                return

    def _leave(self, who: str, turn: asyncio.Future[None]) -> None:
        if turn.done():
            # The place came in the very moment that its taker gave up.
            self.give_back(who)
            return
        queue = self._waiting[who]
        queue.remove(turn)
        if not queue:
            del self._waiting[who]
