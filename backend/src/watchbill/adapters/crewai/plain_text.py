"""Keeps CrewAI from reading commands and placeholders in what people and models say.

CrewAI has a protocol of words for models that cannot call functions: after "Final Answer:" comes the answer,
and "Action:" starts a tool. Ours call functions, so these words are text like any other. It also fills in
some names in braces. A sealed text carries a mark in each of these, which is taken out again before anybody
reads it: Unicode keeps U+FDD0 for a program's own use.
"""

from __future__ import annotations

import re

_MARK = "\ufdd0"
_PLACEHOLDER = re.compile(r"\{(?=(?:input|tools|tool_names)\})")
_COMMAND = re.compile(rf"Final(?= Answer)|Action|{_PLACEHOLDER.pattern}")
_MARKED = re.compile(f"{_MARK}({_MARK}?)")


def sealed(text: str) -> str:
    """The text with nothing in it for CrewAI. `unsealed` gives exactly the text again."""
    return _COMMAND.sub(rf"\g<0>{_MARK}", text.replace(_MARK, _MARK * 2))


def sealed_name(text: str) -> str:
    """A name by which models find each other: the same, as long as it is no placeholder."""
    return _PLACEHOLDER.sub(rf"\g<0>{_MARK}", text)


def unsealed(text: str) -> str:
    """What was sealed, also as a part of a larger text."""
    return _MARKED.sub(r"\1", text)
