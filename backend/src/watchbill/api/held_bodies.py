"""How much of large bodies is held at a time: they wait for their turn to be read, and all that wait have to
fit into the memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager

from watchbill.core.errors import TooManyRequests

# Bytes. Of those that are smaller nobody keeps count.
SMALL = 64 * 1024
_MOST_OWN = 32 * 1024 * 1024
_MOST_OF_ALL = 256 * 1024 * 1024
_RETRY_SECONDS = 5


class HeldBodies:
    """Counts bytes of large bodies for each tenant or address. Use it from one event loop.

    Args:
        own: so many bytes one may have here.
        most: so many all may have; beyond them only who has less than an equal share may have more.
    """

    def __init__(self, own: int = _MOST_OWN, most: int = _MOST_OF_ALL):
        self._own = own
        self._most = most
        self._held: Counter[str] = Counter()

    @contextmanager
    def body(self, whose: Callable[[], str]) -> Generator[Callable[[int], None]]:
        """A block that holds one body; it gives what to call with the number of bytes whenever some have
        come, which raises TooManyRequests where they are too many. `whose` is asked for large ones."""
        size, who = 0, None

        def come(more: int) -> None:
            nonlocal size, who
            size += more
            if size <= SMALL:
                return
            self._held[who := who or whose()] += more if size - more > SMALL else size
            if not self._has_room(who):
                raise TooManyRequests(
                    "You send too many large requests at once; send them one after the other."
                    f" Try again in {_RETRY_SECONDS} s.",
                    retry_after=_RETRY_SECONDS,
                    code="too_many_at_once",
                )

        try:
            yield come
        finally:
            if who is not None:
                self._held[who] -= size
                self._held += Counter()  # forgets who has none

    def _has_room(self, who: str) -> bool:
        own = self._held[who]
        full = self._held.total() > self._most
        return own <= self._own and not (full and own > self._most // len(self._held))
