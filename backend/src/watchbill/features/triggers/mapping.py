"""A flow's inputs from what started it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from watchbill.core.budget import OverBudget, full
from watchbill.core.clean import clean
from watchbill.core.errors import FieldError, InvalidInput
from watchbill.core.expressions import ExpressionError, parse_template, templates_in
from watchbill.core.expressions.template import replaced


def flow_inputs(
    templates: Mapping[str, Any] | None, given: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The templates rendered over `given`, which they read as `inputs`, with the time that `now()` gives.
    Without templates the body of a call is the inputs, and what has no body has none.

    Raises:
        InvalidInput: a template cannot be evaluated or computes too much, or the body is not an object.
    """
    if templates is None:
        return _from_body(given.get("body"))
    values: Any = dict(templates)
    budget = full()
    for path, text in templates_in(templates):
        try:
            rendered = parse_template(text).render({"inputs": given, "nodes": {}}, budget, now)
        except OverBudget as error:
            raise InvalidInput(f"The mapping computes too much. {error}", code="mapping_limit") from error
        except ExpressionError as error:
            wrong = FieldError(("inputs", *path), error.code, error.message)
            raise InvalidInput(error.message, code="mapping_failed", errors=(wrong,)) from error
        values = replaced(values, path, rendered)
    return cast("dict[str, Any]", clean(values))


def _from_body(body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, Mapping):
        raise InvalidInput(
            "The body must be an object with the flow's inputs; or map it to them in the trigger.",
            code="body_not_object",
        )
    return cast("dict[str, Any]", clean(body))
