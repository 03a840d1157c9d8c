"""Regular expressions, by RE2: a pattern takes time that grows with the text, whatever it says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from watchbill.core.expressions.errors import Fault
from watchbill.core.expressions.functions.registry import Env, Library, define, words
from watchbill.core.expressions.values import spend_list, word

LIBRARY: Library = []
# Without types.
_re2: Any = re2
MAX_PATTERN = 1_000
# Bytes of one pattern's program and of the states it meets.
_MEMORY = 128 * 1024
# Steps of reading a pattern that is not known beforehand: for each character, and at most.
_READING = (40, 4_000)
# What a few characters make large programs of: repetitions, and the letters of all scripts.
_COSTLY = ("{", "\\p", "\\P")
# Steps of one search, whatever the text.
_SEARCH = 25
# Which argument of a function is a pattern.
PATTERN_ARGUMENTS = {"matches": 1, "regex.extract": 1, "regex.extractAll": 1, "regex.replace": 1}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, ready; `size` are the instructions of its program."""

    regex: Any
    size: int


@lru_cache(maxsize=128)
def compiled(pattern: str) -> Pattern:
    """The pattern, ready.

    Raises:
        Fault: it cannot be read, or is too long or too large.
    """
    if len(pattern) > MAX_PATTERN:
        raise Fault(f"a pattern has at most {MAX_PATTERN:,} characters")
    options = _re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        regex = _re2.compile(pattern, options)
        return Pattern(regex, regex.programsize)
    except _re2.error as error:
        why = error.args[0] if error.args else ""
        said = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        hint = "; it repeats too much" if "too large" in said else ""
        raise Fault(f"the pattern `{pattern[:60]}` cannot be used: {said[:120]}{hint}") from None
    except UnicodeEncodeError:
        raise Fault("the pattern contains half of a character (a lone surrogate)") from None


def _ready(env: Env, pattern: object, text: str) -> Any:
    """The regular expression. At worst each character of the text meets each instruction."""
    if isinstance(pattern, str):
        each, most = _READING
        costly = any(part in pattern for part in _COSTLY)
        env.budget.spend(most if costly else min(each * len(pattern), most))
        pattern = compiled(pattern)
    elif not isinstance(pattern, Pattern):
        raise Fault(f"a pattern is a text, not {word(pattern)}")
    env.budget.spend((len(text) * pattern.size) >> 5)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Fault("the text contains half of a character (a lone surrogate)") from None
    return pattern.regex


@define(
    LIBRARY,
    "matches",
    "text",
    "any",
    says="`'a1'.matches('[0-9]')`: whether a pattern fits anywhere in it",
    cost=_SEARCH,
)
def matches(env: Env, text: str, pattern: str | Pattern) -> bool:
    """Whether the pattern fits somewhere; `^` and `$` stand for the ends."""
    return _ready(env, pattern, text).search(text) is not None


@define(
    LIBRARY,
    "regex.extract",
    "text",
    "any",
    says="`regex.extract('no 12', '[0-9]+')` is `'12'`: the first fit, or its (group); else null",
    cost=_SEARCH,
)
def extract(env: Env, text: str, pattern: str | Pattern) -> str | None:
    """The first part that fits, or its group."""
    found = _ready(env, pattern, text).search(text)
    return None if found is None else _picked(env, found)


def _picked(env: Env, found: Any) -> str | None:
    groups = found.re.groups
    if groups > 1:
        raise Fault(
            "the pattern has several groups in parentheses; write (?:…) for the groups that you do not want"
        )
    part: str | None = found.group(1 if groups else 0)
    env.budget.make(len(part or ""))
    return part


@define(
    LIBRARY,
    "regex.extractAll",
    "text",
    "any",
    says="`regex.extractAll('1 and 2', '[0-9]')` is `['1', '2']`",
    cost=_SEARCH,
)
def extract_all(env: Env, text: str, pattern: str | Pattern) -> list[str]:
    """All parts that fit, or their groups."""
    spend_list(env.budget, 0)
    parts: list[str] = []
    for found in _ready(env, pattern, text).finditer(text):
        env.budget.spend(20)
        env.budget.make(8)
        part = _picked(env, found)
        if part is not None:
            parts.append(part)
    return parts


@define(
    LIBRARY,
    "regex.replace",
    "text",
    "any",
    "text",
    "int?",
    says="`regex.replace('a1b2', '[0-9]', '-')` is `'a-b-'`; `\\\\1` in the new text is a group",
    cost=_SEARCH,
)
def replace(env: Env, text: str, pattern: str | Pattern, new: str, limit: int = -1) -> str:
    """Another text for each part that fits."""
    parts, position = list[str](), 0
    if limit == 0:
        return text
    for count, found in enumerate(_ready(env, pattern, text).finditer(text), 1):
        env.budget.spend(20)
        part = _expanded(env, found, new)
        parts += (text[position : found.start()], part)
        env.budget.make(len(parts[-2]) + len(part))
        position = found.end()
        if count == limit:
            break
    env.budget.make(len(text) - position)
    words(env.budget, len(text))
    return "".join((*parts, text[position:]))


def _expanded(env: Env, found: Any, new: str) -> str:
    """The new text with the groups that it names by `\\0` to `\\9`."""
    if "\\" not in new:
        return new
    parts, position = list[str](), 0
    while (at := new.find("\\", position)) >= 0:
        env.budget.spend(5)
        parts.append(new[position:at])
        digit = new[at + 1 : at + 2]
        position = at + 2
        if digit == "\\":
            parts.append(digit)
            continue
        if not digit or digit not in "0123456789" or int(digit) > found.re.groups:
            raise Fault(f"the new text names `\\{digit}`, and the pattern has {found.re.groups} groups")
        part = found.group(int(digit)) or ""
        env.budget.make(len(part))
        parts.append(part)
    return "".join((*parts, new[position:]))
