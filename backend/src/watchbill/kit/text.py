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


def one_line(name: str) -> str:
    """A name as lists and mails can show it: on one line, in the order in which it is written.

    Raises:
        ValueError: nothing of it can be seen.
    """
    plain = _BREAKS.sub(" ", _REORDERING.sub("", name)).strip()
    if all(unicodedata.category(sign)[0] in "CZ" for sign in plain):
        raise ValueError("Write a name that can be seen.")
    return plain


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(one_line),
]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
