"""Hiding secrets in what is kept: by names of fields, by what secrets look like, and by their values."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote, unquote_plus

from watchbill.kit.secrets.secret_looks import HARMLESS_HEADERS, LOOKS, MASK, is_secret

__all__ = ["HARMLESS_HEADERS", "MASK", "Masking", "is_secret"]

# Anything deeper was made to be deep.
_DEEPEST = 40
# A shorter value would be found in harmless words.
_SHORTEST = 8
# The longest that is looked for, an address.
_BEYOND = 4096
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>\\]{1,4000}", re.IGNORECASE)
# A parameter and its value, in a query or in a fragment that is written like one.
_PARAMETER = re.compile(r"(?<=[?&;#])([^=&;#?\s]{1,200})=([^&;#\s]{1,4000})")
# How JSON, HTML and addresses write a letter otherwise; an address may be written into another one.
_ESCAPES = ("%", "\\", "&")


@dataclass(frozen=True, slots=True)
class Masking:
    """How to hide: `values` are secrets that are known; texts are cut after `longest` characters, as
    looking through them takes time."""

    values: Collection[str] = ()
    longest: int = 256 * 1024

    def text(self, text: str) -> str:
        """A text with what is known to be secret, or looks so, hidden."""
        # A secret that the cut goes through is hidden before.
        text = text[: self.longest + _BEYOND]
        for value in self.values:
            if len(value) >= _SHORTEST:
                text = _without(text, value)
        lower = text.lower()
        for look in LOOKS:
            if any(mark in lower for mark in look.marks):
                text = look.pattern.sub(look.instead, text)
        text = _ADDRESS.sub(_plain_address, text) if "://" in lower else text
        return text[: self.longest]

    def json(self, value: Any, *, names: bool = True, depth: int = _DEEPEST) -> Any:
        """A JSON value with its texts hidden as above, and with `names` also what a field's name calls
        secret. What is no JSON becomes text."""
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth == 0:
            return "…"
        if isinstance(value, Mapping):
            return self._fields(cast("Mapping[Any, Any]", value), names, depth)
        if isinstance(value, list | tuple):
            items = cast("list[Any]", value)
            return [self.json(inner, names=names, depth=depth - 1) for inner in items]
        return self.text(str(value))

    def _fields(self, fields: Mapping[Any, Any], names: bool, depth: int) -> dict[str, Any]:
        called = _called(fields) if names else None
        shown: dict[str, Any] = {}
        for key, inner in fields.items():
            name = str(key)
            hidden = names and (is_secret(name) or (called is not None and name.lower() == "value"))
            masked = hidden and inner not in (None, "")
            shown[self.text(name)] = MASK if masked else self.json(inner, names=names, depth=depth - 1)
        return shown

    def url(self, url: str) -> str:
        """An address with parameters hidden whose names call them secret; the rest stays as it is written."""
        return _without_parameters(self.text(url))


def _called(fields: Mapping[Any, Any]) -> str | None:
    """The name of a pair such as {"name": "X-Api-Key", "value": ...}, if it calls the value secret."""
    name = fields.get("name", fields.get("key"))
    return name if isinstance(name, str) and "value" in fields and is_secret(name) else None


def _plain_address(found: re.Match[str]) -> str:
    return _without_parameters(found[0])


def _without_parameters(url: str) -> str:
    return _PARAMETER.sub(
        lambda pair: f"{pair[1]}={MASK}" if is_secret(unquote_plus(pair[1])) else pair[0], url
    )


def _without(text: str, value: str) -> str:
    """A text without a secret, however it is written in it."""
    if value in text:
        text = text.replace(value, MASK)
    for form in _encodings(value):
        if form in text:
            text = text.replace(form, MASK)
    if any(sign in text for sign in _ESCAPES) and _may_hold(text, value):
        text = _escaped(value).sub(MASK, text)
    return text


def _may_hold(text: str, value: str) -> bool:
    """Whether it is worth looking letter by letter."""
    if "\\" in text or "&" in text:
        return True
    once, with_spaces = unquote(text), unquote_plus(text)
    return any(value in view for view in (once, with_spaces, unquote(once), unquote_plus(with_spaces)))


@lru_cache(maxsize=2000)
def _encodings(value: str) -> tuple[str, ...]:
    """The secret in base64 and in hexadecimal digits. In base64 it may begin at any of three places of a
    longer text, as a password does after the user's name; what depends on its neighbours is left out."""
    raw = value.encode("utf-8", "surrogatepass")
    forms = dict.fromkeys((*_in_base64(raw), raw.hex(), raw.hex().upper()))
    return tuple(form for form in forms if len(form) >= _SHORTEST)


def _in_base64(raw: bytes) -> Iterator[str]:
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        first, last = (before * 8 + 5) // 6, (before + len(raw)) * 8 // 6
        yield encoded[first:last]
        yield encoded[first:last].replace("+", "-").replace("/", "_")


@lru_cache(maxsize=2000)
def _escaped(value: str) -> re.Pattern[str]:
    """The secret with any of its letters written as addresses, JSON and HTML may write them."""
    return re.compile("".join(map(_letter, value)), re.IGNORECASE if value.isdigit() else 0)


def _letter(letter: str) -> str:
    ways = [re.escape(letter)]
    percent = "".join(f"%(?:25)*{_digits(byte)}" for byte in letter.encode("utf-8", "surrogatepass"))
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    escape = "".join(rf"\\+u{_digits_of(units[at : at + 4])}" for at in range(0, len(units), 4))
    ways += [percent, escape, rf"&\#0*{ord(letter)};", rf"&\#[xX]0*{_digits_of(f'{ord(letter):x}')};"]
    if letter in '"\\/':
        ways.append(rf"\\+{re.escape(letter)}")
    if letter in _ENTITIES:
        ways.append(_ENTITIES[letter])
    if letter == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(ways)})"


_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


def _digits(byte: int) -> str:
    return _digits_of(f"{byte:02x}")


def _digits_of(text: str) -> str:
    """Hexadecimal digits in small or capital letters."""
    return "".join(f"[{sign}{sign.upper()}]" if sign.isalpha() else sign for sign in text)
