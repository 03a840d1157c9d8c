"""Paths of this site that came from an address bar, where anybody may have written them."""

from __future__ import annotations

import re

_LONGEST = 500
# Printable ASCII without the backslash, which browsers take for a slash: what else may stand in an address
# is percent-encoded.
_PLAIN = re.compile(r"/[!-\[\]-~]*")
_HIDDEN_SLASH = re.compile(r"%(2f|5c)", re.IGNORECASE)


def safe_path(path: str | None) -> str:
    """The path when it leads to a page of this site however it is read, else "/". The user interface's
    `lib/safe-path.ts` has the same rule."""
    if not path or len(path) > _LONGEST or not _PLAIN.fullmatch(path):
        return "/"
    place = re.split(r"[?#]", path, maxsplit=1)[0]
    segments = place[1:].lower().replace("%2e", ".").split("/")
    # "/..//host" becomes "//host" when it is resolved, and a server may decode a slash.
    moves = any(each in (".", "..") for each in segments)
    # The API is no page, and sends people on: to whichever provider a tenant has named. No page is spelled
    # with "%61" for "a".
    no_page = segments[0] == "api" or "%" in segments[0]
    return "/" if moves or no_page or "//" in place or _HIDDEN_SLASH.search(place) else path
