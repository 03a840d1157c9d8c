"""What one tenant writes costs the others little: counted, and never by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from watchbill.core.computing_budget import Budget, OverBudget, full, quick
from watchbill.core.expressions import ExpressionError, parse, parse_template
from watchbill.core.expressions.cache import Kept
from watchbill.core.expressions.expression import MAX_LENGTH
from watchbill.core.expressions.template import MAX_EXPRESSIONS

SCOPE: dict[str, Any] = {
    "inputs": {
        "items": list(range(1_500)),
        "many": list(range(3_000)),
        "texts": ["x" * 20_000] * 1_000,
        "text": "a" * 200_000,
        "long": "x" * 5_000_000,
        "rows": [{"id": n, "name": f"n{n}"} for n in range(2_000)],
    },
    "nodes": {},
}
TOO_MUCH = [
    "size(inputs.items.map(a, inputs.items.map(b, a + b)))",
    "inputs.items.exists(a, inputs.items.exists(b, inputs.items.exists(c, a + b + c < 0)))",
    "size(inputs.texts.map(a, inputs.texts.map(b, a + b).join()))",
    '"aaaaaaaaaa"' + '.replace("a", "aaaaaaaaaa")' * 7,
    "inputs.many.exists(a, inputs.many.exists(b, a + b < 0))",
    "inputs.many.filter(a, inputs.rows.exists(b, b.id == -a - 1))",
    "lists.range(100000000)",
    "size(inputs.texts.map(t, t.split('')))",
    "inputs.texts.map(t, inputs.texts)",
    "inputs.many.map(a, inputs.long.upper())",
    "inputs.many.map(a, inputs.many.exists(b, b.nothing) || true)",
    "inputs.many.map(a, inputs.rows == inputs.rows)",
    "inputs.many.map(a, inputs.text.matches('(x{1,20}){1,20}y'))",
    "inputs.many.map(a, json.encode(inputs.rows))",
    "inputs.many.map(a, inputs.many.sort())",
    "inputs.many.map(a, inputs.many.map(b, [b]).distinct())",
    "inputs.many.map(a, inputs.texts.join())",
    "inputs.many.map(a, inputs.many + inputs.many)",
    "inputs.many.map(a, regex.replace(inputs.text, 'a', 'bbbb'))",
    "inputs.many.map(a, '%s'.format([inputs.long]))",
    "inputs.many.map(a, url.encode(inputs.text))",
    "inputs.many.map(a, inputs.text.lastIndexOf('aaab'))",
    "inputs.texts.map(t, base64.encode(t))",
]


@pytest.mark.parametrize("budget", [quick, full])
@pytest.mark.parametrize("source", TOO_MUCH)
def test_what_computes_too_much_is_stopped(source: str, budget: Callable[[], Budget]) -> None:
    with pytest.raises(OverBudget):
        parse(source).evaluate(SCOPE, budget())


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("size(inputs.items.map(a, a * 2))", 1_500),
        ("inputs.items.exists(a, inputs.items.exists(b, a + b == 1798))", True),
        ("inputs.rows.map(r, r.name).join(',').split(',').size()", 2_000),
        ("inputs.texts.map(t, t.matches('^x+$')).all(m, m)", True),
        ("size(json.decode(json.encode(inputs.rows)))", 2_000),
        ("inputs.many.sort().last()", 2_999),
        ("inputs.long.size()", 5_000_000),
    ],
)
def test_much_work_is_still_done(source: str, value: Any) -> None:
    assert parse(source).evaluate(SCOPE, full()) == value


def test_a_text_is_counted_before_it_is_made() -> None:
    budget = Budget(steps=10**9, size=10**6)
    with pytest.raises(OverBudget) as over:
        parse('"aaaaaaaaaa"' + '.replace("a", "aaaaaaaaaa")' * 7).evaluate(SCOPE, budget)
    assert over.value.what == "size"
    # All that was made fits into the budget: the next text alone would be as large again ten times.
    assert budget.size < 0
    assert budget.size > -(10**7)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(x{1,10}){1,10}y", "(a|aa)+$", "(.*)(.*)(.*)(.*)(.*)[b-z]", "(?i)(a|A)*b"]
)
def test_a_pattern_takes_time_by_the_length_of_the_text(pattern: str) -> None:
    source = f"(inputs.text + '!').matches('{pattern}')"
    assert parse(source).evaluate(SCOPE, full()) is False


@pytest.mark.parametrize(
    "pattern", ["((a{1,100}){1,100}){1,100}", "a{1001}", "(" * 500, "x" * 2_000, r"(a)\1"]
)
def test_a_pattern_that_is_bad_or_too_large_is_refused(
    pattern: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for source in (f"'a'.matches(r'{pattern}')", f"'a'.matches(inputs.p + r'{pattern}')"):
        with pytest.raises(ExpressionError) as caught:
            parse(source).evaluate({"inputs": {"p": ""}, "nodes": {}}, full())
        assert caught.value.code in ("expression_pattern", "evaluation_failed")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "source",
    [
        "\\" * 10_000,
        "'" + "\\" * 9_998,
        "[" * 10_000,
        "(" * 3_000 + ")" * 3_000,
        "!" * 9_999 + "true",
        "-" * 9_999 + "1",
        "1" + "+1" * 4_999,
        "inputs" + ".a" * 4_999,
        "inputs" + "[0]" * 3_000,
        "true" + "?true" * 1_000,
        "true?1:" * 1_000 + "1",
        "'a'" + ".trim()" * 1_000,
        "{'a':" * 1_500,
        '"""' + '\\"""' * 2_000,
        "'" * 9_999,
        "1" * 9_999,
        "r'''" + "x" * 9_000,
        "//" * 5_000,
    ],
)
def test_a_long_source_is_refused_or_read_without_recursion(source: str) -> None:
    try:
        parse(source)
    except ExpressionError as error:
        assert error.message
        assert len(error.message) < 500


def test_long_sums_and_conditions_are_no_deep_ones() -> None:
    assert parse("+".join(["1"] * 1_500)).evaluate(SCOPE, full()) == 1_500
    assert parse("||".join(["false"] * 1_200)).evaluate(SCOPE, full()) is False


def test_a_text_holds_a_limited_number_of_expressions() -> None:
    assert parse_template("{{ 1 }}," * MAX_EXPRESSIONS).render(SCOPE, full()).startswith("1,1,")
    for text in ("{{ 1 }}" * (MAX_EXPRESSIONS + 1), ("{{ 1" + " " * (MAX_LENGTH - 10) + "}}") * 6):
        with pytest.raises(ExpressionError) as caught:
            parse_template(text)
        assert caught.value.code == "template_too_long"


def test_a_template_shares_one_budget() -> None:
    with pytest.raises(OverBudget):
        parse_template("{{ inputs.long }}," * 10).render(SCOPE, full())
    with pytest.raises(OverBudget):
        parse_template("x{{ inputs.rows }}" * 200).render(SCOPE, full())


def test_values_nested_too_deep_are_refused() -> None:
    deep: Any = 1
    for _ in range(250):
        deep = [deep]
    scope = {"inputs": {"deep": deep, "text": "[" * 1_000 + "]" * 1_000}, "nodes": {}}
    for source in (
        "inputs.deep",
        "inputs.deep == [inputs.deep][0]",
        "json.encode(inputs.deep)",
        "inputs.deep.flatten(1000)",
        "json.decode(inputs.text)",
        "[inputs.deep, inputs.deep].distinct()",
    ):
        with pytest.raises(ExpressionError) as caught:
            parse(source).evaluate(scope, full())
        assert "200 levels" in caught.value.message


def test_what_is_kept_has_a_total_size() -> None:
    made: list[str] = []

    def make(text: str) -> tuple[str, int]:
        made.append(text)
        return text.upper(), len(text)

    kept = Kept(make, 10)
    assert [kept.get(text) for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb", "x" * 20)][
        -1
    ] == "X" * 20
    assert made == ["aaaa", "bbbb", "cccc", "bbbb", "x" * 20]
    assert kept.total <= 10


@pytest.mark.parametrize(
    ("source", "least"),
    [
        # A search by a pattern takes as long as some dozens of operations, however short the text is.
        ("'a'.matches('b')", 25),
        ("regex.extract('a', 'b')", 25),
        # A file is looked for.
        ("timestamp('2026-01-01', 'No/Zone') == now() || true", 120),
        ("now().getHours('No/Zone') == 1 || true", 120),
        # It is read unit by unit, and `1h` is two characters.
        ("duration('" + "1h" * 40 + "')", 160),
        # Each level is entered when it is made plain, when it is measured, and when it is written.
        ("json.encode([[[[1]]]])", 30),
        ("inputs.text.upperAscii()", 25_000),
        # A pattern that is not known beforehand and is short, but no little work to read.
        ("'a'.matches('' + '[^a]{30}')", 4_000),
        ("'a'.matches('' + '\\\\pL+')", 4_000),
    ],
)
def test_what_takes_long_counts_more_than_a_step(source: str, least: int) -> None:
    budget = full()
    before = budget.steps
    parse(source).evaluate(SCOPE, budget, datetime(2026, 1, 1, tzinfo=UTC))
    assert before - budget.steps >= least


@pytest.mark.parametrize(
    "source",
    [
        "inputs.h.contains(inputs.n)",
        "inputs.h.indexOf(inputs.n)",
        "inputs.h.lastIndexOf(inputs.n)",
        "inputs.h.replace(inputs.n, '')",
        "inputs.h.split(inputs.n)",
    ],
)
@pytest.mark.parametrize(("text", "part"), [(2_499, 1_250), (29_999, 99)])
def test_looking_for_what_is_nearly_everywhere_is_not_quick(source: str, text: int, part: int):
    given = {"h": "a" * text, "n": "a" * (part - 2) + "ba"}
    with pytest.raises(OverBudget):
        parse(source).evaluate({"inputs": given, "nodes": {}}, quick())
    assert parse(source).evaluate({"inputs": given, "nodes": {}}, full()) in (
        False,
        -1,
        given["h"],
        [given["h"]],
    )


def test_a_key_that_stands_twice_is_found_in_one_pass():
    text = "{" + ",".join(f'"{n}":1' for n in range(100_000)) + ',"99999":2}'
    with pytest.raises(ExpressionError, match="`99999` appears twice"):
        parse("json.decode(inputs.t)").evaluate({"inputs": {"t": text}, "nodes": {}}, full())
