"""Finds JSON objects and arrays that stand in prose. The work grows with the text's length, whatever it says.

A scanner goes through the text once, with a stack of what is open. Where JSON breaks off, what was complete
inside is kept, and the search goes on from there: after a text, from behind the text's opening quote, because
the quote may have belonged to the prose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from watchbill.core.json.text import MAX_DEPTH
from watchbill.core.reasoning import CLOSING_TAG, OPENING_TAG

Span = tuple[int, int]

_BLANK = r"[ \t\r\n]*+"
_TEXT = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*+"'
# What may begin an object or an array, and reasoning in the midst of an answer. Looking ahead to the first
# comma or colon spares starting in vain, which costs far more.
_BEGIN = re.compile(
    rf"(?P<object>\{{(?={_BLANK}(?:\}}|{_TEXT}{_BLANK}:)))"
    rf"|(?P<array>\[(?={_BLANK}(?:[\[{{\]0-9tfnNI-]|{_TEXT}{_BLANK}[,\]])))"
    rf"|(?:{OPENING_TAG.pattern})",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    rf"{_BLANK}(?:(?P<text>{_TEXT})"
    r"|(?P<atom>-?(?:0|[1-9]\d*+)(?:\.\d++)?+(?:[eE][+-]?\d++)?+|true|false|null|NaN|-?Infinity)"
    r"|(?P<mark>[{}\[\],:]))"
)


class _Next(Enum):
    KEY = auto()
    KEY_OR_END = auto()
    COLON = auto()
    VALUE = auto()
    VALUE_OR_END = auto()
    MORE = auto()  # a comma or the end


@dataclass(slots=True)
class _Open:
    """An object or array that has begun, and the complete ones right inside of it."""

    start: int
    closing: str
    inside: list[Span] = field(default_factory=list[Span])


@dataclass(slots=True)
class Embedded:
    """What stands in a text. Spans are in order and apart from each other.

    Args:
        values: objects and arrays.
        asides: reasoning after the answer began, in which nothing was looked for.
        steps: characters that were looked at, those that were looked at twice counted twice.
        too_deep: the search ended where something is nested more than MAX_DEPTH levels deep.
    """

    values: list[Span] = field(default_factory=list[Span])
    asides: list[Span] = field(default_factory=list[Span])
    steps: int = 0
    too_deep: bool = False


def embedded(text: str) -> Embedded:
    """The outermost JSON objects and arrays of a text, and what was complete of those that break off."""
    found = Embedded()
    at = 0
    while not found.too_deep and (begin := _BEGIN.search(text, at)):
        found.steps += begin.end() - at
        if begin.lastgroup is not None:
            at = _Scan(text, found).read(begin.start())
            continue
        closing = CLOSING_TAG.search(text, begin.end())
        at = closing.end() if closing else len(text)
        found.asides.append((begin.start(), at))
        found.steps += at - begin.start()
    found.steps += len(text) - at
    return found


class _Scan:
    """Reads one value, as far as it is JSON."""

    def __init__(self, text: str, found: Embedded):
        self._text = text
        self._found = found
        self._open: list[_Open] = []
        self._next = _Next.VALUE

    def read(self, start: int) -> int:
        """Read what begins at `start`; returns where to go on."""
        at, quote = start, None
        while match := _TOKEN.match(self._text, at):
            self._found.steps += match.end() - at
            group = str(match.lastgroup)
            began = match.start(group)
            if not self._take(group, match[group], began):
                at = began
                break
            at, quote = match.end(), began if group == "text" else None
            if not self._open:
                return at
        for held in self._open:
            self._found.values += held.inside
        return at if quote is None else quote + 1

    def _take(self, group: str, mark: str, at: int) -> bool:
        """Take a token; whether JSON may have it here."""
        if group == "text":
            return self._text_token()
        if group == "atom":
            return self._value()
        if mark in "{[":
            return self._begin(mark, at)
        if mark in "}]":
            return self._end(mark, at)
        return self._separate(mark)

    def _text_token(self) -> bool:
        if self._next in (_Next.KEY, _Next.KEY_OR_END):
            self._next = _Next.COLON
            return True
        return self._value()

    def _value(self) -> bool:
        if self._next not in (_Next.VALUE, _Next.VALUE_OR_END):
            return False
        self._next = _Next.MORE
        return True

    def _begin(self, mark: str, at: int) -> bool:
        if not self._value():
            return False
        if len(self._open) == MAX_DEPTH:
            self._found.too_deep = True
            return False
        self._open.append(_Open(at, "}" if mark == "{" else "]"))
        self._next = _Next.KEY_OR_END if mark == "{" else _Next.VALUE_OR_END
        return True

    def _end(self, mark: str, at: int) -> bool:
        may_end = self._next in (_Next.KEY_OR_END, _Next.VALUE_OR_END, _Next.MORE)
        if not may_end or mark != self._open[-1].closing:
            return False
        span = self._open.pop().start, at + 1
        (self._open[-1].inside if self._open else self._found.values).append(span)
        self._next = _Next.MORE
        return True

    def _separate(self, mark: str) -> bool:
        if mark == ":":
            allowed, self._next = self._next is _Next.COLON, _Next.VALUE
            return allowed
        allowed = self._next is _Next.MORE
        self._next = _Next.KEY if self._open[-1].closing == "}" else _Next.VALUE
        return allowed
