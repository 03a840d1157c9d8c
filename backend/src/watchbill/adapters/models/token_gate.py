"""Passes the text of streamed answers on as it comes, gathered so that nobody is flooded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# Text that arrives within this many seconds of the last event is sent as one: nobody reads faster.
_GATHER_SECONDS = 0.03
# Of all answers together, so that hundreds of streams at once stay affordable.
_EVENTS_A_SECOND = 400


class TokenGate:
    """Passes text on at once, then at most every 30 ms, and less often when more than 12 answers stream at
    once. Lives on one event loop; to be used as a context manager, which at its end sends nothing more."""

    # Of this process, those that have sent something and have not ended.
    _streaming = 0

    def __init__(self, send: Callable[[str], None]):
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._held: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._open_at: float | None = None

    def __enter__(self) -> TokenGate:
        return self

    def __exit__(self, *_: object) -> None:
        self._discard_timer()
        if self._open_at is not None:
            TokenGate._streaming -= 1

    def push(self, text: str) -> None:
        """Send the text now or with what follows shortly."""
        self._held.append(text)
        if self._timer is None:
            wait = 0.0 if self._open_at is None else self._open_at - self._loop.time()
            if wait <= 0:
                self.flush()
            else:
                self._timer = self._loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Send what is held."""
        self._discard_timer()
        if self._held:
            text, self._held = "".join(self._held), []
            if self._open_at is None:
                TokenGate._streaming += 1
            self._open_at = self._loop.time() + gather_seconds(TokenGate._streaming)
            self._send(text)

    def _discard_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def gather_seconds(streams: int) -> float:
    """How long text may wait for more of it while so many answers stream."""
    return max(_GATHER_SECONDS, streams / _EVENTS_A_SECOND)
