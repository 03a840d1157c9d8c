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

    async def take(self, who: str, patience: float) -> None:
        """Have a place, within so many seconds; `give_back` ends that.

        Raises:
            NoTurn: there was none.
        """
        if who not in self._waiting and self._may(who):
            self._give(who)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        try:
            async with asyncio.timeout(patience):
                await turn
        except TimeoutError:
            self._leave(who, turn)
            # With places left for others, only what one may have stood in the way.
            raise NoTurn(own=self._used[who] >= self._each or self._total < self._places) from None
        except asyncio.CancelledError:
            self._leave(who, turn)
            raise

    def give_back(self, who: str) -> None:
        """Leave the place to the next one."""
        self._used[who] -= 1
        self._total -= 1
        if not self._used[who]:
            del self._used[who]
        self._next()

    def _may(self, who: str) -> bool:
        return self._total < self._places and self._used[who] < self._each

    def _give(self, who: str) -> None:
        self._used[who] += 1
        self._total += 1

    def _next(self) -> None:
        for who in list(self._waiting):
            if self._may(who) and (turn := self._first(who)):
                self._give(who)
                turn.set_result(None)
                return

    def _first(self, who: str) -> asyncio.Future[None] | None:
        """Whose turn of one's it is. Those who gave up and had no time yet to leave are passed over."""
        queue = self._waiting.pop(who)
        while queue and queue[0].done():
            queue.popleft()
        turn = queue.popleft() if queue else None
        if queue:
            # Behind all others.
            self._waiting[who] = queue
        return turn

    def _leave(self, who: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            # The place came in the very moment that its taker gave up.
            self.give_back(who)
            return
        queue = self._waiting.get(who)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[who]
