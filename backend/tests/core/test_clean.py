"""Making any JSON storable, whatever arrives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.core.json.clean import clean

# Control characters and surrogates are among the texts, and numbers of any size.
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
)
JSON = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_what_is_cleaned_can_be_stored_and_is_clean(value: Any):
    cleaned = clean(value)
    text = json.dumps(cleaned, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")
    assert clean(cleaned) == json.loads(text) == cleaned


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63) + 1, 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
        max_leaves=20,
    ).filter(lambda value: "\\u0000" not in json.dumps(value))
)
def test_what_is_clean_stays_as_it_is(value: Any):
    assert json.dumps(clean(value)) == json.dumps(value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("nul \x00", "nul \ufffd"),
        ("half \ud83d", "half \ufffd"),
        ({"a\x00": ["\x00"]}, {"a\ufffd": ["\ufffd"]}),
        (2**63, str(2**63)),
        (2**63 - 1, 2**63 - 1),
        (2**53 + 1, 2**53 + 1),
        ([float("nan"), float("-inf")], [None, None]),
        ({1: "one", 2.5: "more"}, {"1": "one", "2.5": "more"}),
        ((1, (2,)), [1, [2]]),
        (r"a backslash \u0000", r"a backslash \u0000"),
    ],
)
def test_examples(given: Any, kept: Any):
    assert clean(given) == kept
    assert clean([given, 2**64]) == [kept, str(2**64)]
