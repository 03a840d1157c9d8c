"""Why Watchbill cannot start: errors whose message is the one sentence a person reads."""

from __future__ import annotations


class CannotStart(RuntimeError):
    """Watchbill cannot start here. The message says why and what to do."""


class AlreadyRunning(CannotStart):
    """Another Watchbill runs on the data directory; `url` is where, once it listens."""

    def __init__(self, message: str, *, pid: int, url: str | None):
        super().__init__(message)
        self.pid = pid
        self.url = url
