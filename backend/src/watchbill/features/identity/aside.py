"""What would hold up the event loop, such as reading megabytes of JSON: done in a thread, in turns."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

from watchbill.core.errors import TooManyRequests, Unavailable
from watchbill.kit.turns import NoTurn, Turns
from watchbill.kit.waits import about_to_await

Result = TypeVar("Result")
_PATIENCE_SECONDS = 30.0
_RETRY_SECONDS = 5
_MOST_WAITING = 100


class Aside:
    """One piece of work at a time, as two would only share the interpreter; whoever asks for more waits for
    the others' turns. Each piece must be bounded by what it works on, as nothing ends a thread. Use it from
    one event loop.

    Args:
        patience: seconds to wait for a turn.
        waiting: pieces of one tenant or address that may be there at a time.
    """

    def __init__(self, *, patience: float = _PATIENCE_SECONDS, waiting: int = _MOST_WAITING):
        self._turns = Turns(1, 1)
        self._patience = patience
        self._most = waiting
        self._there: Counter[str] = Counter()
        self._thread: ThreadPoolExecutor | None = None

    async def run(self, who: str, work: Callable[..., Result], *args: Any) -> Result:
        """What the work gives. It is done to its end, also when nobody waits for it any more.

        Args:
            who: the tenant (the hex digits of its id) or address whose turn it takes.

        Raises:
            TooManyRequests: too much of theirs waits.
            Unavailable: others had all turns for too long.
        """
        about_to_await("Work in a thread")
        if self._there[who] >= self._most:
            raise _too_many()
        self._there[who] += 1
        try:
            await self._turns.take(who, self._patience)
        except NoTurn as error:
            self._leave(who)
            if error.own:
                raise _too_many() from error
            text = "Too much is being read at the moment. Try again in some seconds."
            raise Unavailable(text, code="too_busy") from error
        except asyncio.CancelledError:
            self._leave(who)
            raise
        return await asyncio.shield(self._begin(who, work, args))

    def close(self) -> None:
        """Begin nothing more."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _begin(self, who: str, work: Callable[..., Result], args: tuple[Any, ...]) -> asyncio.Future[Result]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        doing = asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args))
        # The turn ends with the work, whoever has given up.
        doing.add_done_callback(partial(self._done, who))
        return doing

    def _done(self, who: str, doing: asyncio.Future[Any] | Future[Any]) -> None:
        self._turns.give_back(who)
        self._leave(who)
        if not doing.cancelled():
            # Told to whoever waits, if anybody does.
            doing.exception()

    def _leave(self, who: str) -> None:
        self._there[who] -= 1
        if not self._there[who]:
            del self._there[who]


def _too_many() -> TooManyRequests:
    return TooManyRequests(
        f"Too many large bodies of yours wait to be read. Try again in {_RETRY_SECONDS} s.",
        retry_after=_RETRY_SECONDS,
        code="too_many_at_once",
    )


async def aside_of(connection: HTTPConnection) -> Aside:
    """What the app has in its state."""
    return connection.app.state.aside
