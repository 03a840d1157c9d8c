"""What holds for every expression and scope: clean failures, the same count each time, JSON in the end."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.core.computing_budget import Budget, OverBudget, quick
from watchbill.core.expressions import ExpressionError, parse, parse_template
from watchbill.core.expressions.functions import FUNCTIONS

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SURROGATES = st.text(st.characters(), max_size=20) | st.sampled_from(["\ud800", "a\udfffb", "\x00"])
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63), 2**64, 10**400, 2**53 + 1])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | SURROGATES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SURROGATES, inner, max_size=4),
    max_leaves=10,
)
_WORDS = r"""
inputs inputs.a inputs.b nodes.x.output item x 1 0 -1 2.5 1u null true false 'a' "é" b'\xff' '%s'
'Europe/Berlin' '2026-01-02T03:04:05Z' '1h' [ ] ( ) { } , . : ? + - * / % && || ! == != < <= > >= in
.map(x,x) .filter(x,x>1) .exists(x,x==1) .all(x,x) .sortBy(x,x) has(inputs.a) 9223372036854775807 now()
timestamp(0) duration('1h') [1,2] {'a':1} int type(1)
"""
WORDS = st.sampled_from(_WORDS.split())
CALLS = st.sampled_from(sorted(FUNCTIONS))
ATOMS = st.sampled_from(
    [
        "inputs.a",
        "inputs.b",
        "null",
        "true",
        "1",
        "-1",
        "9223372036854775807",
        "2u",
        "0.5",
        "1e308",
        "'a'",
        "'a,b'",
        "'[0-9]+'",
        "'%d %s'",
        "'%Y'",
        "'UTC'",
        "'2026-01-02'",
        "b'\\xff'",
        "[]",
        "[1, 'a']",
        "[3, 1, 2.5]",
        "['b', 'a']",
        "{}",
        "{'a': [1]}",
        "{1: 2}",
        "now()",
        "timestamp('0001-01-01T00:00:00Z')",
        "timestamp('9999-12-31T23:59:59Z')",
        "duration('1h')",
        "duration('-87000000h')",
        "type(1)",
        "1.0 / 0.0",
        "0.0 / 0.0",
    ]
)


@st.composite
def calls(draw: st.DrawFn) -> str:
    """A call of any function with arguments of any kind, perhaps within another."""
    name = draw(CALLS)
    given = draw(st.lists(ATOMS | st.deferred(calls), min_size=FUNCTIONS[name].least, max_size=4))
    most = FUNCTIONS[name].most
    return f"{name}({', '.join(given if most is None else given[:most])})"


def evaluated(source: str, scope: dict[str, Any], budget: Budget) -> tuple[str, Any]:
    """What came of it, and nothing but that may come of it."""
    try:
        value = parse(source).evaluate(scope, budget, NOW)
    except ExpressionError as error:
        assert error.message
        return "error", error.message
    except OverBudget as over:
        return "over", over.what
    return "value", value


@settings(max_examples=300)
@given(calls(), JSON, JSON)
def test_a_call_of_any_function_ends_cleanly_and_counts_the_same(source: str, a: Any, b: Any) -> None:
    scope = {"inputs": {"a": a, "b": b}, "nodes": {}}
    first, second = quick(), quick()
    outcome = evaluated(source, scope, first)
    assert repr(evaluated(source, scope, second)) == repr(outcome)
    assert (first.steps, first.size) == (second.steps, second.size)


@pytest.mark.parametrize(
    "source",
    [
        "inputs.a == inputs.b",
        "inputs.list[inputs.a]",
        "inputs.a * 1.5",
        "inputs.a + 1",
        "-inputs.a",
        "{inputs.a: 1}",
        "string(inputs.a)",
        "json.encode(inputs.a)",
        "'%d %f'.format([inputs.a, inputs.a])",
        "inputs.list.slice(0, inputs.a)",
        "now().addDays(inputs.a)",
        "now().addMonths(inputs.a)",
        "lists.range(inputs.a)",
        "math.bitShiftLeft(1, inputs.a)",
        "'a'.charAt(inputs.a)",
        "'a'.replace('a', 'b', inputs.a)",
        "'a,b'.split(',', inputs.a)",
        "[[1]].flatten(inputs.a)",
        "math.sqrt(inputs.a)",
        "math.round(inputs.a)",
        "timestamp(inputs.a)",
        "sum([inputs.a, 1.5])",
    ],
)
def test_a_number_of_thousands_of_digits_ends_cleanly(source: str) -> None:
    for number in (10**5000, -(10**5000)):
        scope = {"inputs": {"a": number, "b": 1, "list": [1]}, "nodes": {}}
        evaluated(source, scope, quick())
        with contextlib.suppress(ExpressionError, OverBudget):
            parse_template(f"x{{{{ {source} }}}}").render(scope, quick(), NOW)


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=12).map(" ".join), JSON, JSON)
def test_any_words_end_cleanly_and_give_json(source: str, a: Any, b: Any) -> None:
    scope = {"inputs": {"a": a, "b": b}, "nodes": {"x": {"output": a}}, "item": b}
    kind, value = evaluated(source, scope, quick())
    if kind == "value":
        json.dumps(value, allow_nan=False)


@settings(max_examples=200)
@given(st.lists(WORDS | st.sampled_from(["{{", "}}", "\\", "'", '"']), max_size=12).map("".join), JSON)
def test_any_template_ends_cleanly(text: str, a: Any) -> None:
    scope = {"inputs": {"a": a, "b": 1}, "nodes": {}}
    with contextlib.suppress(ExpressionError, OverBudget):
        parse_template(text).render(scope, quick(), NOW)


@given(JSON)
def test_what_is_picked_of_a_scope_is_what_stands_there(value: Any) -> None:
    kind, found = evaluated("inputs.a", {"inputs": {"a": value}, "nodes": {}}, quick())
    assert kind == "error" or found is value


@given(JSON)
def test_json_survives_being_written_and_read(value: Any) -> None:
    scope = {"inputs": {"a": value}, "nodes": {}}
    kind, found = evaluated("json.decode(json.encode(inputs.a)) == inputs.a", scope, quick())
    assert kind != "value" or found is True
