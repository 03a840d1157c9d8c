"""What our evaluator and another implementation of CEL share: both give the same, or both refuse."""

from __future__ import annotations

from typing import Any

import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.core.computing_budget import full
from watchbill.core.expressions import ExpressionError, parse

SCOPE: dict[str, Any] = {
    "inputs": {"n": 3, "text": "Tide", "tags": ["b", "a", "b"], "map": {"a": 1}, "flag": True, "none": None},
    "nodes": {},
}
COMPARISONS = ["<", "<=", ">", ">=", "==", "!="]


@st.composite
def numbers(draw: st.DrawFn, depth: int = 2) -> str:
    """An expression that gives a whole number, or fails."""
    if depth == 0:
        return draw(st.sampled_from(["0", "1", "-2", "7", "inputs.n", "inputs.map.a", "9223372036854775807"]))
    one, other = draw(numbers(depth - 1)), draw(numbers(depth - 1))
    shape = draw(
        st.sampled_from(
            [
                "({0} + {1})",
                "({0} - {1})",
                "({0} * {1})",
                "({0} / {1})",
                "({0} % {1})",
                "size({2})",
                "size({3})",
                "({4} ? {0} : {1})",
                "{3}[0]",
                "{3}[1]",
                "{3}[5]",
            ]
        )
    )
    return shape.format(one, other, draw(texts(depth - 1)), draw(lists(depth - 1)), draw(flags(depth - 1)))


@st.composite
def texts(draw: st.DrawFn, depth: int = 2) -> str:
    """An expression that gives a text, or fails."""
    if depth == 0:
        return draw(
            st.sampled_from(["''", "'a'", '"b\\n"', "r'\\d'", "inputs.text", "inputs.tags[0]", "inputs.no"])
        )
    shape = draw(st.sampled_from(["({0} + {1})", "string({2})", "{3} ? {0} : {1}"]))
    one, other = draw(texts(depth - 1)), draw(texts(depth - 1))
    return f"({shape.format(one, other, draw(numbers(depth - 1)), draw(flags(depth - 1)))})"


@st.composite
def lists(draw: st.DrawFn, depth: int = 2) -> str:
    """An expression that gives a list of whole numbers, or fails."""
    if depth == 0:
        return draw(st.sampled_from(["[]", "[1, 2, 3]", "[3, 0]"]))
    shapes = ["({0} + {1})", "{0}.map(x, x + {2})", "{0}.filter(x, x > {2})", "{0}.map(x, x != {2}, x * 2)"]
    one, other = draw(lists(depth - 1)), draw(lists(depth - 1))
    return draw(st.sampled_from(shapes)).format(one, other, draw(numbers(depth - 1)))


@st.composite
def flags(draw: st.DrawFn, depth: int = 2) -> str:
    """An expression that is true or false, or fails."""
    if depth == 0:
        return draw(st.sampled_from(["true", "false", "has(inputs.n)", "has(inputs.m)", "inputs.m == 1"]))
    kind = draw(st.sampled_from(["numbers", "texts", "flags", "lists", "in", "part", "macro"]))
    match kind:
        case "numbers":
            operator = draw(st.sampled_from(COMPARISONS))
            return f"({draw(numbers(depth - 1))} {operator} {draw(numbers(depth - 1))})"
        case "texts":
            return f"({draw(texts(depth - 1))} {draw(st.sampled_from(COMPARISONS))} {draw(texts(depth - 1))})"
        case "flags":
            return (
                f"(!{draw(flags(depth - 1))} {draw(st.sampled_from(['&&', '||']))} {draw(flags(depth - 1))})"
            )
        case "lists":
            return f"({draw(lists(depth - 1))} == {draw(lists(depth - 1))})"
        case "in":
            return f"({draw(numbers(depth - 1))} in {draw(lists(depth - 1))})"
        case "part":
            name = draw(st.sampled_from(["contains", "startsWith", "endsWith"]))
            return f"{draw(texts(depth - 1))}.{name}({draw(texts(depth - 1))})"
        case _:
            name = draw(st.sampled_from(["all", "exists", "exists_one"]))
            return f"{draw(lists(depth - 1))}.{name}(x, x == {draw(numbers(depth - 1))})"


def _theirs(source: str) -> tuple[str, Any]:
    try:
        return "value", cel.compile(source).execute(SCOPE)
    except (ValueError, TypeError, RuntimeError, ArithmeticError, KeyError, IndexError):
        return "refused", None


def _ours(source: str) -> tuple[str, Any]:
    try:
        return "value", parse(source).evaluate(SCOPE, full())
    except ExpressionError:
        return "refused", None


@settings(max_examples=200)
@given(numbers() | texts() | lists() | flags())
def test_both_give_the_same(source: str) -> None:
    theirs, ours = _theirs(source), _ours(source)
    assert ours == theirs, source
