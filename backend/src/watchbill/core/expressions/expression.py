"""An expression, ready to be evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.analysis import Reference, analyse, calls
from watchbill.core.expressions.cache import Kept
from watchbill.core.expressions.errors import ExpressionError, Fault, place
from watchbill.core.expressions.functions.registry import Env
from watchbill.core.expressions.judging import Judged, Known, judge
from watchbill.core.expressions.parser import read
from watchbill.core.expressions.program import Evaluate, compile_, is_path, is_raw
from watchbill.core.expressions.results import measure, to_json
from watchbill.core.expressions.shapes import as_json
from watchbill.core.expressions.syntax import Node

MAX_LENGTH = 10_000
_PLAIN = (dict, list, str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A parsed expression. Build it with `parse`; parsing the same text again costs nothing."""

    source: str
    references: frozenset[Reference]
    _evaluate: Evaluate
    _cost: int
    _slots: int
    _path: bool
    # Whether it says of itself that it is written for a URL already.
    raw: bool
    _tree: Node

    def evaluate(self, scope: Mapping[str, Any], budget: Budget, now: datetime | None = None) -> Any:
        """The value over `scope`, a mapping with `inputs`, `nodes` and a body's locals, as plain JSON. Parts
        of the scope are not copied, so neither may be changed afterwards.

        Args:
            scope: what may be read, as plain JSON.
            budget: what may be used; the same expression over the same scope always uses the same.
            now: what `now()` gives; without it that is an error.

        Raises:
            ExpressionError: with code `evaluation_failed` and a sentence that says why.
            OverBudget: it needs more than the budget has.
        """
        try:
            budget.spend(self._cost)
            value = self._evaluate(Env(scope, budget, now, [None] * self._slots))
            if self._path and type(value) in _PLAIN:
                measure(value, budget)
                return value
            return to_json(value, budget)
        except Fault as fault:
            raise self._failure(fault) from None

    def judge(self, known: Known, *, hints: bool = True) -> Judged:
        """What it gives when it reads what is `known`, as JSON has it, or why it always fails; with `hints`
        at what was meant."""
        judged = judge(self.source, self._tree, known, hints=hints)
        return replace(judged, shape=as_json(judged.shape))

    @property
    def moves(self) -> bool:
        """Whether it depends on the time at which it is evaluated."""
        return calls(self._tree, "now")

    @property
    def fixed(self) -> bool:
        """Whether it reads nothing, so that it always gives the same."""
        return not self.references and not self.moves

    def _failure(self, fault: Fault) -> ExpressionError:
        source, why = self.source, fault.sentence
        position = None
        if fault.start is not None and fault.end is not None:
            position = place(source, fault.start)
            part = source[fault.start : fault.end]
            # A part that is most of the whole tells nothing more.
            if len(part) < len(source) and len(source) > 40:
                why = f"`{_shorten(part)}`: {why}"
        return ExpressionError("evaluation_failed", f"Cannot evaluate `{_shorten(source)}`: {why}", position)


def parse(source: str) -> Expression:
    """Parse a CEL expression.

    Raises:
        ExpressionError: `expression_syntax`, `expression_too_long`, `expression_too_deep`,
            `expression_unknown_variable`, `expression_unknown_function`, `expression_arguments` or
            `expression_pattern`, with a position where there is one.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError("expression_too_long", f"An expression has at most {MAX_LENGTH:,} characters.")
    return _KEPT.get(source)


def _parse(source: str) -> tuple[Expression, int]:
    if not source.strip():
        raise ExpressionError("expression_syntax", "The expression is empty.")
    tree = read(source)
    references = analyse(source, tree)
    evaluate, cost, slots = compile_(source, tree)
    return Expression(source, references, evaluate, cost, slots, is_path(tree), is_raw(tree), tree), len(
        source
    )


# Characters of all expressions that are kept; each takes some 400 bytes at worst.
_KEPT = Kept(_parse, 200_000)


def _shorten(source: str, limit: int = 120) -> str:
    return source if len(source) <= limit else f"{source[: limit - 1]}…"
