"""Keeping what was made of texts, the latest used, up to a total size: a number of entries says nothing about
the memory that they take."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Makes a thing of a text once. `make` gives the thing and its size; it is called outside of the lock, so
    that a long text stops nobody."""

    def __init__(self, make: Callable[[str], tuple[T, int]], most: int):
        self._make = make
        self._most = most
        self._total = 0
        self._lock = threading.Lock()
        self._things: OrderedDict[str, tuple[T, int]] = OrderedDict()

    @property
    def total(self) -> int:
        """The size of all that is kept."""
        return self._total

    def get(self, text: str) -> T:
        """The thing of this text; what `make` raises is not kept."""
        with self._lock:
            found = self._things.get(text)
            if found is not None:
                self._things.move_to_end(text)
                return found[0]
        thing, size = self._make(text)
        with self._lock:
            if text not in self._things and size <= self._most:
                self._things[text] = (thing, size)
                self._total += size
                while self._total > self._most:
                    _, (_, dropped) = self._things.popitem(last=False)
                    self._total -= dropped
        return thing
