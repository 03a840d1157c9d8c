"""What Schemathesis loads into its process: ids that exist, cases that do not wait, what was answered."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import schemathesis

from tests.fuzzing import statuses
from tests.fuzzing.ground import Ground
from tests.fuzzing.statuses import without_request

# So long may a case have its answer held back; the API itself allows minutes.
_MOST_SECONDS = {"options": 0.2, "webhook": 1}
# With these made up no request reaches the API: the server before it refuses it, or waits for a body.
_FRAMING = {"content-length", "transfer-encoding"}
_ground = Ground.from_environment()


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """Cut short what asks to wait for the end of an execution."""
    for name, most in _MOST_SECONDS.items():
        part = body.get(name) if isinstance(body, dict) else None
        if not isinstance(part, dict):
            continue
        seconds = part.get("wait_seconds", 30 if part.get("answer") == "result" else 0)
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > most:
            part["wait_seconds"] = most
    return body


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: Any, _kwargs: dict[str, Any]) -> None:
    """Let a case arrive, and be about what exists where what it says of that is valid anyway."""
    for name in [name for name in case.headers or () if name.lower() in _FRAMING]:
        del case.headers[name]
    valid = {
        location.value
        for location, part in (case.meta.components if case.meta else {}).items()
        if part.mode.is_positive
    }
    _ground.before(case, valid)


@schemathesis.hook
def after_call(_context: schemathesis.HookContext, case: Any, response: Any) -> None:
    """Keep what was answered, and notice what there is now and what no longer."""
    statuses.note(case.operation.label, response.status_code)
    _ground.after(case.method, case.path, response)


@schemathesis.check
def nothing_of_other_tenants(_context: Any, response: Any, _case: Any) -> None:
    """An id of another tenant answers just like one that nothing has."""
    request = response.request
    body: bytes = request.body.encode() if isinstance(request.body, str) else request.body or b""
    # Bytes that are no text must stay as they are.
    url, text = request.url, body.decode("utf-8", "surrogateescape")
    strange = _ground.ids.strange(f"{url} {text}")
    if not strange:
        return
    nobodys = [str(uuid4()) for _ in strange]
    for id_, other in zip(strange, nobodys, strict=True):
        url, text = url.replace(id_, other), text.replace(id_, other)
    body = text.encode("utf-8", "surrogateescape")
    headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
    answer = httpx.request(request.method, url, content=body, headers=headers, timeout=60)
    told = answer.text
    for id_, other in zip(strange, nobodys, strict=True):
        told = told.replace(other, id_)
    same = answer.status_code == response.status_code and without_request(told) == without_request(
        response.text
    )
    assert same, f"{answer.status_code} {told}\nis what an id that nothing has gets, and this one got\n" + (
        f"{response.status_code} {response.text}"
    )
