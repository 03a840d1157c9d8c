"""Text that JSON allows and PostgreSQL does not: found before any route runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from pydantic_core import from_json
from starlette.types import Scope

from watchbill.core.errors import FieldError, InvalidInput, WatchbillError

_LARGEST = 2**63 - 1
# Most bodies have none of these and need no second reading: an escaped NUL or surrogate, a number too long
# for 64 bits, a word that Python takes for a number.
_SUSPICIOUS = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|\d{19}|NaN|Infinity|\d[eE]\+?\d{3}")


def bad_address(scope: Scope) -> WatchbillError | None:
    """What is wrong with the path or the query string, if anything is."""
    if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
        return InvalidInput("The address contains a NUL character.", code="nul_character")
    return None


def bad_json(content_type: str, body: bytes) -> WatchbillError | None:
    """What a JSON body holds that cannot be stored, if anything. Broken JSON is the route's to refuse."""
    # A body without a type may be read as JSON too.
    if content_type.strip() and "json" not in content_type.lower():
        return None
    try:
        value = from_json(body)
        suspicious = _SUSPICIOUS.search(body) is not None
    except ValueError as error:
        if "recursion limit" in str(error):
            return InvalidInput("The body is nested too deeply.", code="too_deep")
        # The routes' parser is more lenient than this one: halves of surrogate pairs get through it.
        value, suspicious = _lenient(body), True
    if not suspicious:
        return None
    errors = tuple(_unfit(value))[:20]
    return InvalidInput(errors[0].message, errors=errors) if errors else None


def _lenient(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _unfit(root: Any) -> Iterator[FieldError]:
    stack: list[tuple[tuple[str | int, ...], Any]] = [(("body",), root)]
    while stack:
        loc, value = stack.pop()
        if isinstance(value, dict):
            for key, item in cast("dict[str, Any]", value).items():
                if fault := _fault(key):
                    yield FieldError(loc, *fault)
                else:
                    stack.append(((*loc, key), item))
        elif isinstance(value, list):
            stack.extend(((*loc, index), item) for index, item in enumerate(cast("list[Any]", value)))
        elif fault := _fault(value):
            yield FieldError(loc, *fault)


def _fault(value: Any) -> tuple[str, str] | None:
    if isinstance(value, str):
        if "\x00" in value:
            return "nul_character", "Text may not contain the NUL character."
        try:
            value.encode()
        except UnicodeEncodeError:
            return "lone_surrogate", "Text may not contain half of a surrogate pair."
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "not_finite", "Numbers must be finite."
    elif isinstance(value, int) and not isinstance(value, bool) and not -_LARGEST - 1 <= value <= _LARGEST:
        return "number_too_large", "Whole numbers must fit in 64 bits."
    return None
