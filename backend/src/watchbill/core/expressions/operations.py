"""What operators, fields and elements give, for values of every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.values import calculate, equal, is_whole, less, shown, word

_ORDER = frozenset({"<", "<=", ">", ">="})
# For two whole numbers, which most are; a result that is a number is still to be checked.
QUICK: dict[str, Callable[[int, int], Any]] = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "==": int.__eq__,
    "!=": int.__ne__,
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
}


def apply(operator: str, left: Any, right: Any, budget: Budget) -> Any:
    """`left operator right`.

    Raises:
        Fault: the operator knows nothing of such values.
        OverBudget: it would take or make too much.
    """
    if operator == "==":
        return equal(left, right, budget)
    if operator == "!=":
        return not equal(left, right, budget)
    if operator == "in":
        return contained(left, right, budget)
    if operator not in _ORDER:
        return calculate(operator, left, right, budget)
    if operator == "<":
        return less(left, right, budget)
    if operator == ">":
        return less(right, left, budget)
    # Not the opposite of the other order: what is no number is neither less nor more.
    smaller = less(left, right, budget) if operator == "<=" else less(right, left, budget)
    return smaller or equal(left, right, budget)


def contained(element: Any, within: Any, budget: Budget) -> bool:
    """`element in within`: an element of a list, or a key of a map.

    Raises:
        Fault: it is neither a list nor a map.
    """
    if isinstance(within, list | tuple):
        for one in cast("list[Any]", within):
            budget.spend()
            if equal(element, one, budget):
                return True
        return False
    if isinstance(within, Mapping):
        return _is_key(element) and element in within
    hint = "; write text.contains(part) to find a part of it" if isinstance(within, str) else ""
    raise Fault(f"`in` looks into a list or a map, not into {word(within)}{hint}")


def _is_key(value: Any) -> bool:
    return type(value) is not bool and isinstance(value, str | int | float)


def indexed(value: Any, key: Any) -> Any:
    """`value[key]`.

    Raises:
        Fault: there is no such element or key.
    """
    if isinstance(value, list | tuple):
        return _element(cast("list[Any]", value), key)
    if isinstance(value, Mapping):
        found = cast("Mapping[Any, Any]", value)
        if _is_key(key) and key in found:
            return found[key]
        raise Fault(f"there is no key `{shown(key)}`", near=(key, found))
    hint = "; write text.charAt(n) for a character of it" if isinstance(value, str) else ""
    raise Fault(f"{word(value)} has no elements{hint}")


def _element(value: list[Any], key: Any) -> Any:
    index = int(key) if isinstance(key, float) and key.is_integer() else key
    if not is_whole(index) or isinstance(index, float):
        raise Fault(f"an element of a list is chosen by a whole number, not by {word(key)}")
    if not 0 <= index < len(value):
        raise Fault(f"the list has {len(value)} elements, counted from 0, and no element {shown(index)}")
    return value[index]


def missing(value: Any, text: str, name: str) -> Fault:
    """Why what `text` stands for has no such field."""
    if isinstance(value, Mapping):
        return Fault(
            f"there is no field '{name[:60]}' in {text}", near=(name, cast("Mapping[Any, Any]", value))
        )
    return Fault(f"{kind_of(text, value)}, so it has no field '{name[:60]}'")


def kind_of(text: str, value: Any) -> str:
    """`nodes.x.output is null`: the words for what stands somewhere and is of the wrong kind."""
    return f"{text} is {word(value)}"
