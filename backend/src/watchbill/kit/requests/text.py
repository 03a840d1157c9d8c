"""Text fields as people fill them in."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

# NUL is refused everywhere, so it is not among them.
_BREAKS = re.compile("[\x01-\x1f\x7f-\x9f\u2028\u2029]+")
# What follows them is shown in another order than it is written: a name could pass for another one.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")


# Letters by their category that show nothing: fillers of Hangul, and the blank of Braille.
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def visible(text: str) -> bool:
    """Whether anything of a text can be seen: not of spaces, zero-width signs, or marks without a letter."""
    return any(unicodedata.category(sign)[0] not in "CZM" and sign not in _UNSEEN for sign in text)


def one_line(name: str) -> str:
    """A name as lists and mails can show it: on one line, in the order in which it is written.

    Raises:
        ValueError: nothing of it can be seen.
    """
    plain = _BREAKS.sub(" ", _REORDERING.sub("", name)).strip()
    if not visible(plain):
        raise ValueError("Write a name with visible characters.")
    return plain


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(one_line),
]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
