"""The address and the JSON of a request, looked at before any route: what no table could hold is refused."""

from __future__ import annotations

from collections.abc import Callable
from json import JSONDecodeError

from starlette.types import Scope

from watchbill.core.errors import FieldError, InvalidInput, WatchbillError
from watchbill.core.json.size import TooManyValues, demand_few_values
from watchbill.core.json.text import NotExact, json_of_bytes, read_exactly, refusal
from watchbill.features.identity.aside import Aside
from watchbill.kit.requests.bodies import Read

# Smaller ones are read in about a millisecond.
_SMALL_BYTES = 32 * 1024


def bad_address(scope: Scope) -> WatchbillError | None:
    """What is wrong with the path or the query string, if anything is."""
    if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
        return InvalidInput("The address contains a NUL character.", code="nul_character")
    return None


async def read_json(
    content_type: str, body: bytes, aside: Aside, who: Callable[[], str]
) -> Read | WatchbillError | None:
    """A JSON body as it was read, broken or not; or what it holds that could not be kept as it is, or that
    too many wait to be read. None for what is not JSON. Large ones are read aside, in turns of `who()`."""
    # A body without a type may be read as JSON too.
    if content_type.strip() and "json" not in content_type.lower():
        return None
    if len(body) <= _SMALL_BYTES:
        return _read(body)
    try:
        return await aside.run(who(), _read, body)
    except WatchbillError as error:
        return error


def _read(body: bytes) -> Read | WatchbillError:
    try:
        demand_few_values(body)
    except TooManyValues as error:
        text = f"The body is too large: {error}."
        return InvalidInput(
            text, code="too_many_values", errors=(FieldError(("body",), "too_many_values", text),)
        )
    try:
        text = json_of_bytes(body)
    except ValueError:
        return InvalidInput("The body is not UTF-8, which JSON must be.", code="json_encoding")
    try:
        return Read(read_exactly(text))
    except NotExact as fault:
        return refusal(fault, ("body",), "The body")
    except JSONDecodeError as error:
        return Read(broken=error)
