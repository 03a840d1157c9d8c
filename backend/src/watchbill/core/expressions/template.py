"""Templates: text with `{{ CEL }}` in it; a template that is one expression keeps the value's type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from watchbill.core.expressions.cel import Expression, ExpressionError, Reference, parse

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A parsed template: literal texts and expressions in turn."""

    parts: tuple[str | Expression, ...]

    @property
    def references(self) -> frozenset[Reference]:
        """Everything its expressions read."""
        return frozenset().union(*(part.references for part in self.parts if isinstance(part, Expression)))

    def render(self, scope: Mapping[str, Any]) -> Any:
        """The text, or the typed value if the template is a single expression. Null becomes empty text.

        Raises:
            ExpressionError: an expression in it cannot be evaluated.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self.parts[0].evaluate(scope)
        return "".join(
            part if isinstance(part, str) else as_text(part.evaluate(scope)) for part in self.parts
        )


def as_text(value: Any) -> str:
    """How a value reads inside a text: strings as they are, null as nothing, the rest as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@lru_cache(maxsize=20_000)
def parse_template(text: str) -> Template:
    """Parse text with `{{ }}`. `{{` inside a CEL string literal does not end or begin anything.

    Raises:
        ExpressionError: `template_unclosed`, or what `parse` raises for an expression in it.
    """
    parts: list[str | Expression] = []
    position = 0
    while (start := text.find("{{", position)) >= 0:
        if start > position:
            parts.append(text[position:start])
        end = _closing(text, start + 2)
        parts.append(parse(text[start + 2 : end].strip()))
        position = end + 2
    if position < len(text):
        parts.append(text[position:])
    return Template(tuple(parts))


def _closing(text: str, index: int) -> int:
    """Where the `}}` stands that ends the expression beginning at index, past quotes and braces."""
    depth, quote, start = 0, "", index
    while index < len(text):
        char = text[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            if depth == 0 and text.startswith("}}", index):
                return index
            depth = max(0, depth - 1)
        index += 1
    raise ExpressionError(
        "template_unclosed",
        f"The expression that begins with `{text[start : start + 30]}` has no closing `}}}}`.",
    )


def templates_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every string in a JSON value that holds a `{{`, with the path to it."""
    if isinstance(value, str):
        if "{{" in value:
            yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from templates_in(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from templates_in(item, (*path, index))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """The JSON value with what stands at `path` replaced; nothing given is changed."""
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {key: replaced(item, rest, new) if key == head else item for key, item in value.items()}
    return [replaced(item, rest, new) if index == head else item for index, item in enumerate(value)]
