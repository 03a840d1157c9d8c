"""How many values JSON has, told before it is read: four megabytes of `[],` are a million lists, which take a
second and a hundred times their size."""

from __future__ import annotations

import re

MAX_VALUES = 200_000
# What begins a value or separates two, and texts, in which such signs mean nothing.
_PART = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{,:]', re.DOTALL)
_SIGNS = (b",", b"[", b"{", b":", b'"')


class TooManyValues(ValueError):
    """It has more than MAX_VALUES values; keys count too."""

    def __init__(self) -> None:
        super().__init__(f"it has more than {MAX_VALUES:,} values, keys included")


def demand_few_values(raw: bytes) -> None:
    """Let in what can be read in some hundredths of a second. It looks at each byte once, and stops where
    there are too many; what is not JSON is no matter.

    Raises:
        TooManyValues: it has more.
    """
    if sum(map(raw.count, _SIGNS)) <= MAX_VALUES:
        return
    signs = texts = 0
    # A loop of Python's lets other threads go on beside it, as a pattern that counts by itself does not.
    for part in _PART.finditer(raw):
        if raw[part.start()] == 34:
            texts += 1
        else:
            signs += 1
        if signs > MAX_VALUES or texts > MAX_VALUES:
            raise TooManyValues
