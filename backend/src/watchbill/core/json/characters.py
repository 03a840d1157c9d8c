"""Texts of whole characters: JSON's escapes can name half of one, which no store and no network takes."""

from __future__ import annotations

import re

# They hide, or are shown in another order than they are written: what follows could pass for our own words.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def mended(text: str) -> str:
    """The text with halves that belong together put together, and U+FFFD for each that stands alone."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def plainly(text: str) -> str:
    """A sentence of ours around words of somebody else, with what cannot be seen in it as an escape."""
    return text if text.isprintable() else _UNSEEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
