"""Making any JSON that arrives from outside storable: PostgreSQL's holds neither NUL nor lone surrogates, and
numbers beyond 64 bits do not survive every reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def clean(value: Any) -> Any:
    """The JSON value with NUL and lone surrogates replaced by U+FFFD, and larger integers as text."""
    if isinstance(value, str):
        return value if _storable(value) else _mended(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value)
    if isinstance(value, Mapping):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def _storable(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _mended(text: str) -> str:
    return "".join("\ufffd" if char == "\x00" or "\ud800" <= char <= "\udfff" else char for char in text)
