"""Tracebacks as logs have them: where an error came from, without what people entered."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, TextIO, cast

from sqlalchemy.exc import DBAPIError

_CAUSED = "\nThe above exception was the direct cause of the following exception:\n"
_MEANWHILE = "\nDuring handling of the above exception, another exception occurred:\n"
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def format_traceback(exc_info: ExcInfo) -> str:
    """An exception with its causes, the first one first. Of what a database or its driver says only the kind
    and the statement stay: the rest quotes values and whole rows."""
    error = exc_info[1]
    return "" if error is None else "\n".join(_lines(error, set())).rstrip("\n")


def write_traceback(to: TextIO, exc_info: Any) -> None:
    """The same for structlog's console."""
    to.write("\n" + format_traceback(exc_info))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield _CAUSED if error.__cause__ else _MEANWHILE
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    yield f"{type(error).__module__}.{type(error).__qualname__}: {said(error)}".removeprefix("builtins.")
    if isinstance(error, BaseExceptionGroup):
        inside = cast("BaseExceptionGroup[BaseException]", error).exceptions
        for number, inner in enumerate(inside, 1):
            if id(inner) not in seen:
                yield f"---- {number} of {len(inside)} ----"
                yield from _lines(inner, seen)


def said(error: BaseException) -> str:
    """What an error says, where that is ours to show."""
    if isinstance(error, DBAPIError):
        inner = error.orig
        state = getattr(inner, "sqlstate", None) or "no state"
        return f"{type(inner).__name__} ({state}) in: {error.statement}"
    if getattr(error, "sqlstate", None) is not None or type(error).__module__.startswith("asyncpg"):
        return f"{getattr(error, 'sqlstate', None) or 'no state'}; the server's words are left out"
    return str(error)
