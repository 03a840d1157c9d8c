"""Gathers the tools that an answer calls, whole or in pieces, with and without ids and places."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, cast

from watchbill.adapters.openai_chat.faults import TooLarge
from watchbill.core.json.characters import mended

_MOST_CALLS = 1_000
# Characters that are looked at, all together, to see whether calls without ids have their arguments whole.
_MOST_LOOKED_AT = 4 * 1024 * 1024
_LONGEST_NAME = 1_000
_ENDS = {"{": "}", "[": "]", '"': '"'}


@dataclass(slots=True)
class _Tool:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])
    size: int = 0

    def add(self, arguments: str) -> None:
        if arguments:
            self.arguments.append(arguments)
            self.size += len(arguments)

    @property
    def looks_whole(self) -> bool:
        """Whether its arguments begin and end as those that are whole do."""
        begin, end = self.arguments[0].lstrip()[:1], self.arguments[-1].rstrip()[-1:]
        return not begin or not end or _ENDS.get(begin, end) == end


@dataclass(slots=True)
class ToolCalls:
    """The calls of one answer. A piece belongs to the call of its place whose id it names, else to the last
    one begun there."""

    _all: list[_Tool] = field(default_factory=list[_Tool])
    _open: dict[int, _Tool] = field(default_factory=dict[int, _Tool])
    _named: dict[tuple[int, str], _Tool] = field(default_factory=dict[tuple[int, str], _Tool])
    _looked_at: int = 0

    @property
    def found(self) -> tuple[tuple[str, str, str], ...]:
        """Id, name and arguments of each; an id is made up where the server gave none, or one twice."""
        ids: set[str] = set()
        found: list[tuple[str, str, str]] = []
        for position, tool in enumerate(self._all, 1):
            if tool.name:
                id_ = mended(tool.id) or f"call_{position}"
                id_ = f"{id_}_{position}" if id_ in ids else id_
                ids.add(id_)
                found.append((id_, mended(tool.name), mended("".join(tool.arguments))))
        return tuple(found)

    @property
    def nameless(self) -> bool:
        """Whether a call does not say of what."""
        return any(not tool.name for tool in self._all)

    def take(self, call: dict[str, Any], position: int) -> int:
        """Take a piece that stands at this position of its list; returns how many characters are new.

        Raises:
            TooLarge: these are more calls than anybody makes, or it takes too long to tell them apart.
        """
        function: Any = call.get("function")
        parts = cast("dict[str, Any]", function) if isinstance(function, dict) else call
        id_, name = _id(call.get("id")), _string(parts.get("name"))
        given = whole_number(call.get("index"))
        tool = self._of(position if given is None else given, id_, name)
        if tool.id and not id_ and name != tool.name and not tool.size:
            # Names come in pieces too.
            tool.name += name
        tool.name = tool.name or name
        if len(tool.name) > _LONGEST_NAME:
            raise TooLarge(f"a tool name of more than {_LONGEST_NAME:,} characters")
        arguments = _arguments(parts.get("arguments"))
        tool.add(arguments)
        return len(name) + len(arguments)

    def _of(self, index: int, id_: str, name: str) -> _Tool:
        tool = self._named.get((index, id_)) if id_ else None
        tool = tool or self._open.get(index)
        if tool is None or self._is_another(tool, id_, name):
            if len(self._all) >= _MOST_CALLS:
                raise TooLarge(f"more than {_MOST_CALLS:,} tool calls")
            tool = _Tool()
            self._all.append(tool)
        self._open[index] = tool
        tool.id = tool.id or id_
        if id_:
            self._named[index, id_] = tool
        return tool

    def _is_another(self, tool: _Tool, id_: str, name: str) -> bool:
        """Whether a piece begins another call: some servers give each the index 0, and some none at all."""
        if not name or not tool.name:
            return False
        if id_:
            return id_ != tool.id
        if name != tool.name:
            return not tool.id or bool(tool.size)
        return self._is_whole(tool)

    def _is_whole(self, tool: _Tool) -> bool:
        if not tool.size or not tool.looks_whole:
            return False
        self._looked_at += tool.size
        if self._looked_at > _MOST_LOOKED_AT:
            raise TooLarge("tool calls in too many pieces without ids")
        try:
            json.loads("".join(tool.arguments))
        except (ValueError, RecursionError):
            return False
        return True


def whole_number(value: Any) -> int | None:
    """The number in a place that some servers write as 1.0 or "1"; None where there is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _arguments(given: Any) -> str:
    if isinstance(given, dict | list):
        try:
            return json.dumps(given, ensure_ascii=False)
        except RecursionError:
            return ""
    return _string(given)


def _id(value: Any) -> str:
    return str(value) if type(value) is int else _string(value)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
