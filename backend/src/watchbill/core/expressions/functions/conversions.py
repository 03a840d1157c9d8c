"""From one type to another, and asking for a type."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions.registry import Env, Library, define, words
from watchbill.core.expressions.functions.times import MAX_DURATION, read_duration, read_timestamp
from watchbill.core.expressions.lexer import Uint
from watchbill.core.expressions.results import as_utf8
from watchbill.core.expressions.values import CelType, shown, type_of, utc, whole, word

LIBRARY: Library = []
_TRUE = frozenset(("1", "t", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "false", "FALSE", "False"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@define(LIBRARY, "string", "any", says="`string(3)` is `'3'`: any value but null, a list or a map as text")
def string(env: Env, value: Any) -> str:
    """A scalar as text; times in RFC 3339, durations in seconds."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(whole(value, unsigned=isinstance(value, Uint)))
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, bytes):
        env.budget.make(len(value))
        words(env.budget, len(value))
        return as_utf8(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return f"{_float_text(value.total_seconds())}s"
    if isinstance(value, CelType):
        return value.name
    hint = "" if value is None else "; write json.encode(…) to make JSON of it"
    raise Fault(f"{word(value)} cannot be made a text by string(){hint}")


def _float_text(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value)) if value or math.copysign(1, value) > 0 else "-0"
    return repr(value)


@define(
    LIBRARY, "int", "any", says="`int('12')`, `int(2.9)` is `2`, `int(timestamp)` is in seconds since 1970"
)
def int_(_env: Env, value: Any) -> int:
    """A number cut towards zero, a text's number, or a timestamp's seconds."""
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(seconds=1)
    return whole(_whole(value, "int"))


@define(LIBRARY, "uint", "any", says="`uint(3)`: a whole number without sign", cost=6)
def uint(_env: Env, value: Any) -> int:
    """A whole number of zero or more."""
    return whole(_whole(value, "uint"), unsigned=True)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Fault(f"{value} is not a whole number")
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        digits = value.removeprefix("-")
        if digits.isascii() and digits.isdecimal() and len(digits) < 40:
            return int(value)
        raise Fault(f"the text `{shown(value)}` is not a whole number")
    raise Fault(f"{word(value)} cannot be made a whole number by {name}()")


@define(
    LIBRARY, "double", "any", says="`double('1.5')`, `double(3)`: a decimal number, rounded if it has to be"
)
def double(_env: Env, value: Any) -> float:
    """A decimal number; the nearest to a whole one that is too large."""
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return float(whole(value, unsigned=isinstance(value, Uint)))
    if isinstance(value, str):
        try:
            if len(value) <= 400 and "_" not in value and value == value.strip():
                return float(value)
        except ValueError:
            pass
        raise Fault(f"the text `{shown(value)}` is not a decimal number")
    raise Fault(f"{word(value)} cannot be made a decimal number by double()")


@define(LIBRARY, "bool", "any", says="`bool('true')`: `true`, `t`, `1`, and `false`, `f`, `0`")
def bool_(_env: Env, value: Any) -> bool:
    """True or false, also from their names."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in _TRUE or value in _FALSE:
            return value in _TRUE
        raise Fault(f"the text `{shown(value)}` is neither true nor false")
    raise Fault(f"{word(value)} cannot be made true or false by bool()")


@define(LIBRARY, "bytes", "text|bytes", says="`bytes('é')`: the bytes of a text in UTF-8")
def bytes_(env: Env, value: str | bytes) -> bytes:
    """A text's bytes in UTF-8."""
    if isinstance(value, bytes):
        return value
    env.budget.make(4 * len(value))
    words(env.budget, len(value))
    return utf8(value)


def utf8(text: str) -> bytes:
    """A text's bytes.

    Raises:
        Fault: it holds half of a character.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Fault("the text contains half of a character (a lone surrogate)") from None


@define(
    LIBRARY,
    "timestamp",
    "any",
    "text?",
    says="`timestamp('2026-01-02T03:04:05Z')`, `timestamp('2026-01-02', 'Europe/Berlin')`, `timestamp(0)`",
    cost=18,
)
def timestamp(env: Env, value: Any, zone: str | None = None) -> datetime:
    """A time from ISO text, in that zone where the text names none, or from seconds since 1970."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return read_timestamp(value, zone, env.budget)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and not math.isfinite(value):
            raise Fault(f"{value} is not a time")
        return utc(value if isinstance(value, float) else whole(value))
    raise Fault(f"{word(value)} cannot be made a timestamp by timestamp()")


@define(
    LIBRARY,
    "duration",
    "text|duration",
    says="`duration('1h30m')`: units are h, m, s, ms, us and ns",
    cost=10,
)
def duration(env: Env, value: str | timedelta) -> timedelta:
    """A length of time from text."""
    if isinstance(value, timedelta):
        return value
    # It is read unit by unit, and has at least two characters for each.
    env.budget.spend(2 * min(len(value), MAX_DURATION))
    return read_duration(value)


@define(LIBRARY, "type", "any", says="`type(1) == int`: the type of a value")
def type_(_env: Env, value: Any) -> CelType:
    """The type of a value."""
    return type_of(value)


@define(LIBRARY, "dyn", "any", says="`dyn(x)`: the value itself")
def dyn(_env: Env, value: Any) -> Any:
    """The value, for expressions that were written for other implementations."""
    return value
