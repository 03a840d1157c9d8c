"""Working with texts: the strings library of CEL, counting characters and not bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions.conversions import string
from watchbill.core.expressions.functions.registry import Env, Library, define, searched, words
from watchbill.core.expressions.functions.times import formatted
from watchbill.core.expressions.values import equal, is_number, is_whole, shown, spend_list, word

LIBRARY: Library = []
_MOST_DIGITS = 50
_QUOTED = str.maketrans(
    {
        "\\": "\\\\",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\v": "\\v",
    }
)
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _made(budget: Budget, length: int) -> None:
    budget.make(length)
    words(budget, length)


@define(
    LIBRARY,
    "contains",
    "text|list|map",
    "any",
    says="`'tides'.contains('id')`; also an element of a list or a key of a map",
)
def contains(env: Env, value: Any, part: Any) -> bool:
    """Whether a text holds another, a list an element, or a map a key."""
    if isinstance(value, str):
        if not isinstance(part, str):
            raise Fault(f"contains() looks for a text in a text, not for {word(part)}")
        searched(env.budget, value, part)
        return part in value
    if isinstance(value, Mapping):
        return type(part) is not bool and isinstance(part, str | int) and part in value
    for element in cast("list[Any]", value):
        env.budget.spend()
        if equal(part, element, env.budget):
            return True
    return False


@define(LIBRARY, "startsWith", "text", "text", says="`'tides'.startsWith('ti')`")
def starts_with(env: Env, text: str, part: str) -> bool:
    """Whether the text begins so."""
    words(env.budget, len(part))
    return text.startswith(part)


@define(LIBRARY, "endsWith", "text", "text", says="`'tides'.endsWith('es')`")
def ends_with(env: Env, text: str, part: str) -> bool:
    """Whether the text ends so."""
    words(env.budget, len(part))
    return text.endswith(part)


@define(LIBRARY, "charAt", "text", "int", says="`'tides'.charAt(0)` is `'t'`")
def char_at(_env: Env, text: str, index: int) -> str:
    """One character; nothing right behind the last."""
    _within(index, len(text), "charAt")
    return text[index : index + 1]


def _within(index: int, length: int, name: str) -> None:
    if not 0 <= index <= length:
        raise Fault(f"{name}(): {shown(index)} is outside the text, which has {length} characters")


@define(
    LIBRARY, "indexOf", "text", "text", "int?", says="`'tides'.indexOf('e')` is `3`; -1 where it is not found"
)
def index_of(env: Env, text: str, part: str, start: int = 0) -> int:
    """Where the part first stands, from a character on."""
    _within(start, len(text), "indexOf")
    searched(env.budget, text, part)
    return text.find(part, start)


@define(LIBRARY, "lastIndexOf", "text", "text", "int?", says="`'abab'.lastIndexOf('ab')` is `2`")
def last_index_of(env: Env, text: str, part: str, last: int | None = None) -> int:
    """Where the part last stands, beginning at a character or before."""
    if last is not None:
        _within(last, len(text), "lastIndexOf")
        text = text[: last + len(part)]
    env.budget.make(2 * len(text))
    searched(env.budget, text, part)
    # Python finds backwards in time that grows with both lengths, forwards with their sum.
    found = text[::-1].find(part[::-1])
    return -1 if found < 0 else len(text) - len(part) - found


@define(LIBRARY, "substring", "text", "int", "int?", says="`'tides'.substring(1, 3)` is `'id'`")
def substring(env: Env, text: str, start: int, end: int | None = None) -> str:
    """From a character up to another."""
    end = len(text) if end is None else end
    _within(start, len(text), "substring")
    _within(end, len(text), "substring")
    if start > end:
        raise Fault(f"substring(): the end {end} is before the start {start}")
    _made(env.budget, end - start)
    return text[start:end]


@define(
    LIBRARY,
    "replace",
    "text",
    "text",
    "text",
    "int?",
    says="`'a-b-c'.replace('-', ' ')`; a fourth argument says how often at most",
)
def replace(env: Env, text: str, old: str, new: str, limit: int = -1) -> str:
    """Another text for each part."""
    searched(env.budget, text, old)
    found = text.count(old)
    times = found if limit < 0 else min(found, limit)
    searched(env.budget, text, old)
    env.budget.spend(times >> 3)
    _made(env.budget, len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, times)


@define(
    LIBRARY,
    "split",
    "text",
    "text",
    "int?",
    says="`'a,b'.split(',')` is `['a', 'b']`; a second argument is the most parts",
)
def split(env: Env, text: str, separator: str, limit: int = -1) -> list[str]:
    """The parts between separators; each character where that is empty."""
    if limit == 0:
        return []
    # It is counted, then taken apart.
    searched(env.budget, text, separator)
    searched(env.budget, text, separator)
    found = text.count(separator) + 1 if separator else len(text)
    parts = found if limit < 0 else min(found, limit)
    # Each text takes more than its characters.
    env.budget.make(len(text) + 8 * parts)
    spend_list(env.budget, parts)
    if separator:
        return text.split(separator, parts - 1)
    return [*text[: parts - 1], text[parts - 1 :]] if text else []


@define(LIBRARY, "join", "list", "text?", says="`['a', 'b'].join(', ')` is `'a, b'`")
def join(env: Env, items: list[Any], separator: str = "") -> str:
    """Texts one after the other."""
    env.budget.spend(len(items) >> 2)
    for item in items:
        if not isinstance(item, str):
            raise Fault(f"join() takes a list of texts, and {word(item)} is in it; write .map(x, string(x))")
    _made(env.budget, sum(map(len, items)) + len(separator) * max(0, len(items) - 1))
    return separator.join(items)


@define(LIBRARY, "lowerAscii", "text", says="`'TIDES'.lowerAscii()`: A to Z become small")
def lower_ascii(env: Env, text: str) -> str:
    """The letters A to Z small."""
    _made(env.budget, len(text))
    env.budget.spend(len(text) >> 3)
    return text.translate(_LOWER)


@define(LIBRARY, "upperAscii", "text", says="`'tides'.upperAscii()`: a to z become capital")
def upper_ascii(env: Env, text: str) -> str:
    """The letters a to z capital."""
    _made(env.budget, len(text))
    env.budget.spend(len(text) >> 3)
    return text.translate(_UPPER)


@define(LIBRARY, "lower", "text", says="`'ÉTÉ'.lower()`: letters of all scripts become small")
def lower(env: Env, text: str) -> str:
    """All letters small; some become several."""
    _made(env.budget, 3 * len(text))
    return text.lower()


@define(LIBRARY, "upper", "text", says="`'été'.upper()`: letters of all scripts become capital")
def upper(env: Env, text: str) -> str:
    """All letters capital; some become several."""
    _made(env.budget, 3 * len(text))
    return text.upper()


@define(LIBRARY, "trim", "text", says="`' a '.trim()`: without white space around it")
def trim(env: Env, text: str) -> str:
    """Without white space at both ends."""
    _made(env.budget, len(text))
    return text.strip()


@define(
    LIBRARY, "strings.quote", "text", says="`strings.quote('a\"b')`: as a text is written in an expression"
)
def quote(env: Env, text: str) -> str:
    """In double quotes, with escapes."""
    _made(env.budget, 2 * len(text) + 2)
    env.budget.spend(len(text) >> 3)
    return f'"{text.translate(_QUOTED)}"'


@define(
    LIBRARY,
    "format",
    "text|timestamp",
    "any?",
    "text?",
    says="`'%s: %.2f'.format(['a', 1.5])`; `now().format('%Y-%m-%d', 'Europe/Berlin')`",
    cost=10,
)
def format_(env: Env, value: Any, what: Any = None, zone: str | None = None) -> str:
    """A text with values in it, or a timestamp by a pattern."""
    if isinstance(value, datetime):
        if not isinstance(what, str):
            raise Fault("format() of a timestamp takes a pattern such as '%Y-%m-%d', and a zone if not UTC")
        return formatted(env.budget, value, what, zone)
    if not isinstance(what, list | tuple) or zone is not None:
        raise Fault("format() of a text takes a list of the values to put into it")
    return _filled(env, value, cast("list[Any]", what))


def _filled(env: Env, text: str, values: list[Any]) -> str:
    _made(env.budget, len(text))
    parts, position, used = list[str](), 0, 0
    while (found := text.find("%", position)) >= 0:
        env.budget.spend(8)
        parts.append(text[position:found])
        verb, digits, position = _verb(text, found + 1)
        if verb == "%":
            parts.append("%")
            continue
        if used == len(values):
            raise Fault(f"format() needs more than the {used} values that it was given")
        part = _VERBS[verb](env, values[used], digits)
        env.budget.make(len(part))
        parts.append(part)
        used += 1
    if used < len(values):
        raise Fault(f"format() was given {len(values)} values and has places for {used}")
    return "".join((*parts, text[position:]))


def _verb(text: str, at: int) -> tuple[str, int, int]:
    """The letter behind a `%`, how many digits it wants, and where the text goes on."""
    digits = 6
    if text[at : at + 1] == ".":
        end = at + 1
        while text[end : end + 1].isdecimal() and text[end].isascii() and end < at + 4:
            end += 1
        digits = int(text[at + 1 : end] or "0")
        at = end
    verb = text[at : at + 1]
    if verb != "%" and verb not in _VERBS:
        known = ", ".join(f"%{one}" for one in _VERBS)
        raise Fault(f"format() does not know `%{verb}`; it knows {known} and %%")
    if digits > _MOST_DIGITS:
        raise Fault(f"format() gives at most {_MOST_DIGITS} digits after the decimal point")
    return verb, digits, at + 1


def _text_verb(env: Env, value: Any, _digits: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, list | tuple | Mapping):
        raise Fault(f"%s takes a single value, not {word(value)}; write json.encode(…)")
    return string(env, value)


def _whole_verb(spec: str) -> Callable[[Env, Any, int], str]:
    def write(_env: Env, value: Any, _digits: int) -> str:
        if not is_whole(value) or abs(value) >= 2**64:
            raise Fault(f"%{spec} takes a whole number, not {word(value)}")
        return format(int(value), spec)

    return write


def _decimal_verb(spec: str) -> Callable[[Env, Any, int], str]:
    def write(_env: Env, value: Any, digits: int) -> str:
        if not is_number(value) or (abs(value) >= 2**64 and isinstance(value, int)):
            raise Fault(f"%{spec} takes a number, not {word(value)}")
        if isinstance(value, int) and spec == "f":
            return f"{int(value)}.{'0' * digits}" if digits else str(int(value))
        if isinstance(value, float) and not math.isfinite(value):
            return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
        return format(value, f".{digits}{spec}")

    return write


_VERBS: dict[str, Callable[[Env, Any, int], str]] = {
    "s": _text_verb,
    "d": _whole_verb("d"),
    "b": _whole_verb("b"),
    "o": _whole_verb("o"),
    "x": _whole_verb("x"),
    "X": _whole_verb("X"),
    "f": _decimal_verb("f"),
    "e": _decimal_verb("e"),
}
