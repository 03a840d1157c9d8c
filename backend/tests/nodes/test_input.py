"""What a form is given is taken exactly, or refused with its place."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from watchbill.nodes.input import Config, check_inputs

DEEP: Any = 1
for _ in range(201):
    DEEP = [DEEP]


def form(type_: str, **rest: Any) -> Config:
    return Config.model_validate({"fields": [{"name": "x", "type": type_, **rest}]})


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("integer", 9007199254740993),
        ("integer", 9223372036854775807),
        ("integer", -9223372036854775808),
        ("number", 9007199254740993),
        ("number", 0.1),
        ("number", -0.0),
        ("boolean", False),
        ("string", ""),
        ("text", "a\r\n\ufeff\u202e\U0001f469\u200d\U0001f680"),
        ("list", [1.0, [9007199254740993], {"b": None, "a": {}}]),
        ("object", {"z": 1, "__proto__": {"10": 1, "9": 2}}),
    ],
)
def test_values_are_taken_as_they_are(type_: str, value: Any):
    values, errors = check_inputs(form(type_), {"x": value})
    assert errors == []
    assert repr(values["x"]) == repr(value)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("integer", 1.0),
        ("integer", 1.5),
        ("integer", "1"),
        ("integer", True),
        ("number", True),
        ("number", "1"),
        ("boolean", 1),
        ("boolean", 0),
        ("boolean", "true"),
        ("string", 1),
        ("list", {}),
        ("object", []),
    ],
)
def test_nothing_is_converted(type_: str, value: Any):
    _, [error] = check_inputs(form(type_), {"x": value})
    assert (error.loc, error.code) == (("inputs", "x"), "wrong_type")


@pytest.mark.parametrize(
    ("type_", "value", "place", "why"),
    [
        ("integer", 2**63, (), "has more than 64 bits"),
        ("number", -(2**63) - 1, (), "has more than 64 bits"),
        pytest.param("integer", 10**5000, (), "has more than 64 bits", id="long"),
        ("number", float("nan"), (), "nan is not a JSON number"),
        ("number", float("-inf"), (), "-inf is not a JSON number"),
        ("string", "a\x00", (), "NUL"),
        ("text", "\ud800", (), "half a surrogate pair"),
        ("list", [1, [float("inf")]], (1, 0), "inf is not a JSON number"),
        ("object", {"a": {"b c": [2**64]}}, ("a", "b c", 0), "has more than 64 bits"),
        ("object", {"\x00": 1}, (), "a key contains NUL"),
        ("list", DEEP, (), "nested more than 200 levels deep"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(
    type_: str, value: Any, place: tuple[Any, ...], why: str
):
    _, [error] = check_inputs(form(type_), {"x": value})
    assert (error.loc, error.code) == (("inputs", "x", *place), "not_exact")
    assert why in error.message


@pytest.mark.parametrize("value", [float("nan"), 2**63, "\x00", {"a": [float("inf")]}])
def test_defaults_are_kept_exactly_too(value: Any):
    with pytest.raises(ValidationError, match="cannot be kept as it is"):
        form("object", default=value)
