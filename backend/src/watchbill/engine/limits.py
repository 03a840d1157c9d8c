"""What an execution may hold, and quick answers to whether a value is small enough to be worked on at
once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import orjson

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.json.text import inexact
from watchbill.core.ports.compute import ComputeLimit

MAX_OUTPUT_BYTES = 4 * 1024 * 1024
# JSON writers and readers give up at about 250 levels, and events and answers of the API add some.
MAX_DEPTH = 200
# A value below both is looked through in a fraction of a millisecond.
_LIGHT_ITEMS = 4_000
_LIGHT_CHARACTERS = 100_000
_SHOWN_ITEMS = 2_000
_SHOWN_CHARACTERS = 60_000
_SHOWN_BYTES = 64 * 1024
_LONGEST_TEXT = 2_000
_LONGEST_LIST = 200
# Of a failure's sentence.
_MOST_PLACES = 3
_LONGEST_NAME = 60


def is_light(value: Any) -> bool:
    """Whether the value is so small and so flat that it can be looked through, written and read at once. It
    takes no longer for a large one."""
    items, characters = _LIGHT_ITEMS, _LIGHT_CHARACTERS
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, str):
                characters -= len(one)
            elif isinstance(one, Mapping):
                held = cast("Mapping[str, Any]", one)
                items -= len(held)
                if items < 0:
                    return False
                characters -= sum(map(len, map(str, held)))
                inner += held.values()
            elif isinstance(one, list | tuple):
                held = cast("list[Any]", one)
                items -= len(held)
                if items < 0:
                    return False
                inner += held
            elif isinstance(one, int) and one.bit_length() > 64:
                return False
            if characters < 0:
                return False
        if not inner:
            return True
        level = inner
    return False


def too_much(why: str, fields: Sequence[str] = (), code: str = ComputeLimit.code) -> NodeError:
    """For a node that computes more than it may: why, and the fields one of which it was."""
    places = " or ".join(f"`{field}`" for field in fields)
    where = f", at {places}" if 0 < len(fields) <= _MOST_PLACES else ""
    text = f"This is more than one node may compute{where}. {why} Work on less at a time."
    return NodeError(ErrorKind.LIMIT, text, code=code)


def refuse_deep(value: Any, what: str, levels: int = MAX_DEPTH) -> None:
    """Refuse what neither the stores nor whoever reads them could take apart again.

    Raises:
        NodeError: kind limit.
    """
    if _deeper(value, levels):
        place = _path_of(value, lambda inner, level: _deeper(inner, levels - level))
        text = f"The node's {what} is nested more than {levels} levels deep{place}."
        raise NodeError(ErrorKind.LIMIT, text, code=f"{what}_too_deep")


def refuse_inexact(value: Any, what: str) -> None:
    """Refuse what a store would change.

    Raises:
        NodeError: kind user.
    """
    if fault := inexact(value):
        text = f"The node's {what} cannot be kept as it is: {fault}."
        raise NodeError(ErrorKind.USER, text, code="not_exact")


def refuse_large(size: int, what: str = "output", value: Any = None) -> None:
    """Refuse a value whose JSON has more bytes than one may; where it is given, most of it is looked for.

    Raises:
        NodeError: kind limit.
    """
    if size > MAX_OUTPUT_BYTES:
        place = _path_of(value, lambda inner, _: len(orjson.dumps(inner)) * 2 > size)
        most = f", most of them{place}" if place else ""
        text = f"The node's {what} has {size:,} bytes{most}; at most {MAX_OUTPUT_BYTES:,} are allowed."
        raise NodeError(ErrorKind.LIMIT, text, code=f"{what}_too_large")


def _path_of(value: Any, is_it: Callable[[Any, int], bool]) -> str:
    """Which named part of a value is meant, as words to follow it; empty when none is."""
    path: list[str] = []
    while isinstance(value, Mapping) and len(path) < _MOST_PLACES:
        items = cast("Mapping[str, Any]", value).items()
        found = next((item for item in items if is_it(item[1], len(path) + 1)), None)
        if found is None:
            break
        path.append(found[0][:_LONGEST_NAME])
        value = found[1]
    return f" in `{'.'.join(path)}`" if path else ""


def _deeper(value: Any, levels: int) -> bool:
    level: list[Any] = [value]
    for _ in range(levels):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, Mapping):
                inner += cast("Mapping[str, Any]", one).values()
            elif isinstance(one, list | tuple):
                inner += cast("list[Any]", one)
        level = [one for one in inner if isinstance(one, dict | list | tuple)]
        if not level:
            return False
    return True


def shown(config: Any) -> Any:
    """A node's input as the journal keeps it: long texts and lists are cut, and said to be cut. It takes no
    longer for a large one."""
    return config if is_light(config) and _fits(config) else _Cut().of(config)


def _fits(config: Any) -> bool:
    try:
        return len(orjson.dumps(config)) <= _SHOWN_BYTES
    except orjson.JSONEncodeError:
        return False


class _Cut:
    """Cuts one value; what was kept so far decides what may be kept of the rest."""

    def __init__(self) -> None:
        self._items, self._characters = _SHOWN_ITEMS, _SHOWN_CHARACTERS

    def of(self, value: Any, levels: int = MAX_DEPTH) -> Any:
        self._items -= 1
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and value.bit_length() > 64:
            return f"a number of {value.bit_length():,} bits"
        if not isinstance(value, Mapping | list):
            return value
        if levels == 0:
            return "…"
        if isinstance(value, Mapping):
            items = cast("Mapping[str, Any]", value).items()
            kept: dict[str, Any] = {}
            for key, item in items:
                if len(kept) == _LONGEST_LIST or self._full:
                    break
                kept[self._text(key)] = self.of(item, levels - 1)
            return kept
        listed: list[Any] = []
        for item in cast("list[Any]", value):
            if len(listed) == _LONGEST_LIST or self._full:
                break
            listed.append(self.of(item, levels - 1))
        return listed

    @property
    def _full(self) -> bool:
        return self._items <= 0 or self._characters <= 0

    def _text(self, text: str) -> str:
        self._characters -= min(len(text), _LONGEST_TEXT)
        return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text):,} characters)"
