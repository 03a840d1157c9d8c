"""What of a value may stand in the audit log: no secrets, and nothing endless."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

MASK = "[hidden]"
# Names of columns and of keys inside JSON. Hints and hashes of keys are no use to readers either.
_SECRET = re.compile(
    r"password|passphrase|secret|sealed|token(?!s$|_count)|credential|authorization|cookie|private|signature"
    r"|_hash$|(^|[_-])(api[_-]?)?key$",
    re.IGNORECASE,
)
_LONGEST = 4096
_DEEPEST = 12


def is_secret(name: str) -> bool:
    """Whether the name of a column or field calls its value secret."""
    return _SECRET.search(name) is not None


def masked(name: str, value: Any) -> Any:
    """A column's value as JSON, with what its name or the names inside it call secret hidden, and with a
    digest in place of what is longer than 4 KiB."""
    plain = _plain(name, value, _DEEPEST)
    if isinstance(plain, str | list | dict):
        text = orjson.dumps(plain)
        if len(text) > _LONGEST:
            return {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
    return plain


def _plain(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if is_secret(name):
        return MASK
    if depth == 0:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): _plain(str(key), inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain("", inner, depth - 1) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float):
        return value
    if isinstance(value, UUID | bytes):
        return str(value) if isinstance(value, UUID) else f"{len(value)} bytes"
    return str(value)
