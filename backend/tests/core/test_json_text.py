"""What a text of JSON may hold, whatever stands around it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.core.json.text import MAX_DEPTH, NotExact, inexact, read_exactly

KEPT = [
    "1",
    "-9223372036854775808",
    "9223372036854775807",
    "1e5",
    "1E-5",
    "0e999999",
    "0.0e-999",
    "0" + "." + "1" * 400,
    '"12345678901234567890"',
    '"1e999"',
    '"ü\\ud83d\\ude00"',
    '{"e": "0e"}',
]
REFUSED = [
    "9223372036854775808",
    "-9223372036854775809",
    "1" * 5000,
    "1e999",
    "1E+999",
    "-1e999",
    "1e-999",
    "1.5E-400",
    "1" * 310 + ".0",
    "NaN",
    "-Infinity",
    '"\\u0000"',
    '"\\ud800"',
    '"ü\\udfff"',
    '{"\\u0000": 1}',
    '{"\\udc00": 1}',
    '{"a": 1, "a": 2}',
    "[" * 202 + "]" * 202,
]
AROUND = [
    "%s",
    "[%s]",
    '{"ü": [1, %s, "e9"]}',
    '["' + "x" * 40_000 + '", %s]',
    '["' + "ü" * 40_000 + '", %s]',
]


@pytest.mark.parametrize("around", AROUND, ids=range(len(AROUND)))
@pytest.mark.parametrize("text", KEPT)
def test_what_is_exact_is_read_as_it_is(text: str, around: str):
    assert read_exactly(around % text) == json.loads(around % text)


@pytest.mark.parametrize("around", AROUND, ids=range(len(AROUND)))
@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_kept_is_refused(text: str, around: str):
    with pytest.raises(NotExact):
        read_exactly(around % text)


@given(st.text(st.characters(codec=None)))
def test_a_text_is_kept_unless_it_holds_nul_or_half_a_pair(text: str):
    bad = any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text)
    assert (inexact(text) is not None) == bad == (inexact({text: 1}) is not None)


@given(st.integers() | st.floats() | st.integers(2**62, 2**65) | st.integers(-(2**65), -(2**62)))
def test_a_number_is_read_as_it_is_or_refused(number: Any):
    try:
        value = read_exactly(json.dumps([number]))
    except NotExact:
        assert inexact(number) is not None
    else:
        assert value == [number]


@pytest.mark.parametrize("deepest", ["[]", "{}", "1", '{"a": "x"}'])
def test_values_lie_at_most_so_deep(deepest: str):
    """The deepest level may hold no list or object, not even an empty one."""
    for around in ("[%s]", '{"a": %s}', '[1, %s, "x"]'):
        text = deepest
        for _ in range(MAX_DEPTH - (0 if deepest == "1" else 2 if ":" in deepest else 1)):
            text = around % text
        assert inexact(read_exactly(text)) is None
        with pytest.raises(NotExact):
            read_exactly(around % (around % text))


def test_a_long_name_makes_no_long_sentence() -> None:
    fault = inexact({"k" * 100_000: float("nan")})
    assert fault is not None and str(fault).startswith("$.kkk") and len(str(fault)) < 2_000
    assert fault.path == ("k" * 100_000,)
