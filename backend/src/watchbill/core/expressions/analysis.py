"""What can be said of an expression before it is evaluated: what it reads, and which names nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, cast

from watchbill.core.expressions import syntax
from watchbill.core.expressions.errors import ExpressionError, Fault, place
from watchbill.core.expressions.functions import FUNCTIONS, NAMESPACES, Function
from watchbill.core.expressions.functions.patterns import PATTERN_ARGUMENTS, compiled
from watchbill.core.expressions.syntax import Node
from watchbill.core.expressions.values import DURATION, TIMESTAMP, TYPES, CelType

# Each walks a list, so their costs multiply: what needs more of them is easier to read as several nodes.
MAX_MACRO_DEPTH = 3
# What only the body of a Map or Loop knows: the item, its index from 0, and the last iteration's result.
LOCALS = frozenset({"item", "index", "previous"})
VARIABLES = frozenset({"inputs", "nodes"}) | LOCALS
_PROTOBUF = {TIMESTAMP.name: TIMESTAMP, DURATION.name: DURATION}


@dataclass(frozen=True, slots=True)
class Reference:
    """Something an expression reads: `inputs.<name>`, `nodes.<name>`, or a local of a body. The name is None
    for the whole map and for locals."""

    root: Literal["inputs", "nodes", "item", "index", "previous"]
    name: str | None


def analyse(source: str, node: Node) -> frozenset[Reference]:
    """What the expression reads.

    Raises:
        ExpressionError: `expression_unknown_variable`, `expression_unknown_function`, `expression_arguments`,
            `expression_pattern` or `expression_too_deep`.
    """
    analysis = _Analysis(source)
    analysis.visit(node, frozenset(), 0)
    return frozenset(analysis.found)


def named_type(node: Node) -> CelType | None:
    """The type that a name such as `int` or `google.protobuf.Timestamp` stands for."""
    if isinstance(node, syntax.Name):
        return TYPES.get(node.name)
    return _PROTOBUF.get(_dotted(node)) if isinstance(node, syntax.Select) else None


def _dotted(node: Node) -> str:
    parts: list[str] = []
    while isinstance(node, syntax.Select):
        parts.append(node.field)
        node = node.operand
    return ".".join((node.name, *reversed(parts))) if isinstance(node, syntax.Name) else ""


def resolve(call: syntax.Call, bound: Iterable[str]) -> tuple[str, tuple[Node, ...]]:
    """The whole name of the function that a call means, and its arguments."""
    if not call.function.startswith("."):
        return call.function, call.arguments
    name, receiver = call.function[1:], call.arguments[0]
    if isinstance(receiver, syntax.Name) and receiver.name in NAMESPACES and receiver.name not in bound:
        return f"{receiver.name}.{name}", call.arguments[1:]
    return name, call.arguments


def calls(node: Node, function: str) -> bool:
    """Whether anything in it calls this function, found without recursion."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, syntax.Call) and resolve(one, ())[0] == function:
            return True
        waiting += syntax.children(one)
    return False


@dataclass(slots=True)
class _Analysis:
    source: str
    found: set[Reference] = field(default_factory=set[Reference])

    def visit(self, node: Node, bound: frozenset[str], macros: int) -> None:
        match node:
            case syntax.Name():
                self._read(node, None, bound)
            case syntax.Select() | syntax.Has():
                if named_type(node) is None:
                    self._visit_selected(node.operand, node.field, bound, macros)
            case syntax.Index(operand=operand, key=key):
                known = key.value if isinstance(key, syntax.Constant) and isinstance(key.value, str) else None
                self._visit_selected(operand, known, bound, macros)
                self.visit(key, bound, macros)
            case syntax.Call():
                self._call(node, bound, macros)
            case syntax.Macro():
                self._macro(node, bound, macros)
            case _:
                for child in syntax.children(node):
                    self.visit(child, bound, macros)

    def _visit_selected(self, operand: Node, name: str | None, bound: frozenset[str], macros: int) -> None:
        if isinstance(operand, syntax.Name):
            self._read(operand, name, bound)
        else:
            self.visit(operand, bound, macros)

    def _read(self, node: syntax.Name, selected: str | None, bound: frozenset[str]) -> None:
        name = node.name
        if name in bound:
            return
        if name in VARIABLES:
            self.found.add(Reference(cast("Any", name), None if name in LOCALS else selected))
        elif name not in TYPES:
            hint = _suggestion(name, VARIABLES | bound)
            text = f"`{name}` is not known here{hint} Use `inputs.<field>` or `nodes.<id>.output`."
            raise self._error("expression_unknown_variable", text, node)

    def _macro(self, node: syntax.Macro, bound: frozenset[str], macros: int) -> None:
        self.visit(node.over, bound, macros)
        if macros == MAX_MACRO_DEPTH:
            text = f"At most {MAX_MACRO_DEPTH} list macros may be nested."
            raise self._error("expression_too_deep", text, node)
        for part in (node.first, node.second):
            if part is not None:
                self.visit(part, bound | {node.variable}, macros + 1)

    def _call(self, node: syntax.Call, bound: frozenset[str], macros: int) -> None:
        name, arguments = resolve(node, bound)
        function = FUNCTIONS.get(name)
        if function is None:
            text = f"There is no function `{name[:60]}`{_suggestion(name, FUNCTIONS)}"
            raise self._error("expression_unknown_function", text, node)
        self._count(function, len(arguments), node)
        for argument in arguments:
            self.visit(argument, bound, macros)
        place_ = PATTERN_ARGUMENTS.get(name)
        pattern = arguments[place_] if place_ is not None else None
        if isinstance(pattern, syntax.Constant) and isinstance(pattern.value, str):
            try:
                compiled(pattern.value)
            except Fault as fault:
                raise self._error("expression_pattern", f"{fault.why}.", pattern) from None

    def _count(self, function: Function, given: int, node: syntax.Call) -> None:
        least, most = function.least, function.most
        if given >= least and (most is None or given <= most):
            return
        wanted = (
            f"{least}" if least == most else f"at least {least}" if most is None else f"{least} to {most}"
        )
        plural = "" if wanted == "1" else "s"
        text = f"{function.name}() takes {wanted} argument{plural}, not {given}: {function.says}"
        raise self._error("expression_arguments", text, node)

    def _error(self, code: str, text: str, node: Node) -> ExpressionError:
        return ExpressionError(code, text, place(self.source, node.start))


def _suggestion(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name[:60], list(known), 1)
    return f"; did you mean `{close[0]}`?" if close else "."
