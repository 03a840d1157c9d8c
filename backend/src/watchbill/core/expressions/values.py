"""The values expressions compute with: what they are called, when two are equal or one is less, and how
numbers and the other kinds are added."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.lexer import Uint

# JSON writers and readers give up at about 250 levels.
MAX_DEPTH = 200
_LEAST, _MOST = -(2**63), 2**63 - 1
_MOST_UNSIGNED = 2**64 - 1
# Beyond it not every whole number is a decimal one.
_EXACT = 2**53
# Steps of comparing two elements.
_COMPARED = 3
# What a list or map takes beside its elements.
CONTAINER = 8


@dataclass(frozen=True, slots=True)
class CelType:
    """The type of a value, as `type(x)` gives it."""

    name: str


TYPES = {
    name: CelType(name)
    for name in ("bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint")
}
TIMESTAMP, DURATION = CelType("google.protobuf.Timestamp"), CelType("google.protobuf.Duration")
_WORDS = {
    "bool": "true or false",
    "bytes": "bytes",
    "double": "a decimal number",
    "int": "a whole number",
    "list": "a list",
    "map": "a map",
    "null_type": "null",
    "string": "a text",
    "type": "a type",
    "uint": "a whole number without sign",
    TIMESTAMP.name: "a timestamp",
    DURATION.name: "a duration",
}
_BY_CLASS: dict[type, CelType] = {
    bool: TYPES["bool"],
    bytes: TYPES["bytes"],
    float: TYPES["double"],
    int: TYPES["int"],
    Uint: TYPES["uint"],
    list: TYPES["list"],
    tuple: TYPES["list"],
    dict: TYPES["map"],
    str: TYPES["string"],
    type(None): TYPES["null_type"],
    datetime: TIMESTAMP,
    timedelta: DURATION,
    CelType: TYPES["type"],
}


def type_of(value: Any) -> CelType:
    """The CEL type of a value."""
    found = _BY_CLASS.get(cast("type[Any]", type(value)))
    if found is not None:
        return found
    if isinstance(value, Mapping):
        return TYPES["map"]
    if isinstance(value, str):
        return TYPES["string"]
    raise Fault(f"a value of the type {type(value).__name__} cannot be computed with")


def word(value: Any) -> str:
    """What a person calls the kind of a value: `a text`, `a list`."""
    return _WORDS[type_of(value).name]


def shown(value: Any) -> str:
    """A key or number in a message, cut where it is long."""
    if isinstance(value, str):
        return value if len(value) <= 40 else f"{value[:39]}…"
    if isinstance(value, int) and abs(value) > _MOST_UNSIGNED:
        return "a number of more than 64 bits"
    return str(value) if isinstance(value, int | float) else word(value)


def is_number(value: Any) -> bool:
    """Whether it is a number; true and false are none."""
    return type(value) in (int, float, Uint)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number by its type."""
    return type(value) in (int, Uint)


def equal(left: Any, right: Any, budget: Budget, depth: int = 0) -> bool:
    """Whether two values are equal; numbers by what they are worth, and values of other types never."""
    kind: Any = left.__class__
    if kind is type(right) and kind is not dict and kind is not list:
        if kind is str or kind is bytes:
            budget.spend(min(len(left), len(right)) >> 6)
        if kind is not tuple:
            return left == right
    if is_number(left):
        return is_number(right) and left == right
    budget.spend()
    if isinstance(left, list | tuple):
        return isinstance(right, list | tuple) and _equal_lists(left, right, budget, depth)
    if isinstance(left, Mapping):
        return isinstance(right, Mapping) and _equal_maps(left, right, budget, depth)
    return False


def _equal_lists(left: Any, right: Any, budget: Budget, depth: int) -> bool:
    if len(left) != len(right):
        return False
    refuse_deep(depth)
    for one, other in zip(left, right, strict=True):
        budget.spend(_COMPARED)
        if not equal(one, other, budget, depth + 1):
            return False
    return True


def _equal_maps(left: Any, right: Any, budget: Budget, depth: int) -> bool:
    if len(left) != len(right):
        return False
    refuse_deep(depth)
    for key, value in left.items():
        budget.spend(_COMPARED)
        if key not in right or not equal(value, right[key], budget, depth + 1):
            return False
    return True


def refuse_deep(depth: int) -> None:
    """No value may lie deeper than JSON's readers can take apart.

    Raises:
        Fault: this one does.
    """
    if depth >= MAX_DEPTH:
        raise Fault(f"a value is nested more than {MAX_DEPTH} levels deep")


def less(left: Any, right: Any, budget: Budget) -> bool:
    """Whether the left value is less than the right one.

    Raises:
        Fault: they cannot be put in order, as null and a number.
    """
    if is_number(left) and is_number(right):
        return left < right
    kind: Any = left.__class__
    if kind is type(right) and kind in (str, bytes, bool, datetime, timedelta):
        if kind is str or kind is bytes:
            budget.spend(min(len(left), len(right)) >> 6)
        return left < right
    raise Fault(f"{word(left)} and {word(right)} cannot be put in order")


def whole(value: int, *, unsigned: bool = False) -> int:
    """The result of a computation with whole numbers.

    Raises:
        Fault: it does not fit into 64 bits.
    """
    if unsigned:
        if not 0 <= value <= _MOST_UNSIGNED:
            raise Fault("the result is below zero or does not fit into the 64 bits of a whole number")
        return Uint(value)
    if not _LEAST <= value <= _MOST:
        raise Fault("the result does not fit into the 64 bits of a whole number")
    return value


def decimal(value: Any) -> float:
    """A number to compute with decimal ones.

    Raises:
        Fault: it is so large that a decimal number would be another one.
    """
    if isinstance(value, float):
        return value
    if not -_EXACT <= value <= _EXACT and (abs(value) > _MOST_UNSIGNED or float(value) != value):
        text = f"{shown(value)} is too large to be exact as a decimal number; write double(…) to round it"
        raise Fault(text)
    return float(value)


def calculate(operator: str, left: Any, right: Any, budget: Budget) -> Any:
    """`+ - * / %` of two values; whole and decimal numbers mix.

    Raises:
        Fault: they cannot be combined so, the result does not fit, or it is a division by zero.
    """
    if is_number(left) and is_number(right):
        if isinstance(left, float) or isinstance(right, float):
            return _decimals(operator, decimal(left), decimal(right))
        unsigned = isinstance(left, Uint) and isinstance(right, Uint)
        return whole(_wholes(operator, int(left), int(right)), unsigned=unsigned)
    if operator == "+":
        return _joined(left, right, budget)
    if operator == "-":
        return _difference(left, right)
    verb = {"*": "multiplied", "/": "divided", "%": "divided"}[operator]
    raise Fault(f"{word(left)} and {word(right)} cannot be {verb}")


def _wholes(operator: str, left: int, right: int) -> int:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            if right == 0:
                raise Fault("division by zero")
            # CEL cuts towards zero, and the remainder has the sign of what is divided.
            quotient = abs(left) // abs(right)
            quotient = quotient if (left < 0) == (right < 0) else -quotient
            return quotient if operator == "/" else left - quotient * right


def _decimals(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _ if right == 0:
            if operator == "%" or left == 0 or math.isnan(left):
                return math.nan
            return math.copysign(math.inf, left) * math.copysign(1.0, right)
        case "/":
            return left / right
        case _:
            return math.nan if math.isinf(left) else math.fmod(left, right)


def _joined(left: Any, right: Any, budget: Budget) -> Any:
    kind: Any = left.__class__
    if kind is type(right) and kind in (str, bytes):
        budget.make(len(left) + len(right))
        budget.spend((len(left) + len(right)) >> 6)
        return left + right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        first, second = cast("list[Any]", left), cast("list[Any]", right)
        spend_list(budget, len(first) + len(second))
        return [*first, *second]
    if isinstance(left, timedelta) and isinstance(right, timedelta | datetime):
        return shifted(right, left)
    if isinstance(left, datetime) and isinstance(right, timedelta):
        return shifted(left, right)
    hint = "; write string(…) to make a text of it" if str in (kind, type(right)) else ""
    raise Fault(f"{word(left)} and {word(right)} cannot be added{hint}")


def _difference(left: Any, right: Any) -> Any:
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left - right
    if isinstance(left, datetime | timedelta) and isinstance(right, timedelta):
        return shifted(left, -right)
    raise Fault(f"{word(right)} cannot be subtracted from {word(left)}")


def shifted(value: Any, by: timedelta) -> Any:
    """A timestamp or duration and a duration, added.

    Raises:
        Fault: the result is before the year 1, after 9999, or longer than that.
    """
    try:
        return value + by
    except OverflowError:
        raise Fault("the result is outside the years 1 to 9999") from None


def negated(value: Any) -> Any:
    """`-value`.

    Raises:
        Fault: it is no number or duration, or the result does not fit.
    """
    if is_number(value):
        return -value if isinstance(value, float) else whole(-int(value), unsigned=isinstance(value, Uint))
    if isinstance(value, timedelta):
        return shifted(-value, timedelta())
    raise Fault(f"{word(value)} has no sign")


def spend_list(budget: Budget, size: int) -> None:
    """Count a list of so many elements that is about to be made of others."""
    budget.make(size + CONTAINER)
    budget.spend(size >> 3)


def utc(seconds: float) -> datetime:
    """The time so many seconds after 1970.

    Raises:
        Fault: it is outside the years 1 to 9999.
    """
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        raise Fault("the time is outside the years 1 to 9999") from None
