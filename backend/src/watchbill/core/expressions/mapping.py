"""Templates by name, rendered over what somebody sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchbill.core.budget import Budget, OverBudget
from watchbill.core.expressions.errors import ExpressionError
from watchbill.core.expressions.filling import filled
from watchbill.core.expressions.template import Path, parse_template, templates_in
from watchbill.core.json_text import inexact


class MappingError(ExpressionError):
    """A template cannot be evaluated; `path` is where it stands."""

    def __init__(self, error: ExpressionError, path: Path):
        super().__init__(error.code, error.message, error.position)
        self.path = path


class MappingOverBudget(OverBudget):
    """The templates take more than they may; `path` is where the one stands at which nothing was left."""

    def __init__(self, error: OverBudget, path: Path):
        super().__init__(error.what)
        self.path = path


def render_all(
    templates: Mapping[str, Any], given: Mapping[str, Any], budget: Budget, now: datetime
) -> dict[str, Any]:
    """The templates rendered over `given`, which they read as `inputs`, with the time that `now()` gives.

    Raises:
        MappingError: one of them cannot be evaluated, or gives what cannot be kept as it is.
        MappingOverBudget: all of them together take more than they may.
    """
    scope = {"inputs": given, "nodes": {}}
    found: list[tuple[Path, Any]] = []
    for path, text in templates_in(templates):
        try:
            found.append((path, parse_template(text).render(scope, budget, now)))
        except ExpressionError as error:
            raise MappingError(error, path) from error
        except OverBudget as error:
            raise MappingOverBudget(error, path) from error
    values = filled(dict(templates), found)
    if fault := inexact(values):
        text = f"The mapping gives what cannot be kept as it is: {fault}."
        raise MappingError(ExpressionError("not_exact", text), fault.path)
    return values
