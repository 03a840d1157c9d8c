"""Putting evaluated templates in their places, all in one go: one after the other, each would copy the lists
and objects around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Leaf:
    value: Any


def filled(value: Any, found: Iterable[tuple[Path, Any]]) -> Any:
    """The JSON value with what stands at each path replaced; nothing given is changed."""
    tree: dict[str | int, Any] = {}
    for path, new in found:
        if not path:
            return new
        place = tree
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = _Leaf(new)
    return _fill(value, tree) if tree else value


def _fill(value: Any, tree: Any) -> Any:
    if isinstance(tree, _Leaf):
        return tree.value
    places = cast("dict[Any, Any]", tree)
    copy: Any = dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else list(value)
    for part, inner in places.items():
        copy[part] = _fill(copy[part], inner)
    return copy
