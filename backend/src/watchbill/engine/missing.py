"""What the documents miss: it is counted and logged, and notes stand in the trace where an event is gone."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from watchbill.core.events import Log

logger = structlog.get_logger(__name__)
_LOG_EVERY_SECONDS = 60.0
# Which of the two it was is not known: the stores look the same afterwards.
_MISSING = "A trace event is missing here: it was deleted after its time, or its worker stopped too early."
_TOO_LARGE = "A trace event was too large to be stored."


class Missing:
    """What a worker missed or had to put off for documents that did not answer, since its start. `counts` has
    documents that were missed, by collection, and how often large outputs were tried again and executions
    put off."""

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

    def tell(self, reason: str) -> None:
        """Log what was not told yet."""
        if not self._told:
            self._log(reason)

    def _log(self, reason: str) -> None:
        self._logged_at, self._told = time.monotonic(), True
        logger.warning("documents_not_written", reason=reason, **self.counts)


def notes_of_missing(after: int, last_seq: int, present: Iterable[int]) -> dict[int, dict[str, Any]]:
    """For each number above `after` and up to last_seq that no store holds, the document that says so. Its
    worker died between giving the number out and writing the event."""
    known = set(present)
    body = {"node_id": None} | _log(_MISSING)
    return {seq: {"seq": seq, **body} for seq in range(after + 1, last_seq + 1) if seq not in known}


def note_of_too_large(body: Mapping[str, Any]) -> dict[str, Any]:
    """The document that stands where the one of a larger event would."""
    return {**body, **_log(_TOO_LARGE)}


def _log(message: str) -> dict[str, Any]:
    data = Log(level="warning", message=message)
    return {"type": "log", "data": data.model_dump(mode="json", exclude={"type"})}
