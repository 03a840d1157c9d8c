"""Counting what the documents did not take while they were away, and saying so once a minute."""

from __future__ import annotations

import math
import time
from collections import Counter

import structlog

logger = structlog.get_logger(__name__)
_LOG_EVERY_SECONDS = 60.0


class Losses:
    """What a worker missed or had to put off for documents that did not answer, since its start. `counts` has
    events of traces and exchanges that were missed, and how often large outputs were tried again and
    executions put off."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._logged_at = -math.inf
        self._told = True

    def note(self, reason: Exception, **counts: int) -> None:
        """Count, and log it all unless that was done within the last minute."""
        self.counts.update(counts)
        self._told = False
        if time.monotonic() - self._logged_at >= _LOG_EVERY_SECONDS:
            self._log(str(reason))

    def over(self) -> None:
        """The documents answer again: log what was not told yet."""
        if not self._told:
            self._log("They answer again.")

    def _log(self, reason: str) -> None:
        self._logged_at, self._told = time.monotonic(), True
        logger.warning("documents_not_written", reason=reason, **self.counts)
