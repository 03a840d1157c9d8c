"""Making any JSON storable: PostgreSQL's holds neither NUL nor lone surrogates, and numbers beyond 64 bits do
not survive every reader.

Mending is allowed only where something is told of and nothing goes on with it: logs, traces, exchanges, the
events around a node's output. And in a model's text, which was paid for. Whatever comes in or is passed on is
refused instead, by core.json.text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import orjson


def clean(value: Any) -> Any:
    """A copy of the JSON value with NUL and lone surrogates replaced by U+FFFD, larger integers and keys that
    are no text as text, and null where a number is none."""
    try:
        # Almost nothing has anything to be cleaned, and a list of a million numbers takes seconds below.
        raw = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except orjson.JSONEncodeError:
        return _each(value)
    return _each(value) if b"\\u0000" in raw else orjson.loads(raw)


def _each(value: Any) -> Any:
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {
            _each(key if isinstance(key, str) else str(key)): _each(item)
            for key, item in cast("Mapping[Any, Any]", value).items()
        }
    if isinstance(value, list | tuple):
        return [_each(item) for item in cast("list[Any]", value)]
    return value


def _storable(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def mended(text: str) -> str:
    """The text with NUL and halves of surrogate pairs replaced by U+FFFD."""
    if _storable(text):
        return text
    return "".join("\ufffd" if char == "\x00" or "\ud800" <= char <= "\udfff" else char for char in text)
