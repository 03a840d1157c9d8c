"""How many of something that stays open, or takes long, one person, one tenant or one address has at a time.

The counts are those of one process, so a process that dies takes its own along.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """At most `most` places under a name ("person", "tenant") for one key; 0 is any number."""

    name: str
    key: str
    most: int


class Full(Exception):
    """All places of a share are taken."""

    def __init__(self, share: Share):
        super().__init__(share)
        self.share = share


class Places:
    """Counts who has how many."""

    def __init__(self) -> None:
        self._taken: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def place(self, *shares: Share) -> Generator[None]:
        """Have a place of each of these for as long as the block lasts, or of none.

        Raises:
            Full: one has none left.
        """
        for share in shares:
            if share.most and self._taken[share.name, share.key] >= share.most:
                raise Full(share)
        for share in shares:
            self._taken[share.name, share.key] += 1
        try:
            yield
        finally:
            for share in shares:
                self._taken[share.name, share.key] -= 1
                if not self._taken[share.name, share.key]:
                    del self._taken[share.name, share.key]

    @property
    def taken(self) -> int:
        """How many places are taken, of all shares together."""
        return self._taken.total()
