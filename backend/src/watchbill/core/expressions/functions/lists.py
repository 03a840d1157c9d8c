"""Working with lists and maps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any, cast

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions.registry import Env, Library, define, words
from watchbill.core.expressions.values import MAX_DEPTH, equal, is_number, less, shown, spend_list

LIBRARY: Library = []


@define(
    LIBRARY,
    "size",
    "any",
    says="`size(inputs.tags)`: characters of a text, elements of a list, keys of a map",
)
def size(_env: Env, value: Any) -> int:
    """How long it is."""
    if isinstance(value, str | bytes | list | tuple | Mapping):
        return len(cast("str", value))
    raise Fault("size() takes one text, list or map")


@define(LIBRARY, "slice", "list", "int", "int", says="`[1, 2, 3].slice(1, 3)` is `[2, 3]`")
def slice_(env: Env, items: list[Any], start: int, end: int) -> list[Any]:
    """From an element up to another."""
    if not 0 <= start <= end <= len(items):
        text = f"slice(): {shown(start)} to {shown(end)} is outside the {len(items)} elements"
        raise Fault(text)
    spend_list(env.budget, end - start)
    return list(items[start:end])


@define(LIBRARY, "first", "list", says="`[1, 2].first()` is `1`")
def first(_env: Env, items: list[Any]) -> Any:
    """The first element."""
    return _end(items, 0, "first")


@define(LIBRARY, "last", "list", says="`[1, 2].last()` is `2`")
def last(_env: Env, items: list[Any]) -> Any:
    """The last element."""
    return _end(items, -1, "last")


def _end(items: list[Any], index: int, name: str) -> Any:
    if not items:
        raise Fault(f"the list is empty, so it has no {name} element; ask for its size() before")
    return items[index]


@define(LIBRARY, "reverse", "list|text", says="`[1, 2].reverse()` is `[2, 1]`; also of a text")
def reverse(env: Env, value: Any) -> list[Any] | str:
    """From the last to the first."""
    if isinstance(value, str):
        env.budget.make(len(value))
        words(env.budget, len(value))
    else:
        spend_list(env.budget, len(value))
    return value[::-1] if isinstance(value, str) else list(value)[::-1]


@define(
    LIBRARY,
    "flatten",
    "list",
    "int?",
    says="`[1, [2, [3]]].flatten()` is `[1, 2, [3]]`; an argument says how many levels",
)
def flatten(env: Env, items: list[Any], levels: int = 1) -> list[Any]:
    """Lists within it are put in their place."""
    if levels < 0:
        raise Fault("flatten() takes a number of levels that is 0 or more")
    spend_list(env.budget, 0)
    result: list[Any] = []
    _flatten(env.budget, items, min(levels, MAX_DEPTH + 1), 0, result)
    return result


def _flatten(budget: Budget, items: Any, levels: int, depth: int, result: list[Any]) -> None:
    if depth > MAX_DEPTH:
        raise Fault(f"a value is nested more than {MAX_DEPTH} levels deep")
    for item in items:
        budget.spend()
        if levels > 0 and isinstance(item, list | tuple):
            _flatten(budget, item, levels - 1, depth + 1, result)
        else:
            budget.make(1)
            result.append(item)


@define(LIBRARY, "distinct", "list", says="`[1, 2, 1].distinct()` is `[1, 2]`")
def distinct(env: Env, items: list[Any]) -> list[Any]:
    """Each value once, where it first stands."""
    spend_list(env.budget, len(items))
    result: list[Any] = []
    seen: set[Any] = set()
    others: list[Any] = []
    for item in items:
        env.budget.spend()
        if isinstance(item, str) or is_number(item):
            if item in seen:
                continue
            seen.add(item)
        elif _among(env.budget, item, others):
            continue
        else:
            others.append(item)
        result.append(item)
    return result


def _among(budget: Budget, item: Any, others: list[Any]) -> bool:
    for other in others:
        budget.spend()
        if equal(item, other, budget):
            return True
    return False


@define(LIBRARY, "sort", "list", says="`[3, 1, 2].sort()`: numbers, texts or times in their order", cost=6)
def sort(env: Env, items: list[Any]) -> list[Any]:
    """In ascending order; equal ones as they stood."""
    spend_list(env.budget, len(items))
    return sorted_by(env.budget, items, items)


def sorted_by(budget: Budget, keys: Any, items: Any) -> list[Any]:
    """The items in the order of their keys; those of equal keys as they stood.

    Raises:
        Fault: two keys cannot be put in order.
    """

    def compare(left: tuple[Any, Any], right: tuple[Any, Any]) -> int:
        budget.spend(4)
        return -1 if less(left[0], right[0], budget) else int(less(right[0], left[0], budget))

    budget.make(2 * len(keys))
    pairs = sorted(zip(keys, items, strict=True), key=cmp_to_key(compare))
    return [item for _, item in pairs]


@define(LIBRARY, "lists.range", "int", says="`lists.range(3)` is `[0, 1, 2]`", cost=6)
def range_(env: Env, length: int) -> list[int]:
    """The whole numbers from zero."""
    if length < 0:
        raise Fault("lists.range() takes a number that is 0 or more")
    # Each number takes more than its place.
    env.budget.make(4 * length)
    spend_list(env.budget, length)
    return list(range(length))


@define(
    LIBRARY,
    "sets.contains",
    "list",
    "list",
    says="`sets.contains([1, 2], [2])`: whether all of the second are in",
)
def sets_contains(env: Env, items: list[Any], wanted: list[Any]) -> bool:
    """Whether each element of the second stands in the first."""
    return all(_among(env.budget, one, items) for one in wanted)


@define(
    LIBRARY, "sets.intersects", "list", "list", says="`sets.intersects([1], [1, 2])`: whether they share one"
)
def sets_intersects(env: Env, left: list[Any], right: list[Any]) -> bool:
    """Whether an element stands in both."""
    return any(_among(env.budget, one, right) for one in left)


@define(
    LIBRARY,
    "sets.equivalent",
    "list",
    "list",
    says="`sets.equivalent([1, 1], [1])`: whether each has all of the other",
)
def sets_equivalent(env: Env, left: list[Any], right: list[Any]) -> bool:
    """Whether both have the same elements, however often."""
    return sets_contains(env, left, right) and sets_contains(env, right, left)
