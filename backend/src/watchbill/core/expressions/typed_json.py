"""JSON that somebody typed into a field for templates."""

from __future__ import annotations

from typing import Any

from watchbill.core.expressions.errors import ExpressionError
from watchbill.core.expressions.template import parse_template
from watchbill.core.json.text import read_exactly


class NotJson(ValueError):
    """It is neither JSON nor one expression; the message says why, for whoever typed it."""


def typed_json(content: Any) -> Any:
    """What was meant: a text that is JSON is the value it says, with its templates; one expression stays
    one, whose value is taken. What is no text is itself.

    Raises:
        NotJson: the text is neither.
    """
    if not isinstance(content, str) or content == "":
        return content
    if _is_expression(content):
        return content.strip()
    try:
        return read_exactly(content)
    except ValueError as error:
        raise NotJson(
            f"The content is not JSON: {error}. Put texts and templates within double quotes; a template that"
            " is alone in its quotes keeps its type."
        ) from error


def _is_expression(content: str) -> bool:
    # One that is broken is told of where templates are read.
    try:
        parts = parse_template(content.strip()).parts
    except ExpressionError:
        return True
    return len(parts) == 1 and not isinstance(parts[0], str)
