"""Tells a model's reasoning from its answer, in whole texts and in texts that arrive in pieces.

Servers that do not give reasoning in a field of its own leave it in the text, before the answer and in tags:
`<think>so and so</think>The answer.` What counts as reasoning:

- blocks in the tags below that stand before anything else; one without an end is all of the text;
- where the first tag was part of the prompt, as chat templates do it: everything up to a closing tag at the
  start or the end of a line.

White space between reasoning and answer belongs to neither. Tags further on are part of the answer.
"""

from __future__ import annotations

import re
from enum import Enum, auto

_NAMES = ("think", "thinking", "budget:thinking", "seed:think")
_OPENING = (*(f"<{name}>" for name in _NAMES), "[think]")
_CLOSING = (*(f"</{name}>" for name in _NAMES), "[/think]")
_LONGEST = max(map(len, _CLOSING))
_ANY_CLOSING = "|".join(map(re.escape, _CLOSING))
_CLOSED = re.compile(_ANY_CLOSING, re.IGNORECASE)
_OPENED = re.compile("|".join(map(re.escape, _OPENING)), re.IGNORECASE)
_CLOSED_AT_AN_EDGE = re.compile(
    f"^[ \\t]*+(?:{_ANY_CLOSING})|(?:{_ANY_CLOSING})[ \\t\\r]*+$", re.IGNORECASE | re.MULTILINE
)
_NO_SPACE = re.compile(r"\S")


class _At(Enum):
    START = auto()  # nothing but reasoning and white space so far
    REASONING = auto()
    ANSWER = auto()


class ReasoningSplitter:
    """Takes a model's text in pieces. How it is cut into pieces makes no difference to the outcome, and the
    work grows with the text's length.

    `feed` and `end` return what can be shown as answer at once. Put together it is `answer`, except where
    only a closing tag told that what came before was reasoning.
    """

    def __init__(self) -> None:
        self._at = _At.START
        self._held = ""  # what may be the beginning of a tag
        self._blank: list[str] = []  # white space that belongs to the answer if no reasoning follows
        self._reasoning: list[str] = []
        self._answer: list[str] = []
        self._reasoned = False

    def feed(self, text: str) -> str:
        """Take the text that follows; returns what of the answer is known now."""
        text, self._held = self._held + text, ""
        at = 0
        while at < len(text) and self._at is not _At.ANSWER:
            at = self._begin(text, at) if self._at is _At.START else self._reason(text, at)
        if at == len(text):
            return ""
        known = "".join(self._blank) + text[at:]
        self._blank.clear()
        self._answer.append(known)
        return known

    def feed_reasoning(self, text: str) -> None:
        """Take reasoning that the server gave in a field of its own."""
        if text:
            self._reasoned = True
            self._reasoning.append(text)
            self._blank.clear()

    def end(self) -> str:
        """Nothing follows; returns the rest of the answer."""
        if self._at is _At.REASONING:
            self._reasoning.append(self._held)
            return ""
        rest = "".join(self._blank) + self._held
        self._held, self._at = "", _At.ANSWER
        self._blank.clear()
        self._answer.append(rest)
        return rest

    @property
    def answer(self) -> str:
        """The answer so far, and once `end` was called, all of it."""
        return self._parts()[1]

    @property
    def reasoning(self) -> str:
        """The reasoning so far; blocks are put together as they came."""
        return self._parts()[0]

    def _parts(self) -> tuple[str, str]:
        reasoning, answer = "".join(self._reasoning), "".join(self._answer)
        if self._reasoned or (end := _lone_closing(answer)) is None:
            return reasoning, answer
        return answer[: end.start()], answer[end.end() :].lstrip()

    def _begin(self, text: str, at: int) -> int:
        """Read on from `at`, where a block or the answer may begin; returns how far."""
        first = _NO_SPACE.search(text, at)
        start = first.start() if first else len(text)
        if not self._reasoned:
            self._blank.append(text[at:start])
        if opening := _OPENED.match(text, start):
            self._at, self._reasoned = _At.REASONING, True
            self._blank.clear()
            return opening.end()
        rest = text[start : start + _LONGEST].lower()
        if any(tag.startswith(rest) for tag in _OPENING):
            self._held = text[start:]
            return len(text)
        self._at = _At.ANSWER
        return start

    def _reason(self, text: str, at: int) -> int:
        """Read on from `at`, in reasoning; returns how far."""
        if closing := _CLOSED.search(text, at):
            self._reasoning.append(text[at : closing.start()])
            self._at = _At.START
            return closing.end()
        whole = len(text) - _unfinished(text[at:][-_LONGEST + 1 :].lower())
        self._reasoning.append(text[at:whole])
        self._held = text[whole:]
        return len(text)


def split_reasoning(text: str) -> tuple[str, str]:
    """The reasoning and the answer of a whole text."""
    splitter = ReasoningSplitter()
    splitter.feed(text)
    splitter.end()
    return splitter.reasoning, splitter.answer


def _unfinished(tail: str) -> int:
    """How many characters at the end may be the beginning of a closing tag."""
    for start in range(len(tail)):
        if any(tag.startswith(tail[start:]) for tag in _CLOSING):
            return len(tail) - start
    return 0


def _lone_closing(text: str) -> re.Match[str] | None:
    """The first closing tag at the start or the end of a line, unless an opening one stands before it."""
    opening = _OPENED.search(text)
    return _CLOSED_AT_AN_EDGE.search(text, 0, opening.start() if opening else len(text))
