"""What would hold up the event loop, such as reading megabytes of JSON: done in a thread, in turns."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

from watchbill.core.errors import TooManyRequests
from watchbill.kit.database.waits import about_to_await
from watchbill.kit.limits.turns import NoTurn, Turns

Result = TypeVar("Result")
_PATIENCE_SECONDS = 30.0
# A thread shares the interpreter with the event loop. So whoever has much to read has a fifth of it at most.
_REST = 4.0
_LONGEST_REST = 2.0
_EVERYBODY = 2**31
_RETRY_SECONDS = 5
_MOST_WAITING = 100


class Aside:
    """One piece of work at a time, as two would only share the interpreter, and one in a row of each who
    asks: then others have their turns, and that one rests. Each piece must be bounded by what it works on, as
    nothing ends a thread. Use it from one event loop.

    Args:
        patience: seconds to wait for the end of one's other pieces.
        waiting: pieces of one tenant or address that may be there at a time.
        rest: how long one waits for the next turn, as a multiple of what the last piece took.
    """

    def __init__(
        self,
        *,
        patience: float = _PATIENCE_SECONDS,
        waiting: int = _MOST_WAITING,
        rest: float = _REST,
    ):
        # Of each one piece is with the thread, which takes them in their order.
        self._turns = Turns(_EVERYBODY, 1)
        self._patience = patience
        self._most = waiting
        self._rest = rest
        self._there: Counter[str] = Counter()
        self._thread: ThreadPoolExecutor | None = None

    async def run(self, who: str, work: Callable[..., Result], *args: Any) -> Result:
        """What the work gives. It is done to its end, also when nobody waits for it any more.

        Args:
            who: the tenant (the hex digits of its id) or address whose turn it takes.

        Raises:
            TooManyRequests: too much of theirs waits, or has waited too long, or nothing is begun any more.
        """
        about_to_await("Work in a thread")
        if self._there[who] >= self._most:
            raise _too_many()
        self._there[who] += 1
        try:
            await self._turns.take(who, self._patience)
        except NoTurn as error:
            self._leave(who)
            raise _too_many() from error
        except asyncio.CancelledError:
            self._leave(who)
            raise
        try:
            doing = self._begin(who, partial(work, *args))
        except RuntimeError as error:
            # It is closed, or the system gives no thread.
            self._leave(who)
            self._turns.give_back(who)
            raise _too_many() from error
        result, _ = await asyncio.shield(doing)
        return result

    def close(self) -> None:
        """Begin nothing more."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _begin(self, who: str, work: Callable[[], Result]) -> asyncio.Future[tuple[Result, float]]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        doing = asyncio.get_running_loop().run_in_executor(self._thread, _timed, work)
        # The turn ends with the work, whoever has given up.
        doing.add_done_callback(partial(self._done, who))
        return doing

    def _done(self, who: str, doing: asyncio.Future[tuple[Any, float]]) -> None:
        self._leave(who)
        # An error is told to whoever waits, if anybody does; what raises has read little.
        done = not doing.cancelled() and doing.exception() is None
        rest = self._rest * doing.result()[1] if done else 0.0
        asyncio.get_running_loop().call_later(min(rest, _LONGEST_REST), self._turns.give_back, who)

    def _leave(self, who: str) -> None:
        self._there[who] -= 1
        if not self._there[who]:
            del self._there[who]


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What it gives, and the seconds that it took."""
    begun = perf_counter()
    return work(), perf_counter() - begun


def _too_many() -> TooManyRequests:
    return TooManyRequests(
        f"Too many of your requests wait to be read. Try again in {_RETRY_SECONDS} s.",
        retry_after=_RETRY_SECONDS,
        code="too_many_at_once",
    )


async def aside_of(connection: HTTPConnection) -> Aside:
    """What the app has in its state."""
    return connection.app.state.aside
