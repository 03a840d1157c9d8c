"""Media types and character sets as content types name them."""

from __future__ import annotations

import codecs
from email.message import Message

# Python knows more that are no character sets, or are dear to read.
_CHARSETS = frozenset(
    (
        *("ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *("big5", "big5hkscs", "euc_jp", "euc_kr", "gb2312", "gbk", "gb18030", "iso2022_jp", "shift_jis"),
        *("koi8-r", "koi8-u", "mac-roman", "cp437", "cp850", "cp852", "cp855", "cp866", "cp874"),
        *("cp932", "cp949", *(f"cp{page}" for page in range(1250, 1259))),
        *(f"iso8859-{part}" for part in range(1, 17)),
    )
)


def media_type(content_type: str) -> str:
    """The media type in lower case, without its parameters; empty where none is said."""
    return content_type.partition(";")[0].strip().lower()


# No server needs more. Python's parser takes time that grows with the square of it: seconds for 60,000.
_MOST_CHARACTERS = 300


def parameter(content_type: str, name: str) -> str | None:
    """A parameter of a content type; None also for content types that are longer than any should be."""
    if len(content_type) > _MOST_CHARACTERS:
        return None
    header = Message()
    header["content-type"] = content_type
    found = header.get_param(name)
    return found if isinstance(found, str) else None


def charset_of(content_type: str) -> str | None:
    """The character set that a content type names, as Python calls it; UTF-8 where it names none, None where
    nobody knows it."""
    try:
        name = codecs.lookup(parameter(content_type, "charset") or "utf-8").name
    except (LookupError, ValueError):
        return None
    return name if name in _CHARSETS else None
