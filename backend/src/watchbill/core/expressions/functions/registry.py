"""What a function is: its name, what it takes, what it says, and the code of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.lexer import Uint
from watchbill.core.expressions.values import CelType, word

_LISTS: tuple[type, ...] = (list, tuple)
# The words that stand for a kind of argument, what a person calls it, and its classes.
_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "text": ("a text", (str,)),
    "int": ("a whole number", (int, Uint)),
    "number": ("a number", (int, float, Uint)),
    "bool": ("true or false", (bool,)),
    "list": ("a list", _LISTS),
    "map": ("a map", (dict,)),
    "bytes": ("bytes", (bytes,)),
    "timestamp": ("a timestamp", (datetime,)),
    "duration": ("a duration", (timedelta,)),
    "type": ("a type", (CelType,)),
}
_NTH = ("first", "second", "third", "fourth")


@dataclass(slots=True)
class Env:
    """One evaluation: what may be read, what may be used, the time of `now()`, and the macros' variables."""

    scope: Any
    budget: Budget
    now: datetime | None
    slots: list[Any]


@dataclass(frozen=True, slots=True)
class Function:
    """A function that expressions may call.

    Args:
        name: with its namespace; what has none can be called as a method, too.
        takes: kinds of the arguments, such as `text`, `list|text` or `any`; one that ends in `?` may be left
            out, and one that ends in `*` may be repeated.
        says: how it is called and what it gives, for the reference.
        code: is given the evaluation and the arguments.
        cost: steps of each call.
    """

    name: str
    takes: tuple[str, ...]
    says: str
    code: Callable[..., Any]
    cost: int = 3

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return sum(not kind.endswith(("?", "*")) for kind in self.takes)

    @property
    def most(self) -> int | None:
        """How many arguments it takes at most; None for any number."""
        return None if self.takes and self.takes[-1].endswith("*") else len(self.takes)

    def call(self, env: Env, arguments: list[Any]) -> Any:
        """The value for these arguments, whose number fits.

        Raises:
            Fault: an argument is of another kind, or the function cannot work with it.
            OverBudget: it would take or make too much.
        """
        for index, argument in enumerate(arguments):
            if not self.takes_kind(index, argument):
                raise Fault(self.wrong(index, argument))
        return self.code(env, *arguments)

    def takes_kind(self, index: int, argument: Any) -> bool:
        """Whether the argument there may be of this one's kind."""
        classes = self._classes(index)
        return not classes or type(argument) in classes or _is_map(argument, classes)

    def _classes(self, index: int) -> tuple[type, ...]:
        return _classes(self.takes[min(index, len(self.takes) - 1)])

    def wrong(self, index: int, argument: Any) -> str:
        """Why the argument there is of a wrong kind."""
        kind = self.takes[min(index, len(self.takes) - 1)].rstrip("?*")
        wanted = " or ".join(_KINDS[one][0] for one in kind.split("|"))
        which = _NTH[index] if index < len(_NTH) else f"{index + 1}th"
        place = "" if self.most == 1 else f" as its {which} argument"
        return f"{self.name}() takes {wanted}{place}, not {word(argument)}"


_KNOWN: dict[str, tuple[type, ...]] = {}


def _classes(kind: str) -> tuple[type, ...]:
    found = _KNOWN.get(kind)
    if found is None:
        names = kind.rstrip("?*").split("|")
        found = _KNOWN[kind] = tuple(cls for name in names if name != "any" for cls in _KINDS[name][1])
    return found


def _is_map(argument: Any, classes: tuple[type, ...]) -> bool:
    return dict in classes and not isinstance(argument, dict) and word(argument) == "a map"


Library = list[Function]


def define(library: Library, name: str, *takes: str, says: str, cost: int = 3) -> Callable[..., Any]:
    """Add the function below it to a library."""

    def add(code: Callable[..., Any]) -> Callable[..., Any]:
        library.append(Function(name, takes, says, code, cost))
        return code

    return add


def searched(budget: Budget, text: str, part: str) -> None:
    """Count looking for a part in a text. Python compares the part with each place of the text, at worst to
    its end, unless both are so long that it is worth a plan."""
    length, within = len(part), len(text)
    plain = within < 2_500 or (length < 100 and within < 30_000)
    budget.spend((within >> 6) + (max(0, within - length) * length >> 9 if plain else 0))


def words(budget: Budget, length: int) -> None:
    """Count going through a text of so many characters."""
    budget.spend(length >> 6)
