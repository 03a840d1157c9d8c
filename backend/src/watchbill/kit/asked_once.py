"""Asking somebody else once for all who want to know the same, and remembering the answer for a while."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Answer]):
    at: float
    answer: asyncio.Future[Answer]


class Asked(Generic[Answer]):
    """Answers by their keys. Who asks while somebody does already waits for the same answer. Use it from one
    event loop.

    Args:
        good_seconds: how long an answer is good.
        failed_seconds: how long a failure is: nobody asks again meanwhile, and everybody hears of it.
        most: how many answers are kept.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        *,
        good_seconds: float,
        failed_seconds: float,
        most: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._good, self._failed, self._most, self._clock = good_seconds, failed_seconds, most, clock
        self._kept: OrderedDict[str, _Kept[Answer]] = OrderedDict()

    async def ask(self, key: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer that is kept, or is on its way, or else is asked for now. Raises what `ask` raises.

        Who stops waiting does not stop the asking: others may want to know.
        """
        kept = self._kept.get(key)
        if kept is None or self._is_old(kept):
            kept = _Kept(self._clock(), asyncio.ensure_future(_of(ask)))
            kept.answer.add_done_callback(_heard)
            self._kept[key] = kept
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return await asyncio.shield(kept.answer)

    def forget(self, key: str, *, older_than: float = 0.0) -> bool:
        """Ask again next time, if the answer is that old in seconds; whether it was."""
        kept = self._kept.get(key)
        if kept is None or not kept.answer.done() or self._clock() - kept.at < older_than:
            return False
        del self._kept[key]
        return True

    def _is_old(self, kept: _Kept[Answer]) -> bool:
        if not kept.answer.done():
            return False
        failed = kept.answer.cancelled() or kept.answer.exception() is not None
        return self._clock() - kept.at >= (self._failed if failed else self._good)


async def _of(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    return await ask()


def _heard(answer: asyncio.Future[Answer]) -> None:
    """A failure that nobody waits for any more is no failure of ours."""
    if not answer.cancelled():
        answer.exception()
