"""Keeping sequence numbers gapless when a worker died between giving a number out and writing its event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from watchbill.core.events import Log

# Which of the two it was is not known: the stores look the same afterwards.
_MISSING = "A trace event is missing here: its time was over, or its worker stopped before it was stored."

_TOO_LARGE = "A trace event was too large to be stored."


def lost_traces(after: int, last_seq: int, present: Iterable[int]) -> dict[int, dict[str, Any]]:
    """For each number above `after` and up to last_seq that no store holds, the document that says so."""
    known = set(present)
    body = {"node_id": None} | _log(_MISSING)
    return {seq: {"seq": seq, **body} for seq in range(after + 1, last_seq + 1) if seq not in known}


def too_large(body: Mapping[str, Any]) -> dict[str, Any]:
    """The document that stands where the one of a larger event would."""
    return {**body, **_log(_TOO_LARGE)}


def _log(message: str) -> dict[str, Any]:
    data = Log(level="warning", message=message)
    return {"type": "log", "data": data.model_dump(mode="json", exclude={"type"})}
