"""Modules that are named at the top of a file and imported when something of theirs is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Late:
    """Stands for a module; what it lacks, the module has."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


def late(module: str) -> Any:
    """The module of this name, for what most processes never use and would wait or pay memory for. The other
    half of `if TYPE_CHECKING`, so that types are known."""
    return _Late(module)
