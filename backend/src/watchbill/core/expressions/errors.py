"""How an expression fails: to be read, or to be evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any


class ExpressionError(ValueError):
    """An expression cannot be read or evaluated. `position` is (line, column), both from 1, where known;
    `path` is where the expression stands, once somebody who knows has noted it."""

    def __init__(self, code: str, message: str, position: tuple[int, int] | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.position = position
        self.path: tuple[str | int, ...] = ()

    def at(self, path: tuple[str | int, ...]) -> None:
        """Note where it was."""
        self.path = path


class Fault(Exception):
    """What an operation cannot do, in words. `start` and `end` tell where in the source it stands, as soon as
    somebody who knows has noted it; `Expression.evaluate` makes an ExpressionError of it. `near` is the key
    that was not found and the map that lacks it: a likely one is looked for only if somebody is told."""

    def __init__(
        self,
        why: str,
        start: int | None = None,
        end: int | None = None,
        near: tuple[Any, Mapping[Any, Any]] | None = None,
    ):
        super().__init__(why)
        self.why = why
        self.start = start
        self.end = end
        self.near = near

    def at(self, start: int, end: int) -> Fault:
        """The same fault, with its place if none was noted."""
        if self.start is None:
            self.start, self.end = start, end
        return self

    @property
    def sentence(self) -> str:
        """Why, with a guess of what was meant."""
        if self.near is None:
            return self.why
        wanted, known = self.near
        return f"{self.why}{_suggestion(wanted, known)}"


def _suggestion(wanted: Any, known: Mapping[Any, Any]) -> str:
    if not isinstance(wanted, str) or len(known) > 100:
        return ""
    names = [key for key in known if isinstance(key, str) and len(key) <= 60]
    close = get_close_matches(wanted[:60], names, 1)
    return f"; did you mean `{close[0]}`?" if close else ""


def place(source: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of a character."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


def syntax_error(source: str, offset: int, why: str) -> ExpressionError:
    """An error of code `expression_syntax` at a character of the source."""
    line, column = place(source, offset)
    return ExpressionError("expression_syntax", f"Line {line}, column {column}: {why}.", (line, column))
