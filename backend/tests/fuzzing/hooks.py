"""What keeps cases from waiting: loaded by Schemathesis in its own process."""

from __future__ import annotations

from typing import Any

import schemathesis

# So long may a case have its answer held back; the API itself allows minutes.
_MOST_SECONDS = 1


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """Cut short what asks to wait for the end of an execution."""
    for part in _parts(body):
        seconds = part.get("wait_seconds")
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > _MOST_SECONDS:
            part["wait_seconds"] = _MOST_SECONDS
    return body


def _parts(body: Any) -> list[dict[str, Any]]:
    """Where a body may say how long to wait."""
    if not isinstance(body, dict):
        return []
    return [part for part in (body.get("options"), body.get("webhook")) if isinstance(part, dict)]
