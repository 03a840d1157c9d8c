"""Templates by name, rendered over what somebody sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchbill.core.computing_budget import Budget, OverBudget
from watchbill.core.expressions.errors import ExpressionError
from watchbill.core.expressions.filling import filled
from watchbill.core.expressions.template import Path, parse_template, templates_in
from watchbill.core.json.text import inexact


def render_all(
    templates: Mapping[str, Any], given: Mapping[str, Any], budget: Budget, now: datetime
) -> dict[str, Any]:
    """The templates rendered over `given`, which they read as `inputs`, with the time that `now()` gives.

    Raises:
        ExpressionError: one of them cannot be evaluated, or gives what cannot be kept as it is.
        OverBudget: all of them together take more than they may. The path of either is noted.
    """
    scope: dict[str, Any] = {"inputs": given, "nodes": {}}
    found: list[tuple[Path, Any]] = []
    for path, text in templates_in(templates):
        try:
            found.append((path, parse_template(text).render(scope, budget, now)))
        except (ExpressionError, OverBudget) as error:
            error.at(path)
            raise
    values = filled(dict(templates), found)
    if fault := inexact(values):
        text = f"The result of the mapping cannot be kept as it is: {fault}."
        wrong = ExpressionError("not_exact", text)
        wrong.at(fault.path)
        raise wrong
    return values
