"""What an expression says: a tree of frozen nodes. `start` and `end` tell where in the source each stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

MacroName = Literal["all", "exists", "exists_one", "filter", "map", "sortBy"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is written down."""

    value: Any
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or the name of a type."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`."""

    operand: Node
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Index:
    """`operand[key]`."""

    operand: Node
    key: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Has:
    """`has(operand.field)`."""

    operand: Node
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; what stands before the dot of a method is the first."""

    function: str
    arguments: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Macro:
    """`over.name(variable, first)` or `over.name(variable, first, second)`; both are evaluated for each
    element, which they know as the variable."""

    name: MacroName
    over: Node
    variable: str
    first: Node
    second: Node | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    items: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MapOf:
    """`{key: value}`."""

    entries: tuple[tuple[Node, Node], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`!operand` or `-operand`."""

    operator: Literal["!", "-"]
    operand: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Operation:
    """Operators of one rank, from left to right: `first op a op b`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Logic:
    """Terms joined by `&&` or `||`."""

    operator: Literal["&&", "||"]
    terms: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node
    start: int
    end: int


Node = (
    Constant
    | Name
    | Select
    | Index
    | Has
    | Call
    | Macro
    | ListOf
    | MapOf
    | Unary
    | Operation
    | Logic
    | Choice
)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below one."""
    match node:
        case Constant() | Name():
            return ()
        case Select() | Has() | Unary():
            return (node.operand,)
        case Index():
            return (node.operand, node.key)
        case Call():
            return node.arguments
        case Macro():
            return (node.over, node.first) if node.second is None else (node.over, node.first, node.second)
        case ListOf():
            return node.items
        case MapOf():
            return tuple(part for entry in node.entries for part in entry)
        case Operation():
            return (node.first, *(operand for _, operand in node.rest))
        case Logic():
            return node.terms
        case Choice():
            return (node.condition, node.yes, node.no)


def depth(node: Node) -> int:
    """How many levels the tree has, found without recursion."""
    deepest, waiting = 0, [(node, 1)]
    while waiting:
        one, level = waiting.pop()
        deepest = max(deepest, level)
        waiting += [(child, level + 1) for child in children(one)]
    return deepest
