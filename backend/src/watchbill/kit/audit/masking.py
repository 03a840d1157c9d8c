"""What of a value may stand in the audit log: no secrets, and nothing endless."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson

from watchbill.kit.secrets.masking import HARMLESS_HEADERS, MASK, Masking, is_secret

_LONGEST = 4096
_DEEPEST = 12
# Of what is looked through at all: more is longer than 4 KiB as JSON, unless nearly all of it is hidden.
_MOST_PARTS = 8192
_MOST_TEXT = 64 * 1024
_MASKING = Masking(longest=_LONGEST)


def masked(name: str, value: Any) -> Any:
    """A column's value as JSON, with what its name or the names inside it call secret hidden, and what looks
    so in texts and addresses; with a digest in place of what is longer than 4 KiB."""
    if value not in (None, True, False) and is_secret(name):
        return MASK
    if _is_long(value):
        return _digest(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))
    plain = _plain(value, _DEEPEST)
    if isinstance(plain, str | list | dict):
        text = orjson.dumps(plain)
        return _digest(text) if len(text) > _LONGEST else _MASKING.json(plain)
    return plain


def _digest(text: bytes) -> dict[str, Any]:
    return {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def _is_long(value: Any) -> bool:
    """Whether a value is longer than may be, whatever is hidden in it: it has so many parts, or so much text.
    To look for secrets in megabytes would take half a second."""
    left, waiting = _MOST_PARTS, [value]
    size = 0
    while waiting:
        held = waiting.pop()
        left -= 1
        if isinstance(held, str):
            size += len(held)
        elif isinstance(held, Mapping):
            fields = cast("Mapping[Any, Any]", held)
            left -= len(fields)
            waiting += () if left < 0 else fields.values()
        elif isinstance(held, list | tuple | set | frozenset):
            items = cast("list[Any]", held)
            waiting += () if len(items) > left else items
            left -= len(items)
        if left < 0 or size > _MOST_TEXT:
            return True
    return False


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth == 0:
        return "..."
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        return {str(name): _field(str(name), inner, depth - 1) for name, inner in fields.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, depth - 1) for inner in cast("list[Any]", value)]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID | bytes):
        return str(value) if isinstance(value, UUID) else f"{len(value)} bytes"
    return str(value)


def _field(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if is_secret(name):
        return MASK
    if name.lower() == "headers" and isinstance(value, Mapping):
        headers = cast("Mapping[Any, Any]", value)
        return {
            str(header): _plain(text, depth) if str(header).lower() in HARMLESS_HEADERS else MASK
            for header, text in headers.items()
        }
    return _plain(value, depth)
