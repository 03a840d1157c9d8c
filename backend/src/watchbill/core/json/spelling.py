"""Keeping how a stored value was written when a browser sends it back: it knows one kind of number, and an
order of keys of its own, so `7.0` comes back as `7`, and `{"b": 1, "2": 2}` with the `"2"` first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from typing import Any, cast

import orjson

# What may come back otherwise. Most values have none of it. orjson writes large decimals as 1e+16.
_TELLING = re.compile(rb'\.0[,}\]]|\.0$|\de\+?\d|"\d+":')
# Such keys come first in a browser's objects, the smallest before the others.
_INDEX = re.compile(r"(?:0|[1-9]\d{0,9})\Z", re.ASCII)
_INDEXES = 2**32 - 1
# What changes when somebody gives a node another name, or copies it.
_NAMING = ("id", "label")
_Object = dict[str, Any]


def spelled_as(stored: Any, given: Any) -> Any:
    """The given JSON value, in which what a browser does not tell apart from the stored one is written as
    there. Nodes and other things with an `id` are compared with those of the same, wherever they stand; what
    has another name, or another place in a list, with what is otherwise the same."""
    return _Spelling(stored).of(stored, given) if _TELLING.search(orjson.dumps(stored)) else given


class _Spelling:
    """How a stored value is written."""

    def __init__(self, stored: Any):
        self._alike = _Alike()
        self._named: dict[str, Any] = {}
        for id_, one in _with_ids(stored):
            # Flows within a flow may have the same ids.
            self._named[id_] = None if id_ in self._named else one

    def of(self, stored: Any, given: Any) -> Any:
        """The given part, written as the stored one where both are the same."""
        if isinstance(given, dict):
            was = cast("_Object", stored) if isinstance(stored, dict) else {}
            return self._object(was, cast("_Object", given))
        if isinstance(given, list):
            held = cast("list[Any]", stored) if isinstance(stored, list) else []
            return self._list(held, cast("list[Any]", given))
        return stored if _is_number(stored) and _is_number(given) and stored == given else given

    def _object(self, stored: _Object, given: _Object) -> _Object:
        names = _renamed(stored, given)
        found = {key: self.of(None, value) for key, value in given.items() if key not in names.values()}
        found |= {now: self.of(stored[key], given[now]) for key, now in names.items() if now in given}
        asked = list(names.values())
        order = asked if list(given) == _as_browsers_have(asked) else list(given)
        return {key: found[key] for key in order}

    def _list(self, stored: list[Any], given: list[Any]) -> list[Any]:
        by_id = {id_: one for one in stored if (id_ := _id(one)) is not None}
        nameless = self._nameless(stored, given)
        renamed = _only_renamed(stored, given)
        originals: dict[int, Any] | None = None
        found: list[Any] = []
        for index, value in enumerate(given):
            id_ = _id(value)
            if id_ is None:
                same = nameless.get(index)
            elif index < len(stored) and (_id(stored[index]) == id_ or index == renamed):
                same = stored[index]
            elif (same := by_id.get(id_) or self._named.get(id_)) is None:
                originals = self._originals(stored) if originals is None else originals
                same = originals.get(self._alike.kind(value, _NAMING))
            found.append(self.of(same, value))
        return found

    def _nameless(self, stored: list[Any], given: list[Any]) -> dict[int, Any]:
        """What each of the given items without an id was: what is the same, or stood in its place."""
        was = {index: one for index, one in enumerate(stored) if _id(one) is None}
        wanted = [index for index, value in enumerate(given) if _id(value) is None]
        moved = [index for index in wanted if not self._alike.same(was.get(index), given[index])]
        found = {index: was[index] for index in set(wanted) & was.keys()}
        left: defaultdict[int, list[Any]] = defaultdict(list)
        if moved:
            for index in sorted(was.keys() - (set(wanted) - set(moved)), reverse=True):
                left[self._alike.kind(was[index])].append(was[index])
        for index in moved:
            if same := left.get(self._alike.kind(given[index])):
                found[index] = same.pop()
        return found

    def _originals(self, stored: list[Any]) -> dict[int, Any]:
        """What may have been copied, by its kind without names; None for a kind of which some are written
        otherwise than others."""
        found: dict[int, tuple[bytes, Any]] = {}
        for one in stored:
            if _id(one) is not None:
                kind = self._alike.kind(one, _NAMING)
                text = orjson.dumps({key: value for key, value in one.items() if key not in _NAMING})
                alike = kind not in found or found[kind][0] == text
                found[kind] = (text, one if alike else None)
        return {kind: one for kind, (_, one) in found.items()}


class _Alike:
    """Tells which values a browser does not tell apart: each such kind has a number. The values must live as
    long as this does."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, int] = {}
        self._known: dict[tuple[int, Collection[str]], int] = {}

    def same(self, one: Any, other: Any) -> bool:
        """Whether both are alike."""
        return self.kind(one) == self.kind(other)

    def kind(self, value: Any, without: tuple[str, ...] = ()) -> int:
        """Its number; `without` these keys of its own."""
        if not isinstance(value, dict | list):
            # True is 1 to Python.
            return self._number((isinstance(value, bool), value))
        place = (id(cast("object", value)), without)
        if place not in self._known:
            self._known[place] = self._number(tuple(self._parts(cast("_Object | list[Any]", value), without)))
        return self._known[place]

    def _parts(self, value: _Object | list[Any], without: tuple[str, ...]) -> Iterator[Hashable]:
        if isinstance(value, list):
            yield "list"
            yield from map(self.kind, value)
        else:
            yield frozenset((key, self.kind(one)) for key, one in value.items() if key not in without)

    def _number(self, what: Hashable) -> int:
        return self._kinds.setdefault(what, len(self._kinds))


def _with_ids(value: Any) -> Iterator[tuple[str, Any]]:
    waiting: list[Any] = [value]
    while waiting:
        held = waiting.pop()
        if (id_ := _id(held)) is not None:
            yield id_, held
        if isinstance(held, dict):
            waiting += cast("_Object", held).values()
        elif isinstance(held, list):
            waiting += cast("list[Any]", held)


def _renamed(stored: _Object, given: _Object) -> dict[str, str]:
    """What each stored key is called now. It is another name where all others stayed in their order."""
    gone = [key for key in stored if key not in given]
    new = [key for key in given if key not in stored]
    names = {key: key for key in stored}
    if len(gone) == len(new) == 1:
        renamed = names | {gone[0]: new[0]}
        if list(given) == _as_browsers_have(list(renamed.values())):
            return renamed
    return names


def _only_renamed(stored: list[Any], given: list[Any]) -> int | None:
    """The place of the one item that has another id now, while all others stayed as they were."""
    if len(stored) != len(given):
        return None
    other = [i for i, (one, value) in enumerate(zip(stored, given, strict=True)) if _id(one) != _id(value)]
    return other[0] if len(other) == 1 else None


def _id(value: Any) -> str | None:
    id_ = cast("_Object", value).get("id") if isinstance(value, dict) else None
    return id_ if isinstance(id_, str) else None


def _as_browsers_have(keys: Sequence[str]) -> list[str]:
    first = [key for key in keys if _INDEX.match(key) and int(key) < _INDEXES]
    indexes = set(first)
    return sorted(first, key=int) + [key for key in keys if key not in indexes]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
