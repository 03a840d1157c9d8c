"""Templates: text with `{{ CEL }}` in it; a template that is one expression keeps the value's type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.analysis import Reference
from watchbill.core.expressions.cache import Kept
from watchbill.core.expressions.errors import ExpressionError, Fault
from watchbill.core.expressions.expression import MAX_LENGTH, Expression, parse
from watchbill.core.expressions.functions.encodings import json_text
from watchbill.core.expressions.lexer import tokens
from watchbill.core.expressions.urls import Kind, joined

Path = tuple[str | int, ...]

# Of one text: each expression takes time to be read.
MAX_EXPRESSIONS = 500
MAX_EXPRESSION_LENGTH = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A parsed template: literal texts and expressions in turn. `source` is the text it was made of, and in a
    `url` values are encoded, as `urls.joined` says."""

    source: str
    parts: tuple[str | Expression, ...]
    url: bool = False

    @property
    def references(self) -> frozenset[Reference]:
        """Everything its expressions read."""
        return frozenset[Reference]().union(
            *(part.references for part in self.parts if isinstance(part, Expression))
        )

    def render(self, scope: Mapping[str, Any], budget: Budget, now: datetime | None = None) -> Any:
        """The text, or the typed value if the template is a single expression. Null becomes empty text.

        Args:
            scope: what the expressions may read.
            budget: what all of them together may use.
            now: what `now()` gives; without it that is an error.

        Raises:
            ExpressionError: an expression in it cannot be evaluated.
            OverBudget: it needs more than the budget has.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self.parts[0].evaluate(scope, budget, now)
        pieces = list(self._pieces(scope, budget, now))
        return joined(pieces) if self.url else "".join(text for _, text in pieces)

    def _pieces(
        self, scope: Mapping[str, Any], budget: Budget, now: datetime | None
    ) -> Iterator[tuple[Kind, str]]:
        for part in self.parts:
            if isinstance(part, str):
                budget.make(len(part))
                yield "literal", part
                continue
            text = _counted_text(part, part.evaluate(scope, budget, now), budget)
            if self.url:
                # Each byte may become three characters, and is looked at once more.
                budget.make(12 * len(text))
                budget.spend(len(text) >> 2)
            yield "raw" if part.raw else "value", text


def _counted_text(part: Expression, value: Any, budget: Budget) -> str:
    if isinstance(value, str):
        budget.make(len(value))
        return value
    try:
        return "" if value is None else json_text(value, budget)
    except Fault as fault:
        text = f"Cannot write the value of `{part.source[:120]}`: {fault.why}"
        raise ExpressionError("evaluation_failed", text) from None


def as_text(value: Any) -> str:
    """How a value that was counted before reads inside a text: strings as they are, null as nothing, the rest
    as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value, Budget(2**63, 2**63))


def parse_template(text: str, *, url: bool = False) -> Template:
    """Parse text with `{{ }}`. What stands in a CEL text or map does not end the expression. In a `url`
    values are encoded.

    Raises:
        ExpressionError: `template_unclosed`, `template_too_long`, or what `parse` raises for one in it.
    """
    template = _KEPT.get(text)
    return Template(template.source, template.parts, url=True) if url else template


def _parse(text: str) -> tuple[Template, int]:
    parts: list[str | Expression] = []
    position = expressions = length = 0
    while (start := text.find("{{", position)) >= 0:
        if start > position:
            parts.append(text[position:start])
        end = _closing(text, start + 2)
        expressions += 1
        length += end - start
        if expressions > MAX_EXPRESSIONS or length > MAX_EXPRESSION_LENGTH:
            most = f"at most {MAX_EXPRESSIONS} expressions, of {MAX_EXPRESSION_LENGTH:,} characters in all"
            raise ExpressionError("template_too_long", f"A text can have {most}.")
        parts.append(parse(text[start + 2 : end].strip()))
        position = end + 2
    if position < len(text):
        parts.append(text[position:])
    return Template(text, tuple(parts)), len(text) + 100 * length


# Characters of all texts that are kept, those in expressions a hundredfold.
_KEPT = Kept(_parse, 20_000_000)


def _closing(text: str, start: int) -> int:
    """Where the `}}` stands that ends the expression beginning there, past texts and maps."""
    depth = 0
    try:
        for token in tokens(text[start : start + MAX_LENGTH + 2]):
            if token.kind != "symbol":
                continue
            if token.text == "{":
                depth += 1
            elif token.text == "}":
                if depth == 0 and text.startswith("}}", start + token.start):
                    return start + token.start
                depth = max(0, depth - 1)
    except ExpressionError as error:
        if error.code != "expression_syntax":
            raise
        text_ = (
            f"The expression that begins with `{text[start : start + 30]}` cannot be read: {error.message}"
        )
        raise ExpressionError("template_unclosed", text_, error.position) from None
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
        for key, item in cast("Mapping[Any, Any]", value).items():
            yield from templates_in(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from templates_in(item, (*path, index))
