"""Keeping sequence numbers gapless when a worker died between giving a number out and writing its event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watchbill.core.events import Log

# Which of the two it was is not known: the stores look the same afterwards.
_MISSING = "A trace event is missing here: its time was over, or its worker stopped before it was stored."


def lost_traces(last_seq: int, present: Iterable[int]) -> dict[int, dict[str, Any]]:
    """For each number up to last_seq that no store holds, the document that says so."""
    known = set(present)
    data = Log(level="warning", message=_MISSING)
    body = {"type": "log", "node_id": None, "data": data.model_dump(mode="json", exclude={"type"})}
    return {seq: {"seq": seq, **body} for seq in range(1, last_seq + 1) if seq not in known}
