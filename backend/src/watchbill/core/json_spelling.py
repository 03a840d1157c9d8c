"""Keeping how a stored value was written when a browser sends it back: it knows one kind of number, and an
order of keys of its own, so `7.0` comes back as `7`, and `{"b": 1, "2": 2}` with the `"2"` first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

import orjson

# What may come back otherwise. Most values have none of it.
_TELLING = re.compile(rb'\.0[,}\]]|\.0$|"\d+":')
# Such keys come first in a browser's objects, the smallest before the others.
_INDEX = re.compile(r"(?:0|[1-9]\d{0,9})\Z", re.ASCII)
_INDEXES = 2**32 - 1


def spelled_as(stored: Any, given: Any) -> Any:
    """The given JSON value, in which what a browser does not tell apart from the stored one is written as
    there. Steps and other things with an `id` are compared with those of the same."""
    return _spelled(stored, given) if _TELLING.search(orjson.dumps(stored)) else given


def _spelled(stored: Any, given: Any) -> Any:
    if isinstance(stored, dict) and isinstance(given, dict):
        return _object(cast("dict[str, Any]", stored), cast("dict[str, Any]", given))
    if isinstance(stored, list) and isinstance(given, list):
        return _list(cast("list[Any]", stored), cast("list[Any]", given))
    same = _is_number(stored) and _is_number(given) and stored == given
    return cast("Any", stored if same else given)


def _object(stored: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    found = {key: _spelled(stored[key], value) if key in stored else value for key, value in given.items()}
    if list(given) == _as_browsers_have(list(stored)):
        return {key: found[key] for key in stored}
    return found


def _list(stored: list[Any], given: list[Any]) -> list[Any]:
    named = {id_: one for one in stored if (id_ := _id(one)) is not None}
    found: list[Any] = []
    for index, value in enumerate(given):
        id_ = _id(value)
        same = stored[index] if index < len(stored) else None
        if _id(same) != id_ and id_ is not None:
            same = named.get(id_)
        found.append(_spelled(same, value))
    return found


def _id(value: Any) -> str | None:
    id_ = cast("dict[str, Any]", value).get("id") if isinstance(value, dict) else None
    return id_ if isinstance(id_, str) else None


def _as_browsers_have(keys: Sequence[str]) -> list[str]:
    first = [key for key in keys if _INDEX.match(key) and int(key) < _INDEXES]
    indexes = set(first)
    return sorted(first, key=int) + [key for key in keys if key not in indexes]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
