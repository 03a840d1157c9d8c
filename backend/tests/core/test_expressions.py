"""CEL expressions and templates: what they give, what they read, and how they fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.core.computing_budget import full
from watchbill.core.expressions import ExpressionError, Reference, parse, parse_template

SCOPE = {
    "inputs": {"topic": "ships", "count": 3, "tags": ["a", "b"]},
    "nodes": {"research": {"output": {"title": "Knots", "score": 0.5}}, "skipped": {"output": None}},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("inputs.count + 1", 4),
        ("inputs.topic + '!'", "ships!"),
        ("size(inputs.tags) > 1", True),
        ("nodes.research.output.score >= 0.5 ? 'good' : 'bad'", "good"),
        ("[size('über'), 'a€😀'.size(), size (b'ü'), size([1, 2]), {'size': 1}.size()]", [4, 3, 2, 2, 1]),
        ("{'size': 'size(ü)'}.size + string(size('size(ü)'))", "size(ü)7"),
        ("['ä', 'bc'].filter(t, t.size() > 1).map(t, size(t))", [2]),
        ("inputs.tags.map(t, t + t)", ["aa", "bb"]),
        ("{'a': [1, null]}", {"a": [1, None]}),
        ("has(nodes.research.output.author)", False),
        ("inputs.topic.upperAscii() + ' ' + inputs.tags.join(', ')", "SHIPS a, b"),
        ("math.greatest(inputs.count, 5)", 5),
        ("inputs.tags.exists(t, t == 'b')", True),
        ("timestamp('2026-01-02T03:04:05Z')", "2026-01-02T03:04:05+00:00"),
    ],
)
def test_an_expression_gives_plain_json(source: str, value: object) -> None:
    assert parse(source).evaluate(SCOPE, full()) == value


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("1 +", "expression_syntax"),
        ("", "expression_syntax"),
        ("unknown.x", "expression_unknown_variable"),
        ("foo(1)", "expression_unknown_function"),
        ("lists.rang(9)", "expression_unknown_function"),
        ("size()", "expression_arguments"),
        ("size('a', 'b')", "expression_arguments"),
        ("inputs.topic.matches('(')", "expression_pattern"),
        ("1" * 20_000, "expression_too_long"),
        ("[1].map(a, [1].map(b, [1].map(c, [1].map(d, d))))", "expression_too_deep"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_code(source: str, code: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert caught.value.code == code


@pytest.mark.parametrize("source", ["size(1)", "inputs.count.size()"])
def test_what_has_no_size_is_told_so(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source).evaluate(SCOPE, full())
    assert caught.value.message == f"Cannot evaluate `{source}`: size() takes one text, list or map"


def test_a_syntax_error_tells_line_and_column() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("inputs.topic ==")
    assert caught.value.position == (1, 16)
    assert "Line 1, column 16" in caught.value.message


@pytest.mark.parametrize("source", ["inputs.missing", "inputs.topic + 1", "inputs.tags[9]", "1 / 0"])
def test_what_cannot_be_evaluated_says_why(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source).evaluate(SCOPE, full())
    assert caught.value.code == "evaluation_failed"
    assert source in caught.value.message


def test_references_are_found_outside_of_strings_and_fields() -> None:
    source = "nodes.a.output + nodes['b'].output + 'nodes.c' + inputs.nodes.x + string(size(inputs))"
    assert parse(source).references == {
        Reference("nodes", "a"),
        Reference("nodes", "b"),
        Reference("inputs", "nodes"),
        Reference("inputs", None),
    }


def test_a_template_of_one_expression_keeps_its_type() -> None:
    assert parse_template("{{ inputs.count }}").render(SCOPE, full()) == 3
    assert parse_template("{{ inputs.tags }}").render(SCOPE, full()) == ["a", "b"]


def test_a_template_with_text_becomes_text() -> None:
    text = "{{ inputs.topic }}: {{ inputs.tags }}{{ nodes.skipped.output }}, {{ inputs.count }}"
    assert parse_template(text).render(SCOPE, full()) == 'ships: ["a", "b"], 3'


def test_braces_in_strings_and_maps_do_not_end_a_template() -> None:
    assert parse_template("{{ '}}' + inputs.topic }}").render(SCOPE, full()) == "}}ships"
    assert parse_template("{{ {'a': {'b': 1}}.a.b }}").render(SCOPE, full()) == 1


def test_an_unclosed_template_is_refused() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_template("Hello {{ inputs.topic }")
    assert caught.value.code == "template_unclosed"


@given(st.text())
def test_any_text_either_parses_or_is_refused_cleanly(text: str) -> None:
    try:
        template = parse_template(text)
    except ExpressionError:
        return
    if "{{" not in text:
        assert template.render(SCOPE, full()) == text


@given(st.text(max_size=200))
def test_any_expression_either_parses_or_is_refused_cleanly(source: str) -> None:
    try:
        parse(source).evaluate(SCOPE, full())
    except ExpressionError as error:
        assert error.message
