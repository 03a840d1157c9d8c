"""Noting something that may happen often only now and then."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MOST = 10_000


class Seldom:
    """Says of each thing whether it is the first in so many seconds. Use it from one event loop."""

    def __init__(self, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic):
        self._seconds, self._clock = seconds, clock
        self._seen: OrderedDict[Hashable, float] = OrderedDict()

    def first(self, what: Hashable) -> bool:
        """Whether this was not said within the time; then it is from now on."""
        now = self._clock()
        if now - self._seen.get(what, float("-inf")) < self._seconds:
            return False
        self._seen[what] = now
        self._seen.move_to_end(what)
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        return True
