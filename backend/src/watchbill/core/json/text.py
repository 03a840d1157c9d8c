"""Reads JSON so that nothing changes: what cannot be kept exactly is refused, with its place.

The value that was checked is then the one that goes on, through stores with integers of 64 bits and no NUL.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, cast

from watchbill.core.errors import FieldError, InvalidInput
from watchbill.core.schemas.checking import json_path

MAX_DEPTH = 200
# A text with each digit as 0, the letter of an exponent as e, and all else blank. To search it takes a tenth
# of what a regular expression takes, which would keep all other threads waiting meanwhile.
_MARKS = bytes(
    ord("0") if byte in b"0123456789" else ord("e") if byte in b"eE" else ord(" ") for byte in range(256)
)
_LONG_INTEGER = b"0" * 19
# Only these can be too large or too small for a double.
_FAR_NUMBER = (b"0e", b"0" * 300)
_NOT_ZERO = re.compile(r"[1-9]")
_PLAIN = frozenset((str, int, float, bool, type(None), dict, list))
_DEEP = f"it is nested more than {MAX_DEPTH} levels deep"
# Of a sentence: characters of where it is.
_LONGEST_PLACE = 1_000


class NotExact(ValueError):
    """A value that could not be kept as it is. `path` leads to what is wrong with it, `why` says what."""

    def __init__(self, path: Sequence[str | int], why: str):
        place = json_path(path)
        if len(place) > _LONGEST_PLACE:
            # A name can be as long as the value.
            place = f"{place[:_LONGEST_PLACE]}…"
        super().__init__(f"{place}: {why}")
        self.path = tuple(path)
        self.why = why


def refusal(fault: NotExact, place: Sequence[str | int], what: str) -> InvalidInput:
    """How every entrance tells what cannot be kept. `what` is what came in, which lies under `place`."""
    text = f"{what} cannot be kept as it is: {fault}."
    wrong = FieldError((*place, *fault.path), "not_exact", text)
    return InvalidInput(text, code="not_exact", errors=(wrong,))


def demand_exact(value: Any, place: Sequence[str | int], what: str) -> None:
    """Let in what can be kept as it is.

    Raises:
        InvalidInput: see `refusal`.
    """
    if fault := inexact(value):
        raise refusal(fault, place, what)


class _Refused:
    """Stands in a value where something cannot be kept."""

    def __init__(self, why: str):
        self.why = why


def read_exactly(text: str) -> Any:
    """The JSON value of a text, its keys in their order.

    Raises:
        NotExact: it holds numbers that are none or beyond 64 bits, keys that stand twice, texts with NUL or
            half a surrogate pair, or is nested more than MAX_DEPTH levels deep.
        ValueError: it is not JSON.
    """
    # Python's reader calls back for each number then; hardly any text needs that.
    marks = text.encode("utf-8", "surrogatepass").translate(_MARKS)
    whole = _integer if _LONG_INTEGER in marks else None
    decimal = _number if any(mark in marks for mark in _FAR_NUMBER) else None
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=whole, parse_float=decimal
        )
    except RecursionError:
        raise NotExact((), _DEEP) from None
    if found := inexact(value):
        raise found
    return value


def json_of_bytes(raw: bytes) -> str:
    """The text of a JSON document that came as bytes, without the mark of a byte order.

    Raises:
        ValueError: it is not UTF-8, as JSON is.
    """
    if b"\x00" in raw:
        # Other readers would take it for UTF-16.
        raise ValueError("JSON is UTF-8, and has no NUL")
    # Halves of surrogate pairs are refused with their place afterwards.
    return raw.decode("utf-8", "surrogatepass").removeprefix("\ufeff")


def inexact(value: Any) -> NotExact | None:
    """The first part of a JSON value that could not be kept as it is, if there is any."""
    if _plainly_exact(value):
        return None
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        held, depth = waiting.pop()
        if _why_not(held):
            return _with_path(value)
        if depth == MAX_DEPTH and isinstance(held, Mapping | list):
            return NotExact((), _DEEP)
        inner = _inside(held)
        waiting += [(item, depth + 1) for _, item in inner]
    return None


def _plainly_exact(value: Any) -> bool:
    """Whether a value is of JSON's own types and can be kept as it is. It goes level by level, and takes a
    tenth of the time of going part by part, which is for finding out what is wrong."""
    level: list[Any] = [value]
    for depth in range(MAX_DEPTH + 1):
        kinds = set(map(type, level))
        if not kinds <= _PLAIN or (depth == MAX_DEPTH and (dict in kinds or list in kinds)):
            return False
        dicts: list[dict[Any, Any]] = [held for held in level if type(held) is dict] if dict in kinds else []
        names: list[Any] = list(chain.from_iterable(dicts))
        if set(map(type, names)) - {str} or not _is_text("".join(names)):
            return False
        if str in kinds and not _is_text("".join([held for held in level if type(held) is str])):
            return False
        if int in kinds:
            whole = [held for held in level if type(held) is int]
            if min(whole) < -(2**63) or max(whole) >= 2**63:
                return False
        if float in kinds and not all(math.isfinite(held) for held in level if type(held) is float):
            return False
        lists: list[list[Any]] = [held for held in level if type(held) is list] if list in kinds else []
        level = [*chain.from_iterable(lists), *chain.from_iterable(held.values() for held in dicts)]
        if not level:
            return True
    return True


def _with_path(value: Any) -> NotExact:
    """As above for a value that is known to hold such a part: paths cost more than all the rest."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    while waiting:
        held, path = waiting.pop()
        if why := _why_not(held):
            return NotExact(path, why)
        waiting += [(item, (*path, name)) for name, item in _inside(held)][::-1]
    raise AssertionError("nothing in the value cannot be kept")


def _inside(held: Any) -> list[tuple[str | int, Any]]:
    if isinstance(held, Mapping):
        return list(cast("Mapping[str | int, Any]", held).items())
    return list(enumerate(cast("list[Any]", held))) if isinstance(held, list) else []


def _why_not(held: Any) -> str | None:
    """Why this cannot be kept, apart from what is inside of it."""
    if isinstance(held, _Refused):
        return held.why
    if isinstance(held, str):
        return None if _is_text(held) else "the text contains NUL or half a surrogate pair"
    if isinstance(held, bool):
        return None
    if isinstance(held, int):
        return (
            None if -(2**63) <= held < 2**63 else _long_integer(str(held) if held.bit_length() < 999 else "…")
        )
    if isinstance(held, float):
        return None if math.isfinite(held) else f"{held} is not a JSON number"
    if isinstance(held, Mapping):
        for name in cast("Mapping[object, Any]", held):
            if not isinstance(name, str):
                return "a key is not a text"
            if not _is_text(name):
                return "a key contains NUL or half a surrogate pair"
    return None


def _is_text(held: str) -> bool:
    """Whether a store can keep it. No regular expression, for the same reason."""
    if "\x00" in held:
        return False
    if held.isascii():
        return True
    try:
        held.encode()
    except UnicodeEncodeError:
        return False
    return True


def _constant(name: str) -> _Refused:
    return _Refused(f"{name} is not a JSON number")


def _integer(digits: str) -> Any:
    # Python refuses to read some thousand digits.
    value = int(digits) if len(digits) <= 20 else 2**64
    return value if -(2**63) <= value < 2**63 else _Refused(_long_integer(digits))


def _long_integer(digits: str) -> str:
    shown = digits if len(digits) <= 40 else f"{digits[:40]}…"
    return f"the whole number {shown} has more than 64 bits; write it as a text"


def _number(written: str) -> Any:
    value = float(written)
    if not math.isfinite(value):
        return _Refused(f"the number {written[:40]} is too large")
    if value == 0 and _NOT_ZERO.search(re.split("[eE]", written)[0]):
        return _Refused(f"the number {written[:40]} is too small")
    return value


def _object(pairs: list[tuple[str, Any]]) -> Any:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return _Refused(f"the key {json.dumps(name)[:80]} appears twice")
        seen.add(name)
    raise AssertionError("no key appears twice")
