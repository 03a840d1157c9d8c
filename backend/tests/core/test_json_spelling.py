from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.core.json.spelling import spelled_as

KEYS = st.one_of(st.text(max_size=3), st.sampled_from(["0", "1", "2", "10", "007", "4294967295", "id", "b"]))
NUMBERS = st.one_of(
    st.integers(-(2**53), 2**53), st.sampled_from([7.0, -0.0, 0.0, 2.5, 1e15, -3.0, 1e16, -9e18])
)
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
        # Our writer gives these no ".0".
        ({"x": 1e16, "y": -9e18}, {"x": 10**16, "y": -9 * 10**18}, '{"x":1e16,"y":-9e18}'),
        ({"x": 2.0**53 + 2}, {"x": 2**53 + 1}, '{"x":9007199254740993}'),
    ],
)
def test_only_what_is_equal_keeps_how_it_was_written(stored: Any, given_: Any, found: str) -> None:
    assert orjson.dumps(spelled_as(stored, given_)) == orjson.dumps(json.loads(found))


def step(id_: str, x: Any, **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "transform", "label": id_.title(), "config": {"values": {"x": x}, **more}}


@pytest.mark.parametrize(
    ("stored", "now"),
    [
        pytest.param([step("a", 7.0), step("b", 7)], [step("one", 7.0), step("b", 7)], id="renamed"),
        pytest.param([step("a", 7.0)], [step("one", 7.0, y=1)], id="renamed and changed"),
        pytest.param([step("a", 7.0)], [step("a", 7.0), step("a_2", 7.0)], id="copied"),
        pytest.param(
            [step("a", 7.0), step("b", 7)],
            [step("a", 7.0), step("b", 7), step("c", 7)],
            id="a copy of either",
        ),
        pytest.param(
            [step("m", 1, body={"nodes": []}), step("a", 7.0)],
            [step("m", 1, body={"nodes": [step("a", 7.0)]})],
            id="moved into a body",
        ),
        pytest.param(
            [step("m", 1, body={"nodes": [step("a", 7.0)]})],
            [step("each", 2, body={"nodes": [step("a", 7.0)]}), step("new", 1)],
            id="the step around it renamed and changed",
        ),
        pytest.param([7.0, 8], [8, 7.0], id="numbers in another order"),
        pytest.param([7.0, 8], [1, 7.0, 8], id="a number before others"),
        pytest.param([7.0], [7.0, 7], id="the same number once more"),
        pytest.param([7, 7.0], [7, 7.0], id="numbers that are equal"),
        pytest.param([{"n": 7.0}, {"n": 8.0}], [{"n": 8.0}, {"n": 7.0}], id="objects in another order"),
        pytest.param([{"n": 7.0, "m": 1}], [{"n": 7.0, "m": 2}], id="an object that was changed"),
        pytest.param([1.0, True], [True, 1.0], id="true is not 1"),
        pytest.param({"a": 7.0, "b": 1}, {"c": 7.0, "b": 1}, id="a key renamed"),
        pytest.param({"a": 7.0, "b": 1}, {"b": 1, "c": 7}, id="a key removed, another added"),
        pytest.param({"a": 7.0, "2": 1}, {"1": 7.0, "2": 1}, id="a key renamed to a number"),
        pytest.param({"__proto__": 7.0, "01": 1.0}, {"__proto__": 7.0, "01": 1.0}, id="odd keys"),
    ],
)
def test_what_moved_or_has_another_name_keeps_how_it_was_written(stored: Any, now: Any) -> None:
    assert orjson.dumps(spelled_as(stored, browsers(now))) == orjson.dumps(now)


def calls(work: Callable[[], object]) -> int:
    """How many functions are called."""
    count = 0

    def told(_frame: FrameType, what: str, _arg: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    sys.setprofile(told)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def large(size: int) -> tuple[Any, Any]:
    """A stored value, and what is saved after all of it has another name or another place."""
    deep: Any = [7.0] * size
    for _ in range(100):
        deep = [deep, 1.0]
    stored = {"deep": deep, "nodes": [step(f"n{i}", 7.0) for i in range(size)], "many": [1.0] * size}
    nodes = [step(f"m{i}", 7) for i in range(size)]
    return stored, {"deep": [1, *deep], "nodes": nodes, "many": [2, *range(size)], "more": [[1] * size]}


def test_it_takes_steps_in_proportion_to_the_size() -> None:
    few, many = (calls(lambda size=size: spelled_as(*large(size))) for size in (300, 3000))
    assert many < 11 * few
