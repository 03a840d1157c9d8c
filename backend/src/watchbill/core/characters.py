"""Texts of whole characters: JSON's escapes can name half of one, which no store and no network takes."""

from __future__ import annotations


def mended(text: str) -> str:
    """The text with halves that belong together put together, and U+FFFD for each that stands alone."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
