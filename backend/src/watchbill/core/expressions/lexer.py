"""From text to tokens, in time proportional to its length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from watchbill.core.expressions.errors import ExpressionError, syntax_error

MAX_TOKENS = 6_000

Kind = Literal["name", "literal", "symbol", "end"]

# Every repetition is possessive, so nothing is tried twice.
# https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
_TOKEN = re.compile(
    r"""
    (?P<space>(?:[ \t\r\n\f]|//[^\n]*+)++)
    |(?P<opening>(?:[rR][bB]?|[bB][rR]?)?(?:\"{3}|'{3}|"|'))
    |(?P<float>[0-9]*+\.[0-9]++(?:[eE][+-]?[0-9]++)?|[0-9]++[eE][+-]?[0-9]++)
    |(?P<int>0[xX][0-9a-fA-F]++|[0-9]++)(?P<unsigned>[uU])?
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    |(?P<symbol>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
# From behind the opening quotes to those that close: as they are written, and raw.
_UP_TO = {
    '"': re.compile(r'(?:[^"\\\r\n]|\\.)*+"', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\r\n]|\\.)*+'", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*+"""', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*+'''", re.DOTALL),
}
_RAW_UP_TO = {
    '"': re.compile(r'[^"\r\n]*+"'),
    "'": re.compile(r"[^'\r\n]*+'"),
    '"""': re.compile(r'(?:[^"]|"(?!""))*+"""'),
    "'''": re.compile(r"(?:[^']|'(?!''))*+'''"),
}
_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\\?\"'`])|[xX](?P<hex>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<wrong>.?))",
    re.DOTALL,
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
# fmt: off
RESERVED = frozenset((
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop",
    "namespace", "package", "return", "var", "void", "while",
))
# fmt: on


class Uint(int):
    """A whole number without sign, as `1u` and `uint()` give it."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the source, from `start` up to `end`. `text` is a name or symbol, `value` what a literal
    stands for."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Any = None


def tokens(source: str, start: int = 0) -> Iterator[Token]:
    """The tokens from a character on, ending with one of kind `end`.

    Raises:
        ExpressionError: `expression_syntax` where no token can be read; `expression_too_long`.
    """
    position, count = start, 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise _unreadable(source, position)
        position = match.end()
        if match.lastgroup == "space":
            continue
        count += 1
        if count > MAX_TOKENS:
            text = f"An expression has at most {MAX_TOKENS:,} words, numbers and signs."
            raise ExpressionError("expression_too_long", text)
        token = _token(source, match)
        position = token.end
        yield token
    yield Token("end", "", len(source), len(source))


def _token(source: str, match: re.Match[str]) -> Token:
    start, end, kind = match.start(), match.end(), match.lastgroup
    if kind == "name":
        text = match.group()
        if text in _CONSTANTS:
            return Token("literal", text, start, end, _CONSTANTS[text])
        return Token("name", text, start, end)
    if kind == "symbol":
        return Token("symbol", match.group(), start, end)
    if kind == "opening":
        return _string(source, start, match.group())
    if source[end : end + 1].isalnum() or source[end : end + 1] == "_":
        raise syntax_error(source, start, f"`{source[start : end + 1]}` is neither a number nor a name")
    if kind == "float":
        return Token("literal", match.group(), start, end, float(match.group()))
    return Token("literal", match.group(), start, end, _whole(match["int"], unsigned=kind == "unsigned"))


def _whole(text: str, *, unsigned: bool) -> int:
    # A hundred digits are as wrong as a thousand, and take less time.
    value = int(text[:100], 16 if text[:2] in ("0x", "0X") else 10)
    return Uint(value) if unsigned else value


def _string(source: str, start: int, opening: str) -> Token:
    quotes = opening.lstrip("rRbB")
    prefix = opening.removesuffix(quotes).lower()
    first = start + len(opening)
    found = (_RAW_UP_TO if "r" in prefix else _UP_TO)[quotes].match(source, first)
    if found is None:
        why = f"the text that begins with {quotes} has no closing {quotes}"
        raise syntax_error(source, start, why)
    body = source[first : found.end() - len(quotes)]
    try:
        return Token("literal", quotes, start, found.end(), _value(body, prefix))
    except _WrongEscape as wrong:
        raise syntax_error(source, first + wrong.offset, wrong.why) from None


def _value(body: str, prefix: str) -> str | bytes:
    if "b" in prefix:
        return _bytes(body, raw="r" in prefix)
    return body if "r" in prefix else _text(body)


class _WrongEscape(Exception):
    def __init__(self, offset: int, why: str):
        super().__init__(why)
        self.offset = offset
        self.why = why


def _text(body: str) -> str:
    return _ESCAPE.sub(_character, body) if "\\" in body else body


def _character(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[match.lastgroup or 0]
    if kind == "plain":
        return _PLAIN.get(text, text)
    if kind == "wrong":
        raise _WrongEscape(match.start(), f"`\\{text}` is not a known escape; write `\\\\` for a backslash")
    number = int(text, 8 if kind == "octal" else 16)
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise _WrongEscape(match.start(), f"`{match.group()}` is not a character")
    return chr(number)


def _bytes(body: str, *, raw: bool) -> bytes:
    parts: list[bytes] = []
    position = 0
    for match in () if raw else _ESCAPE.finditer(body):
        parts.append(_utf8(body[position : match.start()], position))
        kind, text = match.lastgroup, match[match.lastgroup or 0]
        if kind in ("short", "long"):
            raise _WrongEscape(match.start(), f"`{match.group()}` cannot be in bytes; write `\\x` for one")
        if kind in ("hex", "octal"):
            parts.append(bytes((int(text, 8 if kind == "octal" else 16),)))
        else:
            parts.append(_character(match).encode())
        position = match.end()
    parts.append(_utf8(body[position:], position))
    return b"".join(parts)


def _utf8(text: str, offset: int) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise _WrongEscape(offset + error.start, "half of a character cannot be made into bytes") from None


def _unreadable(source: str, position: int) -> ExpressionError:
    char = source[position]
    hint = {
        "=": "; write `==` to compare",
        "&": "; write `&&` for and",
        "|": "; write `||` for or",
    }.get(char, "")
    return syntax_error(source, position, f"`{char}` is not allowed here{hint}")
