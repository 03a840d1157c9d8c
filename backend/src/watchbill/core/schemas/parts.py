"""The parts of a schema: its subschemas, what its references point to, and how much there is to check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

Path = tuple[str | int, ...]
Schema = Mapping[str, Any] | bool

DRAFT_4 = "http://json-schema.org/draft-04/schema"
DRAFTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
    DRAFT_4,
)
_DEFINITIONS = ("$defs", "definitions")
# A keyword may hold a schema, a list of them, or a map of them; what does not fit the keyword is no schema.
_KEYWORDS = frozenset(
    (
        *(
            "additionalItems",
            "additionalProperties",
            "allOf",
            "anyOf",
            "contains",
            "contentSchema",
            "else",
            "if",
        ),
        *("items", "not", "oneOf", "prefixItems", "propertyNames", "then"),
        *("unevaluatedItems", "unevaluatedProperties"),
    )
)
_MAPS = frozenset(("properties", "patternProperties", "dependentSchemas", "dependencies", *_DEFINITIONS))
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_COUNTED = re.compile(r"\{\d")
# What reading a pattern costs, beside a keyword.
_PATTERN_WEIGHT = 20


def subschemas(schema: Mapping[str, Any], path: Path) -> Iterator[tuple[Schema, Path]]:
    """The schemas right inside this one, with their paths."""
    for keyword, held in schema.items():
        if keyword in _KEYWORDS:
            listed = cast("list[Any]", held) if isinstance(held, list) else None
            places: list[tuple[Any, Path]] = (
                [(held, (keyword,))] if listed is None else [(s, (keyword, i)) for i, s in enumerate(listed)]
            )
        elif keyword in _MAPS and isinstance(held, Mapping):
            places = [(inner, (keyword, name)) for name, inner in cast("Mapping[str, Any]", held).items()]
        else:
            continue
        for inner, place in places:
            if isinstance(inner, Mapping | bool):
                yield cast("Schema", inner), (*path, *place)


def references(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The references of a schema itself: keyword and what stands there."""
    for keyword in _REFERENCES:
        if keyword in schema:
            yield keyword, schema[keyword]


def patterns(schema: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """The regular expressions of a schema itself, with where they stand in it."""
    if isinstance(pattern := schema.get("pattern"), str):
        yield pattern, ("pattern",)
    if isinstance(named := schema.get("patternProperties"), Mapping):
        for pattern in cast("Mapping[str, Any]", named):
            yield pattern, ("patternProperties", pattern)


@dataclass(slots=True)
class Parts:
    """All subschemas of a schema by identity, also those that only a reference reaches.

    Args:
        weight: how many keywords and values there are when every reference is followed, each time; what leads
            back into itself counts once.
        recursive: whether a reference leads back to where it stands in.
        counted: whether a pattern repeats something a given number of times, which makes it large.
    """

    root: Mapping[str, Any]
    paths: dict[int, Path] = field(default_factory=dict[int, Path])
    schemas: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    targets: dict[int, list[Schema]] = field(default_factory=dict[int, list[Schema]])
    lost: list[tuple[Path, str]] = field(default_factory=list[tuple[Path, str]])
    weight: int = 0
    recursive: bool = False
    counted: bool = False

    @staticmethod
    def of(root: Mapping[str, Any], *, most: int) -> Parts | None:
        """The parts of a schema that was read from JSON; None when there are more subschemas than `most`."""
        parts = Parts(root)
        if not parts._collect([(root, ())], most):
            return None
        anchors = {name: schema for schema in parts.schemas for name in _anchors(schema)}
        # What a reference reaches may lie where no schema was looked for, and hold references of its own.
        for schema in parts.schemas:
            for keyword, given in references(schema):
                target = _target(root, given, anchors)
                if target is None:
                    parts.lost.append(((*parts.paths[id(schema)], keyword), str(given)))
                    continue
                found, path = target
                parts.targets.setdefault(id(schema), []).append(found)
                if not isinstance(found, bool) and not parts._collect([(found, path)], most):
                    return None
        parts._weigh()
        return parts

    def _collect(self, found: list[tuple[Schema, Path]], most: int) -> bool:
        """Add these schemas and all inside; whether there is room for them."""
        while found:
            schema, path = found.pop()
            if isinstance(schema, bool) or id(schema) in self.paths:
                continue
            if len(self.schemas) >= most:
                return False
            self.paths[id(schema)] = path
            self.schemas.append(schema)
            self.counted = self.counted or any(_COUNTED.search(pattern) for pattern, _ in patterns(schema))
            found += reversed(list(subschemas(schema, path)))
        return True

    def _weigh(self) -> None:
        """Add up weights from the innermost on, without recursion: references make chains of any length."""
        weights: dict[int, int] = {}
        began: set[int] = set()
        waiting: list[Mapping[str, Any]] = [self.root]
        while waiting:
            schema = waiting[-1]
            followed = self._followed(schema)
            if id(schema) not in began:
                began.add(id(schema))
                unknown = [inner for inner in followed if id(inner) not in weights]
                self.recursive = self.recursive or any(id(inner) in began for inner in unknown)
                waiting += [inner for inner in unknown if id(inner) not in began]
                continue
            waiting.pop()
            if id(schema) not in weights:
                weights[id(schema)] = _own(schema) + sum(weights.get(id(inner), 1) for inner in followed)
        self.weight = weights[id(self.root)]

    def _followed(self, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        inner = [s for s, path in subschemas(schema, ()) if path[0] not in _DEFINITIONS]
        return [s for s in (*inner, *self.targets.get(id(schema), ())) if not isinstance(s, bool)]


def _own(schema: Mapping[str, Any]) -> int:
    """What a schema itself weighs: a unit for each keyword, and for each value listed in one."""
    written = sum(_PATTERN_WEIGHT + len(pattern) for pattern, _ in patterns(schema))
    return (
        1
        + written
        + sum(
            _values(held)
            for keyword, held in schema.items()
            if keyword not in _KEYWORDS and keyword not in _MAPS
        )
    )


def _values(value: Any) -> int:
    count, waiting = 0, [value]
    while waiting:
        held = waiting.pop()
        count += 1 + (len(held) // 16 if isinstance(held, str) else 0)
        if isinstance(held, list):
            waiting += cast("list[Any]", held)
        elif isinstance(held, Mapping):
            waiting += cast("Mapping[str, Any]", held).values()
    return count


def _anchors(schema: Mapping[str, Any]) -> Iterator[str]:
    for keyword in ("$anchor", "$dynamicAnchor"):
        if isinstance(name := schema.get(keyword), str):
            yield name
    for keyword in ("$id", "id"):  # as drafts 4 to 7 write an anchor
        if isinstance(name := schema.get(keyword), str) and name.startswith("#"):
            yield name[1:]


def _target(root: Mapping[str, Any], given: Any, anchors: Mapping[str, Schema]) -> tuple[Schema, Path] | None:
    """What a reference within the document points to; None when there is no schema."""
    if not isinstance(given, str) or not given.startswith("#"):
        return None
    fragment = unquote(given[1:])
    if fragment and not fragment.startswith("/"):
        return (anchors[fragment], (given,)) if fragment in anchors else None
    path: list[str | int] = []
    held: Any = root
    for part in fragment.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(held, Mapping) and name in held:
            held = cast("Mapping[str, Any]", held)[name]
            path.append(name)
        elif (
            isinstance(held, list)
            and name.isascii()
            and name.isdigit()
            and int(name[:9]) < len(cast("list[Any]", held))
        ):
            held = cast("list[Any]", held)[int(name)]
            path.append(int(name))
        else:
            return None
    return (cast("Schema", held), tuple(path)) if isinstance(held, Mapping | bool) else None
