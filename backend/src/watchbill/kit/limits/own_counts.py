"""Attempts that a process counts by itself, in its own memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_MOST = 20_000


@dataclass(slots=True)
class _Window:
    until: float
    count: int = 0


class OwnCounts:
    """How many attempts there were in a window that begins with the first. Of those counted, the last `most`
    are known: who makes room by counting others is held up by what each of these takes.

    Args:
        clock: seconds that only rise.
    """

    def __init__(self, *, most: int = _MOST, clock: Callable[[], float] = time.monotonic):
        self._most = most
        self._clock = clock
        self._windows: OrderedDict[Hashable, _Window] = OrderedDict()

    def count(self, key: Hashable, amount: int, seconds: float) -> bool:
        """Count an attempt; False when it is more than `amount` in so many seconds, and is not counted."""
        if not self.left(key, amount):
            return False
        window = self._known(key)
        if window is None:
            window = self._windows[key] = _Window(self._clock() + seconds)
        window.count += 1
        self._windows.move_to_end(key)
        if len(self._windows) > self._most:
            self._windows.popitem(last=False)
        return True

    def left(self, key: Hashable, amount: int) -> bool:
        """Whether there were fewer than `amount`."""
        window = self._known(key)
        return window is None or window.count < amount

    def wait(self, key: Hashable) -> int:
        """Seconds until another window begins, at least 1."""
        window = self._known(key)
        return 1 if window is None else max(1, math.ceil(window.until - self._clock()))

    def forget(self, key: Hashable) -> None:
        """Begin to count anew."""
        self._windows.pop(key, None)

    def _known(self, key: Hashable) -> _Window | None:
        window = self._windows.get(key)
        if window is not None and window.until <= self._clock():
            del self._windows[key]
            return None
        return window
