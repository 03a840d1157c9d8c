"""Hints for whoever draws a form of a JSON Schema. They stand in the schema itself, so that a form needs to
know no field by name, and say nothing of which values are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from pydantic.config import JsonDict

KEY = "x-form"


def form(
    format_: str | None = None,
    *,
    order: int | None = None,
    lines: int | None = None,
    unit: str | None = None,
    when: Mapping[str, Sequence[str] | None] | None = None,
    labels: Mapping[str, str] | None = None,
    inside: bool = False,
    identifies: bool = False,
    inline: str | None = None,
    order_in: str | None = None,
    widget: str | None = None,
) -> JsonDict:
    """What is added to the schema of a field, or of a model.

    Args:
        format_: the control for it, such as `template` for a text with expressions, or `agent`.
        order: its place among the fields that matter; those without a place come after them, folded away.
        lines: how many lines of text it begins with.
        unit: what a number counts, such as `seconds`.
        when: fields beside it and the values they have while it is shown; None for any that is set.
        labels: what its choices are called.
        inside: it is evaluated in the body of its node.
        identifies: it tells an entry of a list from the others.
        inline: the field beside it that holds the same thing, written here.
        order_in: the field beside it that keeps the order of its names.
        widget: the control for all of a model, which has no form of single fields.
    """
    hints: dict[str, JsonValue] = {
        "order": order,
        "lines": lines,
        "unit": unit,
        "when": {name: None if values is None else list(values) for name, values in when.items()}
        if when
        else None,
        "labels": dict(labels) if labels else None,
        "inside": inside or None,
        "identifies": identifies or None,
        "inline": inline,
        "order_in": order_in,
        "widget": widget,
    }
    given: JsonDict = {name: value for name, value in hints.items() if value is not None}
    extra: JsonDict = {}
    if format_ is not None:
        extra["format"] = format_
    if given:
        extra[KEY] = given
    return extra
