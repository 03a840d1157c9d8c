"""Puts something else into the state of the application for the time of a test."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from starlette.datastructures import State


class _Items(MutableMapping[str, Any]):
    """A state as pytest's monkeypatch takes it: as attributes it would delete what it should put back."""

    def __init__(self, state: State):
        self._items = state

    def __getitem__(self, name: str) -> Any:
        return self._items[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._items[name] = value

    def __delitem__(self, name: str) -> None:
        del self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def put(monkeypatch: pytest.MonkeyPatch, state: State, name: str, value: Any) -> None:
    """Put the value into the state until the test ends."""
    monkeypatch.setitem(_Items(state), name, value)
