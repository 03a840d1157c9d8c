"""What macros such as `map` and `exists` do with the elements of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from watchbill.core.expressions import syntax
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions.lists import sorted_by
from watchbill.core.expressions.functions.registry import Env
from watchbill.core.expressions.operations import kind_of
from watchbill.core.expressions.values import spend_list

Evaluate = Callable[[Env], Any]
# Steps of an error that is caught because another term may decide.
FAULT = 20


class Body:
    """What a macro does with each element, which stands in the slot; `cost` are the steps of each."""

    __slots__ = ("cost", "first", "second", "slot", "text")

    def __init__(self, slot: int, cost: int, first: Evaluate, second: Evaluate | None, text: str):
        self.slot = slot
        self.cost = cost
        self.first = first
        self.second = second
        self.text = text

    def holds(self, env: Env) -> bool:
        """What the first expression says of the element.

        Raises:
            Fault: neither true nor false.
        """
        value = self.first(env)
        if value is True or value is False:
            return value
        raise Fault(f"{kind_of(self.text, value)}, not true or false")


Loop = Callable[[Env, Any], Any]


def _deciding(decides: bool) -> Callable[[Body], Loop]:
    """`exists` is decided by one true element, `all` by one false one, whatever the others are."""

    def make(body: Body) -> Loop:
        def loop(env: Env, elements: Any) -> bool:
            wrong: Fault | None = None
            spend, slots, slot, cost, holds = env.budget.spend, env.slots, body.slot, body.cost, body.holds
            for element in elements:
                spend(cost)
                slots[slot] = element
                try:
                    if holds(env) is decides:
                        return decides
                except Fault as fault:
                    spend(FAULT)
                    wrong = wrong or fault
            if wrong is not None:
                raise wrong
            return not decides

        return loop

    return make


def _exists_one(body: Body) -> Loop:
    def loop(env: Env, elements: Any) -> bool:
        found = 0
        for element in elements:
            env.budget.spend(body.cost)
            env.slots[body.slot] = element
            found += body.holds(env)
        return found == 1

    return loop


def _filter(body: Body) -> Loop:
    def loop(env: Env, elements: Any) -> list[Any]:
        spend_list(env.budget, 0)
        result: list[Any] = []
        for element in elements:
            env.budget.spend(body.cost)
            env.slots[body.slot] = element
            if body.holds(env):
                env.budget.make(1)
                result.append(element)
        return result

    return loop


def _map(body: Body) -> Loop:
    first, second, slot, cost = body.first, body.second, body.slot, body.cost

    def loop(env: Env, elements: Any) -> list[Any]:
        budget, slots = env.budget, env.slots
        spend_list(budget, 0)
        result: list[Any] = []
        for element in elements:
            budget.spend(cost)
            slots[slot] = element
            if second is None:
                budget.make(1)
                result.append(first(env))
            elif body.holds(env):
                budget.make(1)
                result.append(second(env))
        return result

    return loop


def _sort_by(body: Body) -> Loop:
    def loop(env: Env, elements: Any) -> list[Any]:
        keys: list[Any] = []
        for element in elements:
            env.budget.spend(body.cost)
            env.budget.make(1)
            env.slots[body.slot] = element
            keys.append(body.first(env))
        return sorted_by(env.budget, keys, elements)

    return loop


LOOPS: dict[syntax.MacroName, Callable[[Body], Loop]] = {
    "all": _deciding(decides=False),
    "exists": _deciding(decides=True),
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
    "sortBy": _sort_by,
}
