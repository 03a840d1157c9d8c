"""Checks of one node's configuration: its shape, its expressions, and what they refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from watchbill.core.expressions import Expression, ExpressionError, Reference, Template, parse, parse_template
from watchbill.core.expressions.template import MAX_EXPRESSION_LENGTH, Path, templates_in
from watchbill.core.flow.definition import ID_PATTERN, Node
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import BodyType, NodeType

Templates = list[tuple[Path, Template]]
# Says why a reference is not allowed, or None.
Allowed = Callable[[Reference], tuple[str, str] | None]

# Of a whole definition, bodies and sub-flows included: each takes time to be read, at worst 15 microseconds a
# character.
MAX_EXPRESSIONS = 20_000
MAX_CHARACTERS = 500_000
# Of a path as it is written: a name can be as long as the definition, and hundreds of problems may name it.
_LONGEST_PATH = 1_000


@dataclass(slots=True)
class Reader:
    """Parses the expressions of one definition, and counts them and their characters."""

    expressions: int = 0
    characters: int = 0

    @property
    def over(self) -> bool:
        """Whether there are more than a definition may have; nothing further is to be read then."""
        return self.expressions > MAX_EXPRESSIONS or self.characters > MAX_CHARACTERS

    def expression(self, text: str) -> Expression:
        """Parse one that stands by itself.

        Raises:
            ExpressionError: it cannot be read, or the definition has too many: `flow_limit`.
        """
        self._count(1, len(text))
        return parse(text)

    def template(self, text: str, *, url: bool = False) -> Template:
        """Parse a text with expressions in it; raises as `expression` does."""
        try:
            template = parse_template(text, url=url)
        except ExpressionError:
            # How many it has is not known; it was read no further than this.
            self._count(1, min(len(text), MAX_EXPRESSION_LENGTH))
            raise
        found = [part for part in template.parts if isinstance(part, Expression)]
        self._count(len(found), sum(len(part.source) for part in found))
        return template

    def _count(self, expressions: int, characters: int) -> None:
        self.expressions += expressions
        self.characters += characters
        if self.over:
            what = (
                f"{MAX_EXPRESSIONS:,} expressions"
                if self.expressions > MAX_EXPRESSIONS
                else f"{MAX_CHARACTERS:,} characters in its expressions"
            )
            text = (
                f"A flow, with the flows in it, has at most {what}; this field exceeds that."
                " Use fewer or shorter ones, or split the flow up."
            )
            raise ExpressionError("flow_limit", text)


def dotted(path: Sequence[str | int]) -> str:
    """A path as users and forms write it, `config.cases.0.when`; a very long one is cut."""
    text = ".".join(str(part)[: _LONGEST_PATH + 1] for part in path)
    return text if len(text) <= _LONGEST_PATH else f"{text[:_LONGEST_PATH]}…"


def validate_config(
    node: Node, type_: NodeType, *, judged: bool = True
) -> tuple[BaseModel | None, list[Problem]]:
    """The typed configuration, or a problem for each field that does not fit. Only where it is `judged` its
    type is asked for more problems."""
    try:
        config = type_.config.model_validate(node.config)
    except ValidationError as error:
        return None, [
            Problem(
                node_id=node.id,
                field=dotted(("config", *item["loc"])),
                code=_code(item["type"]),
                message=sentence(item["type"], item["msg"]),
            )
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    if not judged:
        return config, []
    return config, [
        problem.model_copy(update={"node_id": node.id, "field": f"config.{problem.field}"})
        for problem in type_.check(config)
    ]


def _code(kind: str) -> str:
    """The problem's code for one of Pydantic's, or for one of a JSON Schema's."""
    if kind.startswith("schema_"):
        return kind
    return "config_missing" if kind == "missing" else "config_invalid"


def sentence(code: str, message: str) -> str:
    """Pydantic's message as a sentence for a person."""
    if code == "missing":
        return "This field is required."
    if code in ("string_too_short", "too_short") and "at least 1 " in message:
        return "This field is empty."
    if code == "extra_forbidden":
        return "This field is not known here; remove it."
    if code == "string_pattern_mismatch" and ID_PATTERN in message:
        return "Begin with a letter from a to z; use only a to z, 0 to 9 and _, at most 63 of them."
    text = message.removeprefix("Value error, ")
    for start in ("Input should be", "Input should"):
        if text.startswith(start):
            text = (
                f"This must be{text.removeprefix(start)}" if start.endswith("be") else f"This must{text[12:]}"
            )
    text = text.replace("String should", "This must").replace("List should", "This list must")
    return text if text.endswith(".") else f"{text}."


def read_fields(
    node: Node, type_: NodeType, allowed: Allowed, reader: Reader
) -> tuple[list[tuple[Path, Template]], dict[str, Expression], list[Problem]]:
    """Parse every template and expression of a node; problems name the field and what to do."""
    problems: list[Problem] = []
    fields: list[tuple[Path, Template]] = []
    conditions: dict[str, Expression] = {}
    bare = {path: text for pattern in type_.expressions for path, text in _at(node.config, pattern)}
    urls = {(name,) for name in type_.urls}
    hidden = type_.verbatim | (type_.body.inner if type_.body else frozenset[str]())
    values = {key: value for key, value in node.config.items() if key not in hidden}
    for path, text in templates_in(values):
        if path in bare or reader.over:
            continue
        try:
            fields.append((path, reader.template(text, url=path in urls)))
        except ExpressionError as error:
            problems.append(_problem(node, path, error.code, error.message))
    for path, text in bare.items():
        if reader.over:
            break
        try:
            conditions[dotted(path)] = reader.expression(text)
        except ExpressionError as error:
            problems.append(_problem(node, path, error.code, error.message))
    for path, references in (
        *((path, template.references) for path, template in fields),
        *(((key,), expression.references) for key, expression in conditions.items()),
    ):
        problems += _refused(node, path, references, allowed)
    return fields, conditions, problems


def read_inner(
    node: Node, body: BodyType, allowed: Allowed, reader: Reader
) -> tuple[Templates, Expression | None, list[Problem]]:
    """Parse what is evaluated at the end of each iteration: the templates of its result, and the condition
    that ends the iterations."""
    problems: list[Problem] = []
    result: Templates = []
    until: Expression | None = None
    wanted = {body.result: node.config.get(body.result)} if body.result in node.config else {}
    for path, text in templates_in(wanted):
        if reader.over:
            break
        try:
            result.append((path, reader.template(text)))
            problems += _refused(node, path, result[-1][1].references, allowed)
        except ExpressionError as error:
            problems.append(_problem(node, path, error.code, error.message))
    source = node.config.get(body.until) if body.until else None
    if isinstance(source, str) and source.strip() and not reader.over:
        try:
            until = reader.expression(source)
            problems += _refused(node, (str(body.until),), until.references, allowed)
        except ExpressionError as error:
            problems.append(_problem(node, (str(body.until),), error.code, error.message))
    return result, until, problems


def _refused(node: Node, path: Path, references: Iterable[Reference], allowed: Allowed) -> list[Problem]:
    ordered = sorted(references, key=str)
    return [_problem(node, path, *why) for reference in ordered if (why := allowed(reference))]


def _problem(node: Node, path: Sequence[str | int], code: str, message: str) -> Problem:
    return Problem(node_id=node.id, field=dotted(("config", *path)), code=code, message=message)


def _at(value: Any, pattern: Sequence[str], path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Strings that stand at a path pattern; `*` is any index of a list."""
    if not pattern:
        if isinstance(value, str):
            yield path, value
        return
    head, rest = pattern[0], pattern[1:]
    if head == "*" and isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _at(item, rest, (*path, index))
    elif isinstance(value, Mapping) and head in value:
        yield from _at(value[head], rest, (*path, head))
