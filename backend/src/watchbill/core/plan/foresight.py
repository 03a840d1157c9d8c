"""Foreseeing failures: each field of a node is judged by what is known of the values that it reads."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from watchbill.core.computing_budget import Budget, OverBudget
from watchbill.core.expressions import Expression, ExpressionError, Reference, Template
from watchbill.core.expressions.filling import filled
from watchbill.core.expressions.shapes import (
    ANY,
    BOOL,
    NULL,
    SAMPLES,
    TEXT,
    WHOLE,
    Shape,
    either,
    map_of,
    of_value,
)
from watchbill.core.expressions.template import Path
from watchbill.core.flow.definition import Node
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.node_types import NodeType
from watchbill.core.plan.fields import Templates, dotted, sentence

# For all expressions of a definition that read nothing; ten milliseconds.
_STEPS, _SIZE = 20_000, 500_000
# For each of them, so that one leaves something to the others.
_STEPS_EACH, _SIZE_EACH = 500, 20_000
# For a guess at what was meant where something is wrong: of hundreds, nobody reads the last.
_STEPS_TOLD = 100


@dataclass(slots=True)
class Sight:
    """What is known at one level: of inputs, of nodes that come before, and of a body's locals. `left` is
    what may still be computed for the whole definition, and `handled` tells whether a node around the level
    goes on when something in it fails."""

    inputs: Shape = ANY
    nodes: ChainMap[str, Shape] = field(default_factory=ChainMap[str, Shape])
    local: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    left: Budget = field(default_factory=lambda: Budget(_STEPS, _SIZE))
    handled: bool = False

    def known(self) -> dict[str, Shape]:
        """By what expressions call it."""
        # Outputs are JSON, and so many that they are not asked one by one whether they are.
        nodes = Shape(frozenset({"map"}), self.nodes)
        return {"inputs": self.inputs, "nodes": nodes, **self.local}

    def isolated(self, *, handled: bool) -> Sight:
        """For a flow that sees nothing of what is around."""
        return Sight(left=self.left, handled=self.handled or handled)

    def inside(self, local: Mapping[str, Shape], *, handled: bool) -> Sight:
        """For a body, which sees what is around and has further locals."""
        nodes, local = self.nodes.new_child(), {**self.local, **local}
        return replace(self, nodes=nodes, local=local, handled=self.handled or handled)

    def note(self, node: Node, output: Shape) -> None:
        """A node that others may read from now on. It may have been skipped, or have failed."""
        found = either(output, NULL)
        if node.on_error == "continue":
            found = either(output, NULL, of_value(node.default))
        self.nodes[node.id] = map_of({"output": found, "status": TEXT, "error": map_of()})


def foresee(
    node: Node, type_: NodeType, templates: Templates, conditions: Mapping[str, Expression], sight: Sight
) -> tuple[Foreseen, list[Problem]]:
    """What is known of a node whose configuration is valid, and why it cannot succeed, if it cannot."""
    reading = _Reading(node, sight.known(), sight.left)
    for path, template in templates:
        reading.template(path, template)
    for key, expression in conditions.items():
        reading.condition(_path(key), expression)
    foreseen = Foreseen(node.config, reading.shapes, reading.fixed)
    own = [
        problem.model_copy(update={"node_id": node.id, "field": f"config.{problem.field}"})
        for problem in type_.judge(foreseen)
    ]
    if type_.execute is not None:
        own += _unfit(node, type_, templates, foreseen)
    return foreseen, [_softened(node, sight, problem) for problem in (*reading.problems, *own)]


def foresee_end(
    node: Node, result: Templates, until: tuple[str, Expression] | None, sight: Sight, own: Container[str]
) -> list[Problem]:
    """Why no iteration of a node's body can end well. `until` is the condition with its field, `own` are the
    nodes of the body."""
    reading = _Reading(node, sight.known(), sight.left)
    for path, template in result:
        reading.template(path, template)
    if until is not None:
        reading.ending((until[0],), until[1], own)
    return [_softened(node, sight, problem) for problem in reading.problems]


def local_shapes(type_: NodeType, foreseen: Foreseen | None) -> dict[str, Shape]:
    """What is known of the names that only a body knows."""
    body = type_.body
    if body is None:
        return {}
    shapes = dict.fromkeys(body.locals, ANY)
    if "index" in shapes:
        shapes["index"] = WHOLE
    if foreseen is not None and body.items is not None and body.items in foreseen.config:
        shapes["item"] = foreseen.shape(body.items).element or ANY
    return shapes


def _softened(node: Node, sight: Sight, problem: Problem) -> Problem:
    """A node whose failures are handled may fail: whoever draws the flow is told, and nothing is refused."""
    handled = sight.handled or node.on_error != "fail"
    return problem.model_copy(update={"severity": "warning"}) if handled else problem


def _stays(reference: Reference, own: Container[str]) -> bool:
    """Whether what it names is the same in each iteration."""
    if reference.root not in ("inputs", "nodes"):
        return False
    return reference.name is not None and reference.name not in own


def _path(key: str) -> Path:
    return tuple(int(part) if part.isdecimal() else part for part in key.split("."))


@dataclass(slots=True)
class _Reading:
    """Judges the expressions of one node."""

    node: Node
    known: Mapping[str, Shape]
    left: Budget
    shapes: dict[Path, Shape] = field(default_factory=dict[Path, Shape])
    fixed: dict[Path, Any] = field(default_factory=dict[Path, Any])
    problems: list[Problem] = field(default_factory=list[Problem])

    def template(self, path: Path, template: Template) -> None:
        """A text with expressions, or one expression that keeps its type."""
        parts = [part for part in template.parts if isinstance(part, Expression)]
        shapes = [self._judged(path, part) for part in parts]
        if len(template.parts) == 1:
            self.shapes[path] = shapes[0]
        else:
            self.shapes[path] = TEXT
            self.fixed.pop(path, None)

    def condition(self, path: Path, expression: Expression) -> None:
        """A bare expression that must be true or false."""
        shape = self._judged(path, expression)
        if not shape.may_be("bool"):
            text = f"This must be true or false; it always gives {shape.words}. Compare it with something."
            self._add(path, "not_boolean", text)
            shape = BOOL
        self.shapes[path] = shape

    def ending(self, path: Path, expression: Expression, own: Container[str]) -> None:
        """A condition that is asked after each iteration."""
        self.condition(path, expression)
        if path in self.fixed:
            always = self.fixed[path] is True
            text = "This is always true, so the body runs only once." if always else "This is never true."
            text += " Read `index`, `previous` or a node of the body."
        elif all(_stays(reference, own) for reference in expression.references) and not expression.moves:
            text = (
                "Nothing that this reads changes from one iteration to the next."
                " Read `index`, `previous` or a node of the body."
            )
        else:
            return
        self._add(path, "constant_condition", text, "warning")

    def _judged(self, path: Path, expression: Expression) -> Shape:
        judged = expression.judge(self.known, hints=self.left.steps > 0)
        self.left.steps -= _STEPS_TOLD * (len(judged.doubts) + (judged.fails is not None))
        for doubt in judged.doubts:
            self._add(path, "doubtful_field", doubt, "warning")
        if judged.fails is not None:
            self._add(path, "always_fails", judged.fails)
            return ANY
        return self._computed(path, expression) if expression.fixed else judged.shape

    def _computed(self, path: Path, expression: Expression) -> Shape:
        """What an expression gives that reads nothing, as long as that takes little."""
        budget = Budget(min(_STEPS_EACH, max(0, self.left.steps)), min(_SIZE_EACH, max(0, self.left.size)))
        steps, size = budget.steps, budget.size
        try:
            value = expression.evaluate({"inputs": {}, "nodes": {}}, budget)
        except ExpressionError as error:
            self._add(path, "always_fails", f"This always fails. {error.message}.")
            return ANY
        except OverBudget:
            return ANY
        finally:
            self.left.steps -= steps - max(0, budget.steps)
            self.left.size -= size - max(0, budget.size)
        self.fixed[path] = value
        return of_value(value)

    def _add(self, path: Path, code: str, message: str, severity: Any = "error") -> None:
        where = dotted(("config", *path))
        self.problems.append(
            Problem(node_id=self.node.id, field=where, code=code, message=message, severity=severity)
        )


def _unfit(
    node: Node, type_: NodeType, templates: Iterable[tuple[Path, Template]], foreseen: Foreseen
) -> list[Problem]:
    """Fields that take no value of any kind that their expressions give, or not the one that they always
    give. Any text is tried as it is written already."""
    tried: dict[Path, list[Any]] = {}
    for path, _ in templates:
        kinds = foreseen.shapes[path].kinds
        if path in foreseen.fixed:
            tried[path] = [foreseen.fixed[path]]
        elif kinds and "string" not in kinds:
            tried[path] = [SAMPLES[kind] for kind in sorted(kinds)]
    refused: dict[Path, str] = {}
    for number in range(max(map(len, tried.values()), default=0)):
        samples = [(path, values[min(number, len(values) - 1)]) for path, values in tried.items()]
        wrong = _refusals(type_, filled(node.config, samples), list(tried))
        refused = wrong if number == 0 else {path: refused[path] for path in wrong if path in refused}
    return [
        Problem(
            node_id=node.id,
            field=dotted(("config", *path)),
            code="always_fails",
            message=f"This always gives {foreseen.shapes[path].words}, which does not fit here. {why}",
        )
        for path, why in refused.items()
    ]


def _refusals(type_: NodeType, config: Any, paths: Sequence[Path]) -> dict[Path, str]:
    try:
        type_.config.model_validate(config)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    else:
        return {}
    said: dict[Path, str] = {}
    for item in found:
        for end in range(1, len(item["loc"]) + 1):
            said.setdefault(item["loc"][:end], sentence(item["type"], item["msg"]))
    return {path: said[path] for path in paths if path in said}
