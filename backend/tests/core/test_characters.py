"""Words of others in our sentences."""

from __future__ import annotations

import pytest

from watchbill.core.errors import ErrorKind, FieldError, InvalidInput, NodeError
from watchbill.core.flow.problems import Problem
from watchbill.core.json.characters import plainly


@pytest.mark.parametrize(
    "sign", ["\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\x1b", "\x7f", "\u2028", "\ufeff"]
)
def test_what_cannot_be_seen_is_shown(sign: str):
    said, shown = f"no field `{sign}x`", f"no field `\\u{ord(sign):04x}x`"
    assert plainly(said) == shown
    assert FieldError((), "c", said).message == shown
    assert str(InvalidInput(said)) == InvalidInput(said).detail == shown
    assert NodeError(ErrorKind.USER, said).detail == shown
    assert Problem(code="c", message=said).message == shown


@pytest.mark.parametrize(
    "text", ["Größe", "שלום", "مرحبا", "👩\u200d👩\u200d👧", "two\nlines\tand", "\xa0", ""]
)
def test_what_can_be_seen_stays(text: str):
    assert plainly(text) == text
