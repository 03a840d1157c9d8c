"""Putting values into a URL, so that each stays within the part where it was put."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import quote

from watchbill.core.expressions.errors import ExpressionError

# A piece as it stands in the template, a value, or a value that its author says is written for a URL already.
Kind = Literal["literal", "value", "raw"]

_HOST = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_ENDS_HOST = re.compile(r"[/?#@\\\s]")


def joined(pieces: Iterable[tuple[Kind, str]]) -> str:
    """The URL of these pieces. A value behind the host is percent-encoded as one part (RFC 3986, 2.1). One
    that begins the URL may hold all of it; one within the host may not end it.

    Raises:
        ExpressionError: `url_invalid`, where a value would lead to another host or path.
    """
    url = ""
    inserted: list[tuple[int, int]] = []
    for kind, text in pieces:
        if kind == "value" and url.strip():
            host = _HOST.match(url.lstrip())
            if host is None or host.end() == len(url.lstrip()):
                _refuse_end_of_host(text)
            else:
                text = _encoded(text)
                inserted.append((len(url), len(url) + len(text)))
        url += text
    _refuse_dots(url, inserted)
    return url


def _refuse_end_of_host(text: str) -> None:
    if found := _ENDS_HOST.search(text):
        why = f"A value in the host of the URL contains `{found[0]}`, which would lead to another place."
        hint = "Let one expression give the whole URL, or write url.raw(…) if you want that."
        raise ExpressionError("url_invalid", f"{why} {hint}")


def _encoded(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        text = "A value in the URL contains half of a character (a lone surrogate)."
        raise ExpressionError("url_invalid", text) from None


def _refuse_dots(url: str, inserted: list[tuple[int, int]]) -> None:
    """Dots cannot be encoded, and a part of `..` means another path."""
    end_of_path = re.search(r"[?#]", url)
    last = end_of_path.start() if end_of_path else len(url)
    for start, end in inserted:
        if start > last:
            break
        first = url.rfind("/", 0, start) + 1
        behind = url.find("/", end, last)
        if url[first : last if behind < 0 else behind] in (".", ".."):
            text = "A value makes `.` or `..` a part of the URL's path, which would lead to another place."
            raise ExpressionError("url_invalid", text)
