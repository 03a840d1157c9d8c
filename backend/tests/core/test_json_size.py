"""JSON of too many values is told before it is read."""

from __future__ import annotations

import json

import pytest

from watchbill.core.json.size import MAX_VALUES, TooManyValues, demand_few_values

MANY = MAX_VALUES + 10


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"[]," * MANY + b"[]]",
        b"[" + b"1," * MANY + b"1]",
        b"[" * MANY,
        b'{"a":' * MANY,
        b'""' * MANY,
        b'"a' * (2 * MANY),
        ("{" + ",".join(f'"{n}":[]' for n in range(MANY)) + "}").encode(),
    ],
    ids=["lists", "numbers", "deep", "deep objects", "texts that are no JSON", "odd quotes", "an object"],
)
def test_too_many_are_refused(raw: bytes) -> None:
    with pytest.raises(TooManyValues):
        demand_few_values(raw)


@pytest.mark.parametrize("text", [",[{:" * MANY, '"' * MANY, "\\" * MANY, 'a,"b\\' * MANY, "ü,\n" * MANY])
def test_what_stands_in_a_text_does_not_count(text: str) -> None:
    for raw in (json.dumps({"a": [text]}), json.dumps({"a": [text]}, ensure_ascii=False)):
        demand_few_values(raw.encode())


def test_as_many_as_may_be() -> None:
    demand_few_values(json.dumps(list(range(MAX_VALUES - 1))).encode())
