"""What each operation answered, over a whole run of Schemathesis: kept in its process, read in ours."""

from __future__ import annotations

import atexit
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

# Where Schemathesis's process writes to at its end.
VARIABLE = "FUZZ_STATUSES"
_seen: defaultdict[str, set[int]] = defaultdict(set)


def note(operation: str, status: int) -> None:
    """Remember an answer."""
    if not _seen:
        atexit.register(_write)
    _seen[operation].add(status)


def read(file: Path) -> dict[str, set[int]]:
    """The statuses of a run by operation, as in `GET /api/v1/flows`."""
    return {operation: set(statuses) for operation, statuses in json.loads(file.read_text("utf-8")).items()}


def succeeded(statuses: dict[str, set[int]]) -> set[str]:
    """The operations that answered 2xx or 3xx at least once."""
    return {operation for operation, seen in statuses.items() if any(200 <= status < 400 for status in seen)}


def without_request(text: str) -> Any:
    """An answer without the request's own id, to be compared with that to another request."""
    try:
        answer = json.loads(text)
    except ValueError:
        return text
    return (
        {name: value for name, value in answer.items() if name != "request_id"}
        if isinstance(answer, dict)
        else answer
    )


def _write() -> None:
    found = {operation: sorted(statuses) for operation, statuses in sorted(_seen.items())}
    Path(os.environ[VARIABLE]).write_text(json.dumps(found), "utf-8")
