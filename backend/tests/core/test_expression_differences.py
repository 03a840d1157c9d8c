"""What our evaluator and another implementation of CEL share: both give the same, or both refuse."""

from __future__ import annotations

from typing import Any

import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.core.budget import full
from watchbill.core.expressions import ExpressionError, parse

SCOPE: dict[str, Any] = {
    "inputs": {"n": 3, "text": "Tide", "tags": ["b", "a", "b"], "map": {"a": 1}, "flag": True, "none": None},
    "nodes": {},
}
NUMBERS = st.deferred(
    lambda: (
        st.sampled_from(["0", "1", "-2", "7", "inputs.n", "inputs.map.a", "9223372036854775807"])
        | st.builds("({} {} {})".format, NUMBERS, st.sampled_from(["+", "-", "*", "/", "%"]), NUMBERS)
        | st.builds("size({})".format, TEXTS | LISTS)
        | st.builds("({} ? {} : {})".format, FLAGS, NUMBERS, NUMBERS)
        | st.builds("{}[{}]".format, LISTS, st.sampled_from(["0", "1", "5"]))
    )
)
TEXTS = st.deferred(
    lambda: (
        st.sampled_from(["''", "'a'", '"b\\n"', "r'\\d'", "inputs.text", "inputs.tags[0]"])
        | st.builds("({} + {})".format, TEXTS, TEXTS)
        | st.builds("string({})".format, NUMBERS)
    )
)
LISTS = st.deferred(
    lambda: (
        st.sampled_from(["[]", "[1, 2, 3]", "[3, 0]"])
        | st.builds("({} + {})".format, LISTS, LISTS)
        | st.builds("{}.map(x, x + {})".format, LISTS, NUMBERS)
        | st.builds("{}.filter(x, x > {})".format, LISTS, NUMBERS)
        | st.builds("{}.map(x, x != {}, x * 2)".format, LISTS, NUMBERS)
    )
)
FLAGS = st.deferred(
    lambda: (
        st.sampled_from(["true", "false", "inputs.flag", "has(inputs.n)", "has(inputs.m)", "inputs.m == 1"])
        | st.builds(
            "({} {} {})".format, NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS
        )
        | st.builds("({} {} {})".format, TEXTS, st.sampled_from(["<", "==", "!="]), TEXTS)
        | st.builds("({} {} {})".format, FLAGS, st.sampled_from(["&&", "||"]), FLAGS)
        | st.builds("!{}".format, FLAGS)
        | st.builds("({} == {})".format, LISTS, LISTS)
        | st.builds("({} in {})".format, NUMBERS, LISTS)
        | st.builds("{}.{}({})".format, TEXTS, st.sampled_from(["contains", "startsWith", "endsWith"]), TEXTS)
        | st.builds(
            "{}.{}(x, x == {})".format, LISTS, st.sampled_from(["all", "exists", "exists_one"]), NUMBERS
        )
    )
)


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


@settings(max_examples=300)
@given(NUMBERS | TEXTS | LISTS | FLAGS)
def test_both_give_the_same(source: str) -> None:
    # Macros within macros may be three deep here, and there as deep as one likes.
    theirs, ours = _theirs(source), _ours(source)
    assert ours == theirs, source
