"""What operators and functions give, as people expect it and as the specification of CEL says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from watchbill.core.computing_budget import full, quick
from watchbill.core.expressions import ExpressionError, parse
from watchbill.core.expressions.shapes import of_value

NOW = datetime(2026, 3, 28, 12, 0, 0, tzinfo=UTC)
SCOPE: dict[str, Any] = {
    "inputs": {
        "n": 3,
        "price": 2.5,
        "big": 2**53 + 1,
        "tags": ["b", "a"],
        "map": {"z": 1, "a": 2},
        "null": None,
        "text": "Tide 12, tide 7",
    },
    "nodes": {"x": {"output": None}},
}


def value_of(source: str) -> Any:
    return parse(source).evaluate(SCOPE, quick(), NOW)


VALUES: list[tuple[str, Any]] = [
    # Numbers: whole ones stay whole, and mix with decimal ones.
    ("inputs.n * 1.5", 4.5),
    ("inputs.n + inputs.price", 5.5),
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("-7 % 2", -1),
    ("7 / 2.0", 3.5),
    ("7.5 % 2", 1.5),
    ("2u + 3u", 5),
    ("2u + 3", 5),
    ("inputs.big + 0", 2**53 + 1),
    ("inputs.big > 9007199254740992.0", True),
    ("inputs.big == 9007199254740992.0", False),
    ("1 == 1.0 && 1u == 1 && [1] == [1.0] && {'a': 1} == {'a': 1.0}", True),
    ("1 == true || 'a' == 1 || null == 0", False),
    ("-9223372036854775808", -(2**63)),
    ("0x1F + 1e1 + .5", 41.5),
    ("3 > 2.5 && 2.5 <= 2.5 && 'a' < 'b'", True),
    # Texts.
    (r"'a\tb\x41\u00e9\U0001F600\101\'' + r'\n'", "a\tbA\u00e9😀A'\\n"),
    ("'''a'b''' + \"\"\"c\"d\"\"\"", "a'bc\"d"),
    ("string(b'\\xc3\\xa9') + string(1.0) + string(true) + string(1e21) + string(-0.5)", "é1true1e+21-0.5"),
    ("'tacocat'.substring(4) + 'tacocat'.charAt(0) + 'tacocat'.substring(0, 4)", "catttaco"),
    (
        "['hello mellow'.indexOf('ello', 2), 'hello mellow'.lastIndexOf('ello'), 'aa'.lastIndexOf('')]",
        [7, 7, 2],
    ),
    ("'hello mellow'.lastIndexOf('ello', 6)", 1),
    ("'a-b-c'.replace('-', '+', 1) + 'ab'.replace('', '.')", "a+b-c.a.b."),
    ("'a,b,c'.split(',', 2) + 'ab'.split('') + ''.split(',')", ["a", "b,c", "a", "b", ""]),
    ("'É'.lowerAscii() + 'É'.lower() + 'ß'.upper() + ' x '.trim()", "ÉéSSx"),
    ("'%s is %d, %.2f, %x, %%, %e'.format(['a', 7, 2, 255, 1234.5])", "a is 7, 2.00, ff, %, 1.234500e+03"),
    ("strings.quote('a\"\\n')", '"a\\"\\n"'),
    ("'über'.reverse() + string('über'.size())", "rebü4"),
    # Patterns.
    ("inputs.text.matches('^Tide [0-9]+') && !inputs.text.matches('^tide')", True),
    ("regex.extractAll(inputs.text, '[0-9]+')", ["12", "7"]),
    ("[regex.extract(inputs.text, 'tide ([0-9])'), regex.extract('a', 'b')]", ["7", None]),
    (r"regex.replace('ab12', '([a-z])([0-9])', r'\2\1')", "a1b2"),
    ("regex.replace('a1b2', '[0-9]', '', 1)", "ab2"),
    # Lists and maps.
    ("inputs.map.map(k, k)", ["z", "a"]),
    ("{'z': 1, 'a': {'y': 1, 'b': 2}}", {"z": 1, "a": {"y": 1, "b": 2}}),
    ("inputs.tags.sort() + [3, 1, 2.5].sort().map(x, string(x))", ["a", "b", "1", "2.5", "3"]),
    ("[{'n': 2}, {'n': 1}].sortBy(x, x.n)", [{"n": 1}, {"n": 2}]),
    ("[1, 1.0, 'a', 'a', true, [1], [1]].distinct()", [1, "a", True, [1]]),
    ("[1, [2, [3]]].flatten() + [[1, [2]]].flatten(2)", [1, 2, [3], 1, 2]),
    ("[1, 2, 3].slice(1, 3) + [1, 2].reverse() + lists.range(2)", [2, 3, 2, 1, 0, 1]),
    ("[inputs.tags.first(), inputs.tags.last()]", ["b", "a"]),
    ("[1, 2, 3].map(x, x > 1, x * 2) + [1, 2].filter(x, x > 1)", [4, 6, 2]),
    ("[1, 2].exists_one(x, x > 1) && [1, 2].existsOne(x, x < 2) && {'a': 1}.all(k, k == 'a')", True),
    ("'z' in inputs.map && 1 in [1.0] && !(true in [1]) && inputs.tags.contains('a')", True),
    ("sum([1, 2.5]) + min(3, 1) + max([1, 2]) + math.least(1, 2) + math.greatest(1.5, 1)", 9.0),
    ("sets.contains([1, 2], [2.0]) && sets.intersects([1], [2, 1]) && sets.equivalent([1, 1], [1])", True),
    ("{1: 'a'}[1] + {'a': 'b'}['a'] + inputs.tags[0] + inputs['tags'][1.0]", "abba"),
    # Rounding.
    (
        "[math.round(2.5), math.round(-2.5), math.round(0.49999999999999994), math.floor(-1.5)]",
        [3, -3, 0, -2],
    ),
    ("[math.ceil(1.2), math.trunc(-1.9), math.abs(-3), math.sign(-2.5), math.round(7)]", [2, -1, 3, -1, 7]),
    ("[math.bitAnd(6, 3), math.bitOr(6, 3), math.bitXor(6, 3), math.bitNot(0)]", [2, 7, 5, -1]),
    ("[math.bitShiftLeft(1, 63), math.bitShiftRight(-1, 60), math.sqrt(9)]", [-(2**63), 15, 3]),
    # Conversions.
    ("[int('-12'), int(2.9), int(-2.9), int(timestamp('1970-01-01T00:00:05.9Z'))]", [-12, 2, -2, 5]),
    ("timestamp(1.5)", "1970-01-01T00:00:01.500000+00:00"),
    ("int(timestamp(1767323045)) == 1767323045 && timestamp(0) < now()", True),
    ("double('1.5') + double(inputs.big)", 9007199254740993.5),
    ("bool('t') && type(1) == int && type(1.0) == double && type(null) == null_type", True),
    ("type(now()) == google.protobuf.Timestamp && type(type(1)) == type", True),
    # Times: zones, the calendar and summer time.
    ("string(now())", "2026-03-28T12:00:00Z"),
    ("now().addDays(1, 'Europe/Berlin') - now()", 82_800.0),
    ("now() + duration('24h') - now()", 86_400.0),
    ("timestamp('2026-01-31', 'UTC').addMonths(1).format('%F')", "2026-02-28"),
    ("timestamp('2024-02-29T10:00', '+02:00').format('%d.%m.%Y %H:%M', '-08:00')", "29.02.2024 00:00"),
    ("now().format('%A %-x'.replace('%-x', '%B %z'), 'Asia/Kolkata')", "Saturday March +0530"),
    ("now().getHours('Europe/Berlin') * 100 + now().getDayOfWeek() * 10 + now().getMonth()", 1362),
    (
        "[now().getDate(), now().getDayOfMonth(), now().getDayOfYear(), now().getFullYear()]",
        [28, 27, 86, 2026],
    ),
    (
        "[duration('90m').getHours(), duration('-90s').getMinutes(), duration('1.5s').getMilliseconds()]",
        [1, -1, 1500],
    ),
    ("string(duration('1h30m')) + string(duration('-1.5s'))", "5400s-1.5s"),
    # Encodings.
    ('json.decode(\'{"b": [1, 1.5, null], "a": 9007199254740993}\')', {"b": [1, 1.5, None], "a": 2**53 + 1}),
    (
        "json.encode({'b': inputs.big, 'a': [null, 'é', 0.1]})",
        '{"b": 9007199254740993, "a": [null, "é", 0.1]}',
    ),
    ("url.encode('a b/ü?&~') + url.decode('a%20b+c')", "a%20b%2F%C3%BC%3F%26~a b+c"),
    ("base64.encode('hi') + string(base64.decode('aGk')) + base64.encode(b'\\xff')", "aGk=hi/w=="),
    # Errors of a term that does not decide are left out.
    ("(1 / 0 == 1) || true", True),
    ("!((inputs.nothing == 1) && false)", True),
    ("[0, 1].exists(x, 1 / x == 1) && ![0, 1].all(x, 1 / x == 5)", True),
    ("true ? 1 : 1 / 0", 1),
    ("has(inputs.n) && !has(inputs.m)", True),
    ("inputs.tags.map(x, inputs.tags.map(x, x + 'y'))", [["by", "ay"], ["by", "ay"]]),
    ("[1, 2,].map(url, url + 1)", [2, 3]),
    ("1 + // one\n 1", 2),
]


@pytest.mark.parametrize(("source", "value"), VALUES)
def test_what_an_expression_gives(source: str, value: Any) -> None:
    found = value_of(source)
    assert found == value
    if isinstance(value, dict):
        assert list(found) == list(value)


FAILURES: list[tuple[str, str]] = [
    ("nodes.x.output.title", "nodes.x.output is null, so it has no field 'title'"),
    ("has(nodes.x.output.title)", "nodes.x.output is null"),
    ("inputs.null + 1", "`inputs.null` is null"),
    ("size(inputs.null)", "`inputs.null` is null"),
    ("inputs.null.map(x, x)", "inputs.null is null, not a list or map"),
    ("inputs.tag", "did you mean `tags`?"),
    ("inputs.tags[2]", "the list has 2 elements, counted from 0, and no element 2"),
    ("inputs.tags.title", "inputs.tags is a list, so it has no field 'title'"),
    ("9223372036854775807 + 1", "64 bits"),
    ("-(-9223372036854775807 - 1)", "64 bits"),
    ("inputs.big + 0.5", "too large to be exact as a decimal number"),
    ("0u - 1u", "below zero"),
    ("int(9.3e18)", "64 bits"),
    ("1 / 0", "division by zero"),
    ("1.0 / 0.0", "not a number that JSON can hold"),
    ("'a' + 1", "a text and a whole number cannot be added; write string(…)"),
    ("'a' < 1", "a text and a whole number cannot be put in order"),
    ("'a' in 'abc'", "contains(part)"),
    ("'ab'[0]", "charAt"),
    ("true && 1", "1 is a whole number, not true or false"),
    ("inputs.n ? 1 : 2", "inputs.n is a whole number, not true or false"),
    ("b'\\xff'", "no text in UTF-8"),
    ("{'a': 1, 'a': 2}", "appears twice"),
    ("{1: 1, '1': 2}", "two keys"),
    ('json.decode(\'{"a": 1, "a": 2}\')', "appears twice"),
    ("json.decode('[1e999]')", "not a number that JSON can hold"),
    ("json.decode('[NaN]')", "not a JSON number"),
    ("json.decode('[99999999999999999999]')", "64 bits"),
    ("json.decode('{')", "line 1, column 2"),
    (r"""json.decode(r'["\ud800"]')""", "half of a character"),
    ("[1, 'a'].sort()", "cannot be put in order"),
    ("[].first()", "the list is empty"),
    ("['a', 1].join()", "join() takes a list of texts"),
    ("timestamp('2026-01-02')", "in which zone"),
    ("timestamp('2026-02-30', 'UTC')", "is not in the calendar"),
    ("now().getHours('Europe/Nowhere')", "there is no time zone"),
    ("now().getHours('../../etc/passwd')", "there is no time zone"),
    ("now().format('%500d')", "not known in a pattern"),
    ("timestamp(253402300800)", "years 1 to 9999"),
    ("duration('1 hour')", "is not a duration"),
    ("'a'.matches(inputs.text + '(')", "cannot be used"),
    ("'%s %s'.format(['a'])", "more than the 1 values"),
    ("math.abs('a')", "math.abs() takes a number, not a text"),
    ("'a'.startsWith(1)", "startsWith() takes a text as its second argument, not a whole number"),
    ("item", "is not known here"),
]


@pytest.mark.parametrize(("source", "value"), VALUES)
def test_what_is_known_of_a_value_before_it_is_there_is_true(source: str, value: Any) -> None:
    known = {name: of_value(found) for name, found in SCOPE.items()}
    judged = parse(source).judge(known)
    assert judged.fails is None
    assert judged.shape.may_be(*(of_value(value).kinds or ())), judged.shape


@pytest.mark.parametrize(("source", "why"), FAILURES)
def test_what_fails_says_where_and_why(source: str, why: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of(source)
    assert caught.value.code == "evaluation_failed"
    assert why in caught.value.message


def test_the_part_that_failed_has_a_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of("inputs.n > 2 &&\n  nodes.x.output.title == 'Knots'")
    assert caught.value.position == (2, 3)
    assert "`nodes.x.output.title`: nodes.x.output is null" in caught.value.message


@pytest.mark.parametrize(
    ("source", "code", "position"),
    [
        ("inputs.n ==", "expression_syntax", (1, 12)),
        ("inputs.n +\n  * 2", "expression_syntax", (2, 3)),
        ("inputs.n = 2", "expression_syntax", (1, 10)),
        ("'abc", "expression_syntax", (1, 1)),
        (r"'a\q'", "expression_syntax", (1, 3)),
        ("9223372036854775808", "expression_syntax", (1, 1)),
        ("1 + foo(2)", "expression_unknown_function", (1, 5)),
        ("'a'.upperAsci()", "expression_unknown_function", (1, 1)),
        ("input.n", "expression_unknown_variable", (1, 1)),
        ("[1].map(x, y)", "expression_unknown_variable", (1, 12)),
        ("[1].map(x, x) + x", "expression_unknown_variable", (1, 17)),
        ("[1].map(1, 2)", "expression_syntax", (1, 9)),
        ("has(inputs)", "expression_syntax", (1, 1)),
        ("'a'.replace('b')", "expression_arguments", (1, 1)),
        ("'a'.matches('[')", "expression_pattern", (1, 13)),
    ],
)
def test_what_cannot_be_read_has_a_place(source: str, code: str, position: tuple[int, int]) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert (caught.value.code, caught.value.position) == (code, position)


def test_a_likely_name_is_offered() -> None:
    for source, wanted in (
        ("input.n", "inputs"),
        ("'a'.upperAsci()", "upperAscii"),
        ("math.flor(1)", "math.floor"),
    ):
        with pytest.raises(ExpressionError) as caught:
            parse(source)
        assert f"did you mean `{wanted}`?" in caught.value.message


def test_now_is_what_the_caller_gives_and_nothing_else() -> None:
    assert parse("now()").evaluate(SCOPE, full(), NOW) == "2026-03-28T12:00:00+00:00"
    with pytest.raises(ExpressionError) as caught:
        parse("now()").evaluate(SCOPE, full())
    assert "now() is not known here" in caught.value.message
