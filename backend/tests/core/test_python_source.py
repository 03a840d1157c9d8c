"""Judging a tool's source without running it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.core.python_source import source_problems

SCHEMA = {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        ("def run(a, b=1): ...", []),
        ("async def run(a, b=None): ...", []),
        ("def run(a, *, b=1): ...", []),
        ("def run(**rest): ...", []),
        ("def run(a, **rest): ...", []),
        ("def run(): ...\ndef run(a, b=2): ...", []),
        ("def run(a): ...", ["argument_missing"]),
        ("def run(a, b): ...", ["argument_unknown"]),
        ("def run(a, b=1, *, c): ...", ["argument_unknown"]),
        ("def run(a, b=1, c=2): ...", []),
        ("def run(a, /, b=1): ...", ["positional_only"]),
        ("class run: ...", ["no_run"]),
        ("if True:\n    def run(a, b=1): ...", ["no_run"]),
        ("", ["no_run"]),
        ("def run(a, b=1:", ["syntax_error"]),
        ("def run(a, b=1): ...\x00", ["syntax_error"]),
        ("(" * 5000, ["syntax_error"]),
        ("-" * 100_000 + "1", ["syntax_error"]),
    ],
)
def test_what_is_told_of_source(code: str, codes: list[str]):
    assert [one.code for one in source_problems(code, SCHEMA)] == codes


def test_a_syntax_error_names_its_line():
    (problem,) = source_problems("def run(a, b=1):\n    return (\n", SCHEMA)
    assert problem.message.startswith("Line 2: ") and problem.field == "config.code"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.text(), st.dictionaries(st.sampled_from(["properties", "required", "type"]), JSON))
def test_nothing_that_is_written_breaks_it(code: str, schema: dict[str, Any]):
    assert isinstance(source_problems(code, schema), list)
    assert isinstance(source_problems("def run(a, *, b): ...", schema), list)
