"""Which providers are left alone for a while after they failed, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID


class CoolDown:
    """Remembers until when each provider cools down; a cooling provider is tried last, not never."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._until: dict[UUID, float] = {}

    def start(self, provider: UUID, seconds: float) -> None:
        """Leave the provider alone for that long."""
        self._until[provider] = self._clock() + seconds

    def clear(self, provider: UUID) -> None:
        """It answered: stop cooling."""
        self._until.pop(provider, None)

    def active(self, provider: UUID) -> bool:
        """Whether the provider is cooling down."""
        return self._until.get(provider, 0.0) > self._clock()
