"""Structured answers are found wherever models put them, and go on exactly as they were checked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from watchbill.core.answers import AnswerMismatch, instruction, parse_answer
from watchbill.core.json.clean import clean
from watchbill.core.json.embedded import embedded
from watchbill.core.json.text import MAX_DEPTH, NotExact, inexact, read_exactly

# However busy the machine is.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
N = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
LIST = {"type": "array", "items": {"type": "integer"}}
ANYTHING: dict[str, Any] = {}

FOUND = {
    "alone": '{"n": 1}',
    "white space and a byte order mark": '\ufeff \n{"n": 1}\n',
    "fence": '```json\n{"n": 1}\n```',
    "fence without a name": '```\n{"n": 1}\n```',
    "fence of tildes": '~~~\n{"n": 1}\n~~~',
    "fence with CRLF": '```json\r\n{"n": 1}\r\n```\r\n',
    "fence without an end": 'Here:\n```json\n{"n": 1}',
    "fence in a list": '- so:\n  ```json\n  {"n": 1}\n  ```',
    "fence on one line": 'So: ```{"n": 1}```',
    "fence in a longer one": '````\n```\n{"n": 2}\n```\n````\n```\n{"n": 1}\n```',
    "the last fence": '```json\n{"n": 0}\n```\nBetter:\n```json\n{"n": 1}\n```',
    "a fence of something else after it": '```json\n{"n": 1}\n```\nRun it:\n```sh\nls {a,b}\n```',
    "prose": 'Well: {"n": 1}. Done.',
    "prose with braces": 'Given {x} and {y: [z]}: {"n": 1} {see above}',
    "prose with quotes": 'He said "so {"n": 1}" and "left',
    "the last in prose": 'First {"n": 0}, then {"n": 1}.',
    "something that does not fit after it": '{"n": 1}\n\nSee [1] and {"m": 2}.',
    "braces in texts": 'So {"n": 1, "t": "}{ ] \\" ["}.',
    "an object that breaks off": '{"draft": [1, 2], "x": {"n": 1}, oops',
    "reasoning": '<think>{"n": 0}</think>{"n": 1}',
    "reasoning with a fence": '<think>\n```json\n{"n": 0}\n```\n</think>\n\n{"n": 1}',
    "reasoning that the prompt began": '{"n": 0} perhaps\n</think>\n{"n": 1}',
    "reasoning after it": '{"n": 1}\n<think>or {"n": 0}?</think>',
    "a fence in reasoning after it": 'So {"n": 1}\n<think>\n```\n{"n": 0}\n```\n</think>',
    "reasoning without an end after it": 'It is {"n": 1}\n<think>or {"n": 0}',
    "tags in a text": '{"n": 1, "t": "<think>"}',
    "tags in a text in prose": 'So: {"n": 1, "t": "<think> </think>"} is it.',
}
NOT_FOUND = {
    "": "the answer is not JSON",
    "no": "the answer is not JSON",
    '<think>{"n": 1}</think>': "the answer is not JSON",
    '<think>{"n": 1}': "the answer is not JSON",
    '{"n": "x"}': '$.n: "x" is not of type "integer"',
    "{}": '$: "n" is a required property',
    '{"n": 1': "the answer is not JSON",
    '{"answer": {"n": 1}}': '$: "n" is a required property',
    "{'n': 1}": "the answer is not JSON",
}
INEXACT = {
    '{"n": 1, "x": [0, NaN]}': "$.x[1]: NaN is not a JSON number",
    '{"n": 1, "x": -Infinity}': "$.x: -Infinity is not a JSON number",
    '{"n": 1, "x": 1e999}': "$.x: the number 1e999 is too large",
    '{"n": 1, "x": 1e-999}': "$.x: the number 1e-999 is too small",
    '{"n": 1, "n": 2}': '$: the key "n" appears twice',
    '{"n": 1, "a b": {"c": 1, "c": 1}}': '$["a b"]: the key "c" appears twice',
    '{"n": 9223372036854775808}': "$.n: the whole number 9223372036854775808 has more than 64 bits",
    '{"n": 1' + "0" * 5000 + "}": "$.n: the whole number 1000",
    '{"n": 1, "t": "a\\u0000"}': "$.t: the text contains NUL or half a surrogate pair",
    '{"n": 1, "t": "\\ud800"}': "$.t: the text contains NUL or half a surrogate pair",
    '{"n": 1, "\\udfff": 1}': "$: a key contains NUL or half a surrogate pair",
    'So {"n": 1, "x": NaN}.': "$.x: NaN is not a JSON number",
    '```\n{"n": 1e999}\n```': "$.n: the number 1e999 is too large",
    '{"n": 1, "x": ' + "[" * 201 + "]" * 201 + "}": "nested more than 200 levels deep",
    'So {"n": 1, "x": ' + "[" * 300 + "]" * 300 + "}": "nested more than 200 levels deep",
    "[" * 100_000 + "]" * 100_000: "nested more than 200 levels deep",
}
EXACT = [
    9223372036854775807,
    -9223372036854775808,
    9007199254740993,
    0.1,
    1e308,
    5e-324,
    -0.0,
    1.0,
    "\U0001f469\u200d\U0001f680",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    {"z": 1, "a": 2, "10": 3, "9": 4, "__proto__": {}},
    [[], {}, "", None, True],
]
SCALARS = [
    ("42", {"type": "integer"}, 42),
    ("The answer is 42.", {"type": "integer"}, 42),
    ("**-1.5e3**", {"type": "number"}, -1500.0),
    ("```\n42\n```", {"type": "integer"}, 42),
    ('The category is "billing".', {"enum": ["billing", "other"]}, "billing"),
    ('"a \\"quoted\\" text"', {"type": "string"}, 'a "quoted" text'),
    ("Answer: true", {"type": "boolean"}, True),
    ("So:\n\n`false`.", {"type": "boolean"}, False),
    ("null", {"type": ["string", "null"]}, None),
    ("<think>41? No.</think>42", {"type": "integer"}, 42),
    ("6 of 6 is 6.", {"const": 6}, 6),
]
NO_SCALARS = [
    ("It is not true that it failed.", {"type": "boolean"}),
    ("7 out of 10", {"type": "integer"}),
    ("1,000", {"type": "integer"}),
    ("v1.2.3", {"type": "number"}),
    ("50%", {"type": "integer"}),
    ("yes", {"type": "string"}),
    ("42", {"type": "string"}),
]

plain_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | plain_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_text, inner, max_size=4),
    max_leaves=12,
)
containers = values.filter(lambda value: isinstance(value, dict | list))
prose = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='{}[]"`~<\x00'), max_size=40)
PIECES = [
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    ":",
    ",",
    "```",
    "\n",
    "<think>",
    "</think>",
    '{"n": 1}',
    "1",
    "NaN",
    " ",
]
rubble = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join)


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_the_answer_is_found(text: str):
    assert parse_answer(text, N)["n"] == 1


@pytest.mark.parametrize(("text", "message"), NOT_FOUND.items())
def test_what_is_wrong_is_said(text: str, message: str):
    with pytest.raises(AnswerMismatch) as caught:
        parse_answer(text, N)
    assert message in str(caught.value)


def test_lists_are_found_in_prose():
    assert parse_answer("The primes: [2, 3, 5]. (See [a].)", LIST) == [2, 3, 5]
    assert parse_answer("A table [[1, 2], [3]] of them", {"type": "array"}) == [[1, 2], [3]]
    assert parse_answer("None: []", LIST) == []


@pytest.mark.parametrize(("text", "message"), INEXACT.items(), ids=range(len(INEXACT)))
def test_what_cannot_be_kept_is_refused_with_its_place(text: str, message: str):
    with pytest.raises(AnswerMismatch) as caught:
        parse_answer(text, ANYTHING)
    assert message in str(caught.value)


@pytest.mark.parametrize("value", EXACT, ids=repr)
def test_what_can_be_kept_stays_as_it_is(value: Any):
    text = json.dumps(value)
    assert json.dumps(parse_answer(text, ANYTHING)) == text


@pytest.mark.parametrize(("text", "schema", "value"), SCALARS)
def test_a_single_value_is_found_where_one_is_asked_for(text: str, schema: dict[str, Any], value: Any):
    assert json.dumps(parse_answer(text, schema)) == json.dumps(value)


@pytest.mark.parametrize(("text", "schema"), NO_SCALARS)
def test_a_single_value_is_not_guessed(text: str, schema: dict[str, Any]):
    with pytest.raises(AnswerMismatch):
        parse_answer(text, schema)


def test_a_wrong_schema_is_a_mismatch():
    with pytest.raises(AnswerMismatch, match="the schema itself is wrong"):
        parse_answer("1", {"type": "strange"})


def test_a_model_is_told_the_schema_in_its_own_order():
    schema = {"type": "object", "properties": {"z": {"type": "string"}, "a": {}, "10": {}, "9": {}}}
    assert json.dumps(schema) in instruction(schema)


@unhurried
@given(containers, prose, prose)
@example({"a": "}"}, "", "")
def test_any_value_in_prose_is_found_exactly(value: Any, before: str, after: str):
    text = f"{before}\n{json.dumps(value, ensure_ascii=False)}\n{after}"
    assert json.dumps(parse_answer(text, ANYTHING)) == json.dumps(value)


@unhurried
@given(values, values, prose)
def test_any_value_in_the_last_fence_is_found_exactly(value: Any, draft: Any, before: str):
    text = f"{before}\n```json\n{json.dumps(draft)}\n```\nNo:\n```\n{json.dumps(value, indent=1)}\n```\n"
    assert json.dumps(parse_answer(text, ANYTHING)) == json.dumps(value)


@unhurried
@given(values, values, prose)
def test_any_value_after_reasoning_is_found_exactly(value: Any, draft: Any, thought: str):
    text = f"<think>{thought} {json.dumps(draft)}</think>\n{json.dumps(value)}"
    assume("</think>" not in json.dumps(draft))
    assert json.dumps(parse_answer(text, ANYTHING)) == json.dumps(value)


@unhurried
@given(rubble)
@example('{"a":1 <think> {"b":2}')
def test_any_text_at_all_is_an_answer_or_a_mismatch(text: str):
    for schema in (ANYTHING, N, LIST, {"type": ["number", "string", "null"]}):
        try:
            value = parse_answer(text, schema)
        except AnswerMismatch:
            continue
        assert inexact(value) is None


@unhurried
@given(rubble, st.integers(1, 50))
def test_the_work_grows_with_the_length_of_a_text(piece: str, times: int):
    text = piece * times
    assert embedded(text).steps <= 4 * len(text) + 10


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "[",
        "`",
        "```\n",
        '"',
        '{"',
        '["',
        '["\\"',
        '{"a":',
        "[1,",
        '{"a":[',
        "<think>",
        "</think>",
        "\\",
        "{ ",
    ],
)
def test_hostile_characters_take_no_more_steps_than_others(piece: str):
    text = piece * (200_000 // len(piece))
    found = embedded(text)
    assert found.steps <= 4 * len(text)
    with pytest.raises(AnswerMismatch):
        parse_answer(text, N)


def test_longer_answers_than_four_million_characters_are_refused():
    with pytest.raises(AnswerMismatch, match="4,000,001 characters"):
        parse_answer(" " * 4_000_001, N)


def test_values_from_elsewhere_are_judged_alike():
    assert inexact({"a": [1, 2.5, "x", None, True]}) is None
    for value, place in (
        ({"a": [float("nan")]}, "$.a[0]"),
        ({"a": 2**63}, "$.a"),
        ({1: 2}, "$"),
        ("\x00", "$"),
    ):
        assert str(inexact(value)).startswith(place)
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert inexact(deep) is None
    assert inexact([deep]) is not None


@unhurried
@given(values)
def test_reading_what_was_written_gives_the_same(value: Any):
    text = json.dumps(value)
    read = read_exactly(text)
    assert json.dumps(read) == text
    assert inexact(value) is None
    assert json.dumps(clean(read)) == text, "stores have nothing to mend"


def test_not_exact_tells_the_place_and_the_reason():
    with pytest.raises(NotExact) as caught:
        read_exactly('{"a": [1e999]}')
    assert caught.value.path == ("a", 0)
    assert "too large" in caught.value.why
