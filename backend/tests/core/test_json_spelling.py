from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.core.json_spelling import spelled_as

KEYS = st.one_of(st.text(max_size=3), st.sampled_from(["0", "1", "2", "10", "007", "4294967295", "id", "b"]))
NUMBERS = st.one_of(st.integers(-(2**53), 2**53), st.sampled_from([7.0, -0.0, 0.0, 2.5, 1e15, -3.0]))
VALUES = st.recursive(
    st.one_of(NUMBERS, st.booleans(), st.none(), st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)


def browsers(value: Any) -> Any:
    """What JSON.parse and JSON.stringify make of it."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [browsers(one) for one in value]
    if isinstance(value, dict):
        first = [key for key in value if key.isascii() and key.isdigit() and str(int(key)) == key]
        first = sorted((key for key in first if int(key) < 2**32 - 1), key=int)
        return {key: browsers(value[key]) for key in [*first, *(key for key in value if key not in first)]}
    return value


@given(VALUES)
def test_what_a_browser_sends_back_is_as_it_was(value: Any) -> None:
    assert json.dumps(spelled_as(value, browsers(value))) == json.dumps(value)


@given(VALUES, VALUES)
def test_what_was_changed_is_as_it_was_given(stored: Any, value: Any) -> None:
    found = spelled_as(stored, value)
    assert found == value
    assert orjson.dumps(browsers(found), option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        browsers(value), option=orjson.OPT_SORT_KEYS
    )


@pytest.mark.parametrize(
    ("stored", "given_", "found"),
    [
        # By their ids, wherever they stand.
        (
            {"nodes": [{"id": "a", "x": 7.0}, {"id": "b", "x": 7}]},
            {"nodes": [{"id": "b", "x": 7}, {"id": "c", "x": 7}, {"id": "a", "x": 7}]},
            '{"nodes":[{"id":"b","x":7},{"id":"c","x":7},{"id":"a","x":7.0}]}',
        ),
        ({"x": 7.0}, {"x": 8}, '{"x":8}'),
        ({"x": 7.0, "y": 1}, {"x": 7}, '{"x":7.0}'),
        ({"x": 1.0}, {"x": True}, '{"x":true}'),
        ({"b": 1, "2": 2}, {"2": 2, "b": 1}, '{"b":1,"2":2}'),
        ({"b": 1, "2": 2}, {"2": 2, "b": 1, "c": 3}, '{"2":2,"b":1,"c":3}'),
        (7.0, 7, "7.0"),
    ],
)
def test_only_what_is_equal_keeps_how_it_was_written(stored: Any, given_: Any, found: str) -> None:
    assert orjson.dumps(spelled_as(stored, given_)).decode() == found
