"""What an expression gives, and operations in it that fail whatever the values are: judged by kinds alone.

It errs on the side of silence: an operation is called wrong only if it fails for each kind that its operands
may have. What they are worth is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from watchbill.core.computing_budget import full
from watchbill.core.expressions import syntax
from watchbill.core.expressions.analysis import named_type, resolve
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions import FUNCTIONS, Env
from watchbill.core.expressions.lexer import Uint
from watchbill.core.expressions.operations import apply, indexed, missing
from watchbill.core.expressions.shapes import (
    ANY,
    BOOL,
    SAMPLES,
    Shape,
    either,
    list_of,
    map_of,
    of_kind,
    of_value,
)
from watchbill.core.expressions.syntax import Node
from watchbill.core.expressions.values import CelType, negated, type_of

# What an expression may read, by its first name: `inputs`, `nodes`, or a local of a body.
Known = Mapping[str, Shape]
_ALL = frozenset(SAMPLES)
_ANY_ARGUMENT = frozenset({"string", "int", "uint", "double", "bool", "size"})
_BY_CLASS: dict[Any, tuple[str, ...]] = {
    bool: ("bool",),
    bytes: ("bytes",),
    float: ("double",),
    int: ("int", "uint"),
    list: ("list",),
    dict: ("map",),
    str: ("string",),
    datetime: (type_of(SAMPLES["google.protobuf.Timestamp"]).name,),
    timedelta: ("google.protobuf.Duration",),
    NoneType: ("null_type",),
    CelType: ("type",),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of an expression.

    Args:
        shape: what it gives, as JSON has it not yet.
        fails: why it always fails; None when it need not.
        doubts: what reads as if it were meant otherwise, but may be right.
    """

    shape: Shape
    fails: str | None = None
    doubts: tuple[str, ...] = ()


def judge(source: str, tree: Node, known: Known, *, hints: bool = True) -> Judged:
    """What an expression gives when it reads what is known. Names that are not in `known` may be anything. To
    guess what was meant takes a millisecond; it is done only where `hints` are wanted."""
    judging = _Judging(source, known, hints)
    try:
        return Judged(judging.shape(tree, {}), None, tuple(judging.doubts))
    except Fault as fault:
        part = source[fault.start : fault.end] if fault.start is not None else source
        why = fault.sentence if hints else fault.why
        return Judged(ANY, f"`{_short(part)}` always fails: {why}.", tuple(judging.doubts))


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"


@dataclass(slots=True)
class _Judging:
    """A walk over one tree. Whatever always fails raises Fault."""

    source: str
    known: Known
    hints: bool
    doubts: list[str] = field(default_factory=list[str])

    def shape(self, node: Node, bound: Mapping[str, Shape]) -> Shape:
        match node:
            case syntax.Constant(value=value):
                return of_value(value)
            case syntax.Name(name=name):
                if name not in bound and named_type(node) is not None:
                    return Shape(frozenset({"type"}))
                return bound.get(name) or self.known.get(name, ANY)
            case syntax.Select():
                return self._selected(node, bound)
            case syntax.Index():
                return self._indexed(node, bound)
            case syntax.Has(operand=operand):
                held = self.shape(operand, bound)
                if not held.may_be("map"):
                    raise self._fault(operand, f"is {held.words}, so it has no fields", node)
                return BOOL
            case syntax.Call():
                return self._call(node, bound)
            case syntax.Macro():
                return self._macro(node, bound)
            case syntax.ListOf(items=items):
                shapes = [self.shape(item, bound) for item in items]
                return list_of(either(*shapes) if shapes else ANY)
            case syntax.MapOf():
                return self._map(node, bound)
            case syntax.Unary():
                return self._unary(node, bound)
            case syntax.Operation():
                return self._operation(node, bound)
            case syntax.Logic():
                return self._logic(node, bound)
            case syntax.Choice():
                return self._choice(node, bound)

    def _text(self, node: Node) -> str:
        return _short(self.source[node.start : node.end])

    def _fault(self, node: Node, why: str, at: Node) -> Fault:
        return Fault(f"`{self._text(node)}` {why}", at.start, at.end)

    def _selected(self, node: syntax.Select, bound: Mapping[str, Shape]) -> Shape:
        if (kind := named_type(node)) is not None:
            return of_kind(type_of(kind))
        return self._field(self.shape(node.operand, bound), node.field, node.operand, node)

    def _field(self, held: Shape, name: str, operand: Node, node: Node) -> Shape:
        if not held.may_be("map"):
            sample = SAMPLES[sorted(held.kinds or ("null_type",))[-1]]
            raise missing(sample, f"`{self._text(operand)}`", name).at(node.start, node.end)
        if held.fields is None:
            return ANY
        if name in held.fields:
            return held.fields[name]
        wrong = missing(held.fields, f"`{self._text(operand)}`", name)
        if not held.open:
            raise wrong.at(node.start, node.end)
        if held.listed:
            why = wrong.sentence if self.hints else wrong.why
            text = f"{why[:1].upper()}{why[1:]}, according to its schema."
            self.doubts.append(f"{text} Choose a field of the schema, or add it there.")
        return ANY

    def _indexed(self, node: syntax.Index, bound: Mapping[str, Shape]) -> Shape:
        held, key = self.shape(node.operand, bound), self.shape(node.key, bound)
        if (
            isinstance(node.key, syntax.Constant)
            and isinstance(node.key.value, str)
            and not held.may_be("list")
        ):
            return self._field(held, node.key.value, node.operand, node)
        if not held.may_be("list", "map"):
            raise _fails(lambda sample: indexed(sample, 0), held).at(node.start, node.end)
        if held.must_be("list") and not key.may_be("int", "uint", "double"):
            raise _fails(lambda sample: indexed([], sample), key).at(node.start, node.end)
        return held.element or ANY if held.must_be("list") else ANY

    def _call(self, node: syntax.Call, bound: Mapping[str, Shape]) -> Shape:
        name, nodes = resolve(node, bound)
        function = FUNCTIONS[name]
        shapes = [self.shape(argument, bound) for argument in nodes]
        for index, shape in enumerate(shapes):
            wrong: Fault | None = None
            for kind in sorted(shape.kinds or ()):
                wrong = _refusal(name, index, kind)
                if wrong is None:
                    break
            if wrong is not None:
                raise Fault(wrong.why, node.start, node.end)
        given = _given(function.code)
        if given.must_be("list") and name in _KEEPING and shapes[0].must_be("list"):
            return list_of(shapes[0].element or ANY)
        return given

    def _macro(self, node: syntax.Macro, bound: Mapping[str, Shape]) -> Shape:
        over = self.shape(node.over, bound)
        if not over.may_be("list", "map"):
            raise self._fault(node.over, f"is {over.words}, not a list or map", node.over)
        element = over.element or ANY if over.must_be("list") else ANY
        inner = {**bound, node.variable: element}
        parts = [self._inside(part, inner) for part in (node.first, node.second) if part is not None]
        if node.name in ("filter", "sortBy"):
            return list_of(element)
        return list_of(parts[-1]) if node.name == "map" else BOOL

    def _inside(self, node: Node, bound: Mapping[str, Shape]) -> Shape:
        """What is evaluated for each element, which may be none at all."""
        try:
            return self.shape(node, bound)
        except Fault:
            return ANY

    def _map(self, node: syntax.MapOf, bound: Mapping[str, Shape]) -> Shape:
        fields: dict[str, Shape] = {}
        further = False
        for key, value in node.entries:
            named, held = self.shape(key, bound), self.shape(value, bound)
            if not named.may_be("string", "int", "uint"):
                raise self._fault(key, f"is {named.words}; a map's keys are texts or whole numbers", key)
            if isinstance(key, syntax.Constant) and isinstance(key.value, str):
                fields[key.value] = held
            else:
                further = True
        return map_of(fields, further=further)

    def _unary(self, node: syntax.Unary, bound: Mapping[str, Shape]) -> Shape:
        held = self.shape(node.operand, bound)
        if node.operator == "!":
            self._demand_bool(node.operand, held)
            return BOOL
        return _combined("-", None, _kinds(held), node)

    def _operation(self, node: syntax.Operation, bound: Mapping[str, Shape]) -> Shape:
        left = self.shape(node.first, bound)
        for operator, operand in node.rest:
            right = self.shape(operand, bound)
            if operator in ("==", "!="):
                left = BOOL
                continue
            if operator == "in":
                if not right.may_be("list", "map"):
                    raise _fails(lambda sample: apply("in", 1, sample, full()), right).at(
                        node.start, operand.end
                    )
                left = BOOL
                continue
            place = syntax.Name("", node.start, operand.end)
            left = _combined(operator, _kinds(left), _kinds(right), place)
        return left

    def _logic(self, node: syntax.Logic, bound: Mapping[str, Shape]) -> Shape:
        wrong: Fault | None = None
        for term in node.terms:
            try:
                self._demand_bool(term, self.shape(term, bound))
            except Fault as fault:
                wrong = wrong or fault
            else:
                # It may decide, and then nobody asks what the others are.
                return BOOL
        if wrong is not None:
            raise wrong
        return BOOL

    def _choice(self, node: syntax.Choice, bound: Mapping[str, Shape]) -> Shape:
        self._demand_bool(node.condition, self.shape(node.condition, bound))
        found: list[Shape] = []
        wrong: Fault | None = None
        for branch in (node.yes, node.no):
            try:
                found.append(self.shape(branch, bound))
            except Fault as fault:
                wrong = wrong or fault
        if not found and wrong is not None:
            raise wrong
        return either(*found)

    def _demand_bool(self, node: Node, held: Shape) -> None:
        if not held.may_be("bool"):
            raise self._fault(node, f"is {held.words}, not true or false", node)


# Functions that give a list of what was in the list they are given.
_KEEPING = frozenset({"slice", "reverse", "distinct", "sort"})


def _kinds(held: Shape) -> frozenset[str]:
    return _ALL if held.kinds is None else held.kinds


def _combined(operator: str, left: frozenset[str] | None, right: frozenset[str], place: Node) -> Shape:
    """What an operator gives for values of these kinds, of which one alone has none on its left.

    Raises:
        Fault: nothing, whichever they are.
    """
    found, why = _results(operator, left, right)
    if not found:
        raise Fault(why, place.start, place.end)
    return Shape(found)


@lru_cache(maxsize=2_048)
def _results(operator: str, left: frozenset[str] | None, right: frozenset[str]) -> tuple[frozenset[str], str]:
    """The kinds of what an operator gives, and why it gives nothing if that is so."""
    found: set[str] = set()
    why = ""
    for first, second in product(sorted(left or {""}), sorted(right)):
        one, other = SAMPLES.get(first), SAMPLES[second]
        try:
            if left is None:
                # Of numbers that are not below zero, zero alone may be negated.
                value = negated(Uint(0) if second == "uint" else other)
            else:
                value = apply(operator, one, other, full())
            found.add(type_of(value).name)
        except Fault as fault:
            # Null is what is missing; the other kinds are what was meant.
            why = fault.why if not why or "null_type" not in (first, second) else why
    return frozenset(found), why


def _fails(operation: Callable[[Any], Any], held: Shape) -> Fault:
    """The fault of an operation that knows none of the kinds."""
    found: Fault | None = None
    for kind in sorted(held.kinds or ()):
        try:
            operation(SAMPLES[kind])
        except Fault as fault:
            found = fault if found is None or kind != "null_type" else found
    return found or Fault(f"{held.words} does not fit here")


@lru_cache(maxsize=4_096)
def _refusal(name: str, index: int, kind: str) -> Fault | None:
    """Why a function refuses an argument of this kind; None when it does not."""
    function = FUNCTIONS[name]
    if not function.takes_kind(index, SAMPLES[kind]):
        return Fault(function.wrong(index, SAMPLES[kind]))
    if name not in _ANY_ARGUMENT:
        return None
    try:
        function.call(Env({}, full(), None, []), [SAMPLES[kind]])
    except Fault as fault:
        return fault
    return None


@lru_cache(maxsize=512)
def _given(code: Callable[..., Any]) -> Shape:
    """What a function gives, as its code is annotated."""
    return _annotated(get_type_hints(code).get("return", Any))


def _annotated(annotation: Any) -> Shape:
    found: list[Shape] = []
    for one in get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,):
        kinds = _BY_CLASS.get(get_origin(one) or one)
        if kinds is None:
            return ANY
        element = _annotated(get_args(one)[0]) if get_origin(one) is list else None
        found.append(Shape(frozenset(kinds), element=element, plain=element is None or element.is_json))
    return either(*found)
