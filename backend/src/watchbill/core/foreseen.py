"""What is known of a node's configuration before anything runs: literals, and what its expressions give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from watchbill.core.expressions.shapes import Shape, list_of, map_of, of_value
from watchbill.core.expressions.template import Path


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One node's configuration.

    Args:
        config: as it is written, with templates in it.
        shapes: what each template and bare expression gives, by its path in the configuration.
        fixed: the values of those that read nothing.
    """

    config: Mapping[str, Any]
    shapes: Mapping[Path, Shape] = field(default_factory=dict[Path, Shape])
    fixed: Mapping[Path, Any] = field(default_factory=dict[Path, Any])

    def shape(self, *path: str | int) -> Shape:
        """What is known of the value at this path once it is rendered; it must be there."""
        value: Any = self.config
        for part in path:
            value = value[part]
        return self._rendered(value, path)

    def literal(self, *path: str | int) -> bool:
        """Whether what stands at this path is no template and holds none."""
        return not any(place[: len(path)] == path for place in self.shapes)

    def known(self, *path: str | int) -> bool:
        """Whether the value at this path is known: a literal, or of an expression that reads nothing."""
        return path in self.fixed or self.literal(*path)

    def value(self, *path: str | int) -> Any:
        """The value at this path, which is known."""
        if path in self.fixed:
            return self.fixed[path]
        value: Any = self.config
        for part in path:
            value = value[part]
        return value

    def _rendered(self, value: Any, path: Path) -> Shape:
        if path in self.shapes:
            return self.shapes[path]
        if not self.shapes:
            return of_value(value)
        if isinstance(value, Mapping):
            inside = cast("Mapping[str, Any]", value)
            return map_of({name: self._rendered(item, (*path, name)) for name, item in inside.items()})
        return list_of() if isinstance(value, list) else of_value(value)
