"""Which providers are left alone for a while after they failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

_MOST_KNOWN = 10_000


class CoolDown:
    """Remembers until when each provider cools down; a cooling provider is tried last, not never.

    Args:
        tell: told of each cool-down that begins here, for other processes; what they tell comes to `start`.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[UUID, float], None] = lambda _provider, _seconds: None,
    ):
        self._clock = clock
        self._tell = tell
        self._until: dict[UUID, float] = {}

    def begin(self, provider: UUID, seconds: float) -> None:
        """It failed here: leave it alone for that long, everywhere."""
        known = self.active(provider)
        self.start(provider, seconds)
        if not known:
            # Hundreds of calls fail together; one word is enough.
            self._tell(provider, seconds)

    def start(self, provider: UUID, seconds: float) -> None:
        """Leave the provider alone for that long; a longer time that it was given before stays."""
        if len(self._until) >= _MOST_KNOWN:
            now = self._clock()
            self._until = {each: until for each, until in self._until.items() if until > now}
        self._until[provider] = max(self._clock() + seconds, self._until.get(provider, 0.0))

    def clear(self, provider: UUID) -> None:
        """It answered: stop cooling."""
        self._until.pop(provider, None)

    def active(self, provider: UUID) -> bool:
        """Whether the provider is cooling down."""
        return self._until.get(provider, 0.0) > self._clock()
