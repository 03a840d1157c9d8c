"""How long a call may take: until the first of an answer, between its pieces, and in all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

# So long a server may keep a stream open after it said that the answer is over.
_TAIL_SECONDS = 5.0

Waited = Literal["first", "silence", "total"]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds. `first_token` counts from sending the question until anything of the answer arrives, or all of
    one that is not streamed; `silence` between two pieces of the answer, and what says nothing does not
    count as one; `total` is for all of it."""

    first_token: float = 120.0
    silence: float = 60.0
    total: float = 3600.0


class Patience:
    """A block that ends with TimeoutError when one of the limits is over; `waited` then tells which."""

    def __init__(self, limits: TimeLimits):
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._end = self._began + limits.total
        self._waiting: Waited = "total" if limits.total <= limits.first_token else "first"
        self._timeout = asyncio.timeout_at(min(self._end, self._loop.time() + limits.first_token))

    async def __aenter__(self) -> Patience:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._timeout.__aexit__(kind, error, trace)

    def heard(self) -> None:
        """A piece of the answer arrived."""
        self._wait("silence", self._limits.silence)

    def over(self) -> None:
        """The answer is over, and only the end of the transfer is missing."""
        self._wait("silence", min(self._limits.silence, _TAIL_SECONDS))

    @property
    def seconds(self) -> float:
        """How long it has been so far."""
        return self._loop.time() - self._began

    @property
    def waited(self) -> Waited:
        """What was waited for."""
        return self._waiting

    def _wait(self, what: Waited, seconds: float) -> None:
        if not self._timeout.expired():
            until = self._loop.time() + seconds
            self._waiting = "total" if self._end <= until else what
            self._timeout.reschedule(min(self._end, until))
