"""What no table could hold in the address or the JSON of a request: found before any route runs."""

from __future__ import annotations

import asyncio

from starlette.types import Scope

from watchbill.core.errors import FieldError, InvalidInput, WatchbillError
from watchbill.core.json_size import TooManyValues, demand_few_values
from watchbill.core.json_text import NotExact, json_of_bytes, read_exactly, refusal

# Smaller ones are read in about a millisecond.
_SMALL_BYTES = 32 * 1024


def bad_address(scope: Scope) -> WatchbillError | None:
    """What is wrong with the path or the query string, if anything is."""
    if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
        return InvalidInput("The address contains a NUL character.", code="nul_character")
    return None


async def bad_json(content_type: str, body: bytes, turn: asyncio.Semaphore) -> WatchbillError | None:
    """What a JSON body holds that could not be kept as it is, if anything. Broken JSON is the route's to
    refuse. Large ones are read one after the other: a thread for each would leave the event loop a small part
    of the time, and nobody has said yet who asks."""
    # A body without a type may be read as JSON too.
    if content_type.strip() and "json" not in content_type.lower():
        return None
    if len(body) <= _SMALL_BYTES:
        return _fault(body)
    async with turn:
        return await asyncio.to_thread(_fault, body)


def _fault(body: bytes) -> WatchbillError | None:
    try:
        demand_few_values(body)
    except TooManyValues as error:
        text = f"The body is too much: {error}."
        return InvalidInput(
            text, code="too_many_values", errors=(FieldError(("body",), "too_many_values", text),)
        )
    try:
        text = json_of_bytes(body)
    except ValueError:
        return InvalidInput("The body is not UTF-8, as JSON is.", code="json_encoding")
    try:
        read_exactly(text)
    except NotExact as fault:
        return refusal(fault, ("body",), "The body")
    except ValueError:
        return None
    return None
