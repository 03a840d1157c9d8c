"""Computing with numbers: the math library of CEL."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions.registry import Env, Library, define
from watchbill.core.expressions.lexer import Uint
from watchbill.core.expressions.values import calculate, decimal, is_number, less, shifted, whole, word

LIBRARY: Library = []
_UNSIGNED = 2**64


def _extreme(env: Env, values: tuple[Any, ...], name: str, *, greatest: bool) -> Any:
    items = cast("Any", values[0] if len(values) == 1 and isinstance(values[0], list | tuple) else values)
    if not items:
        raise Fault(f"{name}() needs at least one value")
    best = items[0]
    if len(items) == 1 and not is_number(best) and name.startswith("math."):
        raise Fault(f"{name}() takes numbers, not {word(best)}")
    for item in items[1:]:
        env.budget.spend(3)
        if less(best, item, env.budget) if greatest else less(item, best, env.budget):
            best = item
    return best


def _define_extremes() -> None:
    for name, greatest in (("math.greatest", True), ("math.least", False), ("max", True), ("min", False)):

        def code(env: Env, *values: Any, name: str = name, greatest: bool = greatest) -> Any:
            return _extreme(env, values, name, greatest=greatest)

        which = "largest" if greatest else "smallest"
        says = f"`{name}(1, 2.5)`, `{name}([1, 2])`: the {which} of values or of a list"
        define(LIBRARY, name, "any", "any*", says=says)(code)


_define_extremes()


@define(
    LIBRARY, "sum", "any*", says="`sum([1, 2.5])` is `3.5`: of numbers or durations; 0 where there are none"
)
def sum_(env: Env, *values: Any) -> Any:
    """All numbers or durations together."""
    items = cast("Any", values[0] if len(values) == 1 and isinstance(values[0], list | tuple) else values)
    total: Any = timedelta() if items and isinstance(items[0], timedelta) else 0
    for item in items:
        env.budget.spend(2)
        if isinstance(total, timedelta) and isinstance(item, timedelta):
            total = shifted(total, item)
        elif is_number(item) and not isinstance(total, timedelta):
            total = calculate("+", total, item, env.budget)
        else:
            raise Fault(f"sum() takes numbers or durations, not {word(item)} among them")
    return total


@define(LIBRARY, "math.abs", "number", says="`math.abs(-3)` is `3`")
def abs_(_env: Env, value: Any) -> int | float:
    """Without its sign."""
    return (
        abs(value) if isinstance(value, float) else whole(abs(int(value)), unsigned=isinstance(value, Uint))
    )


@define(LIBRARY, "math.sign", "number", says="`math.sign(-3)` is `-1`; 0 of zero, else 1")
def sign(_env: Env, value: Any) -> int | float:
    """-1, 0 or 1, of the kind of the number."""
    if value != value:
        return value
    return type(value)((value > 0) - (value < 0))


def _rounding(name: str, code: Callable[[float], float], says: str) -> None:
    def rounded(_env: Env, value: Any) -> int | float:
        if isinstance(value, int) or not math.isfinite(value):
            return value
        return float(code(value))

    define(LIBRARY, name, "number", says=says)(rounded)


def _half_away(value: float) -> float:
    below = math.floor(value)
    if value - below == 0.5:
        return below + 1 if value > 0 else below
    return math.floor(value + 0.5) if abs(value) < 2**52 and value - below > 0.5 else below


_rounding(
    "math.round", _half_away, "`math.round(2.5)` is `3.0`: the nearest whole number, halves away from zero"
)
_rounding("math.floor", math.floor, "`math.floor(2.9)` is `2.0`: the next whole number below")
_rounding("math.ceil", math.ceil, "`math.ceil(2.1)` is `3.0`: the next whole number above")
_rounding("math.trunc", math.trunc, "`math.trunc(-2.9)` is `-2.0`: the part before the point")


@define(LIBRARY, "math.sqrt", "number", says="`math.sqrt(9)` is `3.0`")
def sqrt(_env: Env, value: Any) -> float:
    """The square root; none (NaN) of a negative number."""
    number = decimal(value)
    return math.nan if number < 0 else math.sqrt(number)


@define(LIBRARY, "math.isNaN", "number", says="`math.isNaN(x)`: whether it is NaN, that is, not a number")
def is_nan(_env: Env, value: Any) -> bool:
    """Whether it is no number, as 0.0 / 0.0."""
    return value != value


@define(LIBRARY, "math.isInf", "number", says="`math.isInf(1.0 / 0.0)`: whether it is infinite")
def is_inf(_env: Env, value: Any) -> bool:
    """Whether it is infinite."""
    return isinstance(value, float) and math.isinf(value)


@define(LIBRARY, "math.isFinite", "number", says="`math.isFinite(x)`: whether it is neither")
def is_finite(_env: Env, value: Any) -> bool:
    """Whether it is an ordinary number."""
    return isinstance(value, int) or math.isfinite(value)


def _wrapped(value: int) -> int:
    value %= _UNSIGNED
    return value - _UNSIGNED if value >= _UNSIGNED >> 1 else value


def _bits(name: str, code: Callable[[int, int], int], says: str) -> None:
    def combined(_env: Env, left: Any, right: Any) -> int:
        both = isinstance(left, Uint) and isinstance(right, Uint)
        value = code(whole(int(left), unsigned=both), whole(int(right), unsigned=both))
        return whole(value % _UNSIGNED, unsigned=True) if both else _wrapped(value)

    define(LIBRARY, name, "int", "int", says=says)(combined)


def _shift(name: str, value: int, by: int) -> int:
    if by < 0:
        raise Fault(f"{name}() moves by a number of bits that is 0 or more")
    return value if by < 64 else 0


def _left(value: int, by: int) -> int:
    return _shift("math.bitShiftLeft", value, by) << min(by, 64)


def _right(value: int, by: int) -> int:
    return (_shift("math.bitShiftRight", value, by) % _UNSIGNED) >> min(max(by, 0), 64)


_bits("math.bitAnd", int.__and__, "`math.bitAnd(6, 3)` is `2`")
_bits("math.bitOr", int.__or__, "`math.bitOr(6, 3)` is `7`")
_bits("math.bitXor", int.__xor__, "`math.bitXor(6, 3)` is `5`")
_bits("math.bitShiftLeft", _left, "`math.bitShiftLeft(1, 3)` is `8`")
_bits("math.bitShiftRight", _right, "`math.bitShiftRight(8, 3)` is `1`")


@define(LIBRARY, "math.bitNot", "int", says="`math.bitNot(0)` is `-1`")
def bit_not(_env: Env, value: int) -> int:
    """All bits turned."""
    if isinstance(value, Uint):
        return Uint(_UNSIGNED - 1 - int(value))
    return whole(~int(value))
