"""What can be known of a value before there is one: of which kinds it may be, and which fields it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from watchbill.core.expressions.lexer import Uint
from watchbill.core.expressions.values import TIMESTAMP, TYPES, CelType, type_of, word

# One value of each kind. What it is worth never decides whether an operation knows its kind: none is zero,
# and the text is that of a number.
SAMPLES: dict[str, Any] = {
    "bool": True,
    "bytes": b"1",
    "double": 1.5,
    "int": 1,
    "list": [],
    "map": {},
    "null_type": None,
    "string": "1",
    "type": TYPES["int"],
    "uint": Uint(1),
    TIMESTAMP.name: datetime(2026, 1, 1, tzinfo=UTC),
    "google.protobuf.Duration": timedelta(seconds=1),
}
# What becomes of the kinds that JSON does not have.
_AS_JSON = {
    "bytes": "string",
    "type": "string",
    "uint": "int",
    TIMESTAMP.name: "string",
    "google.protobuf.Duration": "double",
}
_MOST_ELEMENTS = 20
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value.

    Args:
        kinds: the names of the CEL types it may have; None for any.
        fields: of a map, what is known of its fields; None where nothing is.
        open: whether the map may have further fields.
        listed: whether its fields were written down by somebody who probably meant all of them.
        element: of a list, what is known of each element.
        plain: whether everything in it, but it itself, is of a kind that JSON has.
    """

    kinds: frozenset[str] | None = None
    fields: Mapping[str, Shape] | None = None
    open: bool = True
    listed: bool = False
    element: Shape | None = None
    plain: bool = True

    def may_be(self, *kinds: str) -> bool:
        """Whether it may be of one of these kinds."""
        return self.kinds is None or not self.kinds.isdisjoint(kinds)

    @property
    def is_json(self) -> bool:
        """Whether it is as JSON has it, with everything in it."""
        return self.plain and (self.kinds is None or self.kinds.isdisjoint(_AS_JSON))

    def must_be(self, kind: str) -> bool:
        """Whether it is of this kind for sure."""
        return self.kinds is not None and self.kinds == frozenset((kind,))

    @property
    def words(self) -> str:
        """What a person calls its kind: `a text`, `a list or null`."""
        if self.kinds is None:
            return "anything"
        return " or ".join(sorted((word(SAMPLES[kind]) for kind in self.kinds), key=lambda w: w == "null"))


ANY = Shape()
NULL = Shape(frozenset({"null_type"}))
BOOL = Shape(frozenset({"bool"}))
WHOLE = Shape(frozenset({"int"}))
NUMBER = Shape(frozenset({"int", "double"}))
TEXT = Shape(frozenset({"string"}))


def list_of(element: Shape = ANY) -> Shape:
    """A list whose elements are all so."""
    return Shape(frozenset({"list"}), element=element, plain=element.is_json)


def map_of(fields: Mapping[str, Shape] | None = None, *, further: bool = False) -> Shape:
    """A map of these fields, and of `further` ones; without fields a map of which nothing is known."""
    plain = fields is None or all(field.is_json for field in fields.values())
    return Shape(frozenset({"map"}), fields, open=further or fields is None, plain=plain)


def of_kind(kind: CelType) -> Shape:
    """A value of this type."""
    return Shape(frozenset({kind.name}))


def either(*shapes: Shape) -> Shape:
    """A value that is one of these. What they know of their inside is kept where only one of them does: to
    compare the insides of all would take too long."""
    different = list({id(shape): shape for shape in shapes}.values())
    if len(different) == 1:
        return different[0]
    if any(shape.kinds is None for shape in different):
        return ANY
    kinds = frozenset[str]().union(*(cast("frozenset[str]", shape.kinds) for shape in different))
    maps = [shape for shape in different if shape.may_be("map")]
    lists = [shape for shape in different if shape.may_be("list")]
    fields = maps[0] if len(maps) == 1 else ANY
    element = lists[0].element if len(lists) == 1 else None
    plain = fields.plain and (element is None or element.is_json)
    return Shape(kinds, fields.fields, fields.open, fields.listed, element, plain)


def as_json(shape: Shape) -> Shape:
    """What becomes of the value, and of everything in it, as the result of an expression."""
    return _as_json(shape, {})


def _as_json(shape: Shape, done: dict[int, Shape]) -> Shape:
    # What an expression names several times is one shape, which may stand in itself again and again.
    if shape.is_json:
        return shape
    if id(shape) not in done:
        fields, element = shape.fields, shape.element
        done[id(shape)] = replace(
            shape,
            kinds=shape.kinds and frozenset(_AS_JSON.get(kind, kind) for kind in shape.kinds),
            fields=fields and {name: _as_json(field, done) for name, field in fields.items()},
            element=element and _as_json(element, done),
            plain=True,
        )
    return done[id(shape)]


def of_value(value: Any, depth: int = 0) -> Shape:
    """What is known of a JSON value: everything, but for what lies deep in it or in a long list."""
    if depth < _DEEPEST and isinstance(value, Mapping):
        found = cast("Mapping[str, Any]", value)
        return map_of({name: of_value(item, depth + 1) for name, item in found.items()})
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if depth < _DEEPEST and 0 < len(items) <= _MOST_ELEMENTS:
            return list_of(either(*(of_value(item, depth + 1) for item in items)))
        return list_of()
    return Shape(frozenset({type_of(value).name}))


_BY_NAME = {
    "string": TEXT,
    "integer": NUMBER,
    "number": NUMBER,
    "boolean": BOOL,
    "null": NULL,
    "array": list_of(),
    "object": map_of(),
}
# Whatever else these say, a value has the type and the properties that stand beside them.
_ADDING = ("$dynamicRef", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas")


def of_schema(schema: Any, depth: int = 0) -> Shape:
    """What a JSON Schema says of the values that satisfy it, as far as that is plain."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return ANY
    found = cast("Mapping[str, Any]", schema)
    if "$ref" in found:
        # Up to draft 7 nothing counts that stands beside it.
        return ANY
    listed: Any = found.get("type")
    names = cast("list[Any]", listed) if isinstance(listed, list) else [listed]
    if not all(isinstance(name, str) and name in _BY_NAME for name in names):
        return ANY
    shape = either(*(_BY_NAME[name] for name in names))
    fields, element = None, None
    properties: Any = found.get("properties")
    if isinstance(properties, Mapping) and shape.may_be("map"):
        named = cast("Mapping[str, Any]", properties)
        fields = {name: of_schema(inner, depth + 1) for name, inner in named.items()}
    # The first elements may have schemas of their own.
    if shape.may_be("list") and "prefixItems" not in found:
        element = of_schema(found.get("items"), depth + 1)
    more = found.get("additionalProperties", True) is not False or any(key in found for key in _ADDING)
    return Shape(shape.kinds, fields, more, bool(fields), element)
