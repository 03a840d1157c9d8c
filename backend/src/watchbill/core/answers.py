"""Structured answers: asking a model for JSON of a schema, and finding it in what the model said.

The answer is looked for in this order; at each place the last value that satisfies the schema counts, since
models write drafts first:

1. all of the text;
2. fenced blocks;
3. objects and arrays in prose;
4. where the schema asks for a single text, number, true, false or null: the only one in some lines of prose.

Reasoning never counts. What is found goes on exactly as it was checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, cast

from watchbill.core.json.embedded import Span, embedded
from watchbill.core.json.text import MAX_DEPTH, NotExact, read_exactly
from watchbill.core.reasoning import split_reasoning
from watchbill.core.schemas import Matcher

MAX_CHARACTERS = 4_000_000
# Longer prose is no answer of one word or number.
_SHORT = 2_000
# Of each place; a model that says more than this has not answered.
_MOST_CANDIDATES = 100
_FENCE = re.compile(r"^[ \t]*+(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_SCALARS = frozenset(("string", "number", "integer", "boolean", "null"))
_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\.)*+"'
_NUMBER = r"(?<![\w.,:/+-])-?(?:0|[1-9]\d*+)(?:\.\d++)?+(?:[eE][+-]?\d++)?+(?![\w%]|[.,:/-]\d)"
# Words of prose count only at the end of a line, alone or after a colon.
_WORD = r"(?:^|[:=])[ \t*_`]*+(true|false|null)(?=[ \t*_`.!]*+$)"
_SCALAR = re.compile(f"{_QUOTED}|{_NUMBER}|{_WORD}", re.MULTILINE)


class AnswerMismatch(ValueError):
    """The answer is not the JSON that was asked for; the message says what is wrong and where."""


def instruction(schema: Mapping[str, Any]) -> str:
    """The sentence that asks a model for JSON of this schema."""
    return (
        "Answer with one JSON value only, without any other text, that satisfies this JSON Schema:\n"
        f"{json.dumps(schema, ensure_ascii=False)}"
    )


def parse_answer(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value in a model's text that satisfies the schema.

    Raises:
        AnswerMismatch: there is none, or it cannot be kept exactly.
    """
    if len(text) > MAX_CHARACTERS:
        raise AnswerMismatch(
            f"the answer has {len(text):,} characters; at most {MAX_CHARACTERS:,} are allowed"
        )
    try:
        matcher = Matcher(schema)
    except ValueError as error:
        raise AnswerMismatch(f"the schema itself is wrong: {str(error)[:200]}") from error
    try:
        return _found(text, schema, matcher)
    except NotExact as error:
        raise AnswerMismatch(str(error)) from error


def _found(text: str, schema: Mapping[str, Any], matcher: Matcher) -> Any:
    complaint: list[str] = []
    for candidate in _candidates(text):
        try:
            value = read_exactly(candidate)
        except NotExact:
            raise
        except ValueError:
            continue
        problems = matcher.mismatches(value)
        if not problems:
            return value
        complaint = complaint or problems
    if _asks_for_a_scalar(schema):
        return _scalar(split_reasoning(text)[1], matcher, complaint)
    raise AnswerMismatch("; ".join(complaint) or "the answer is not JSON")


def _candidates(text: str) -> Iterator[str]:
    yield text.strip().removeprefix("\ufeff")
    answer = split_reasoning(text)[1].strip()
    if answer != text.strip():
        yield answer
    found = embedded(answer)
    blocks = [
        span for span in _fenced(answer) if not any(start <= span[0] < end for start, end in found.asides)
    ]
    for start, end in _last(blocks):
        yield answer[start:end]
    if found.too_deep:
        raise NotExact((), f"something in it is nested more than {MAX_DEPTH} levels deep")
    for start, end in _last(found.values):
        yield answer[start:end]


def _last(spans: list[Span]) -> Iterator[Span]:
    return islice(reversed(spans), _MOST_CANDIDATES)


def _fenced(text: str) -> list[Span]:
    """The insides of fenced blocks, as CommonMark has them; one without an end goes to the end."""
    blocks: list[Span] = []
    opening: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        fence, info = line.groups()
        if opening is None:
            opening = None if "`" in info else line
        elif fence.startswith(opening[1]) and not info.strip():
            blocks.append((opening.end(), line.start()))
            opening = None
    if opening is not None:
        blocks.append((opening.end(), len(text)))
    return blocks


def _scalar(text: str, matcher: Matcher, complaint: list[str]) -> Any:
    fitting: dict[str, Any] = {}
    for found in _SCALAR.finditer(text if len(text) <= _SHORT else ""):
        try:
            value = read_exactly(found[1] or found[0])
        except NotExact:
            raise
        except ValueError:
            continue
        if not matcher.mismatches(value):
            fitting[json.dumps(value)] = value
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if fitting:
        shown = ", ".join(list(fitting)[:5])
        raise AnswerMismatch(
            f"several values in the answer fit ({shown[:200]}); write one, without other text"
        )
    raise AnswerMismatch("; ".join(complaint) or "the answer is not JSON")


def _asks_for_a_scalar(schema: Mapping[str, Any]) -> bool:
    """Whether the schema is for a text, a number, true, false or null, as far as can be told at a glance."""
    if "const" in schema:
        return not isinstance(schema["const"], Mapping | list)
    if isinstance(listed := schema.get("enum"), list):
        return not any(isinstance(value, Mapping | list) for value in cast("list[Any]", listed))
    kinds = schema.get("type")
    named = cast("list[Any]", kinds) if isinstance(kinds, list) else [kinds]
    return all(isinstance(kind, str) and kind in _SCALARS for kind in named)
