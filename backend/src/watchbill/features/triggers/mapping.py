"""A flow's inputs from what started it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.computing_budget import Budget, OverBudget, quick
from watchbill.core.errors import FieldError, InvalidInput
from watchbill.core.expressions import ExpressionError
from watchbill.core.expressions.mapping import render_all
from watchbill.core.expressions.template import Path, templates_in
from watchbill.core.ports.compute import Compute, ComputeLimit
from watchbill.core.tenancy import TenantScope
from watchbill.features.flows.computing import computed

Templates = Mapping[str, Any]
# For a schedule, whose templates read nothing but a time: some milliseconds.
_ALONE = Budget(steps=5_000, size=100_000)


async def flow_inputs(
    session: AsyncSession,
    scope: TenantScope,
    templates: Templates | None,
    given: Mapping[str, Any],
    now: datetime,
    compute: Compute | None,
) -> dict[str, Any]:
    """The templates rendered over `given`, which they read as `inputs`, with the time that `now()` gives.
    Without templates the body of a call is the inputs, and what has no body has none.

    What is too much for the event loop is left to `compute`; meanwhile the session's transaction is
    committed. Without one it is refused.

    Raises:
        InvalidInput: a template cannot be evaluated or computes too much, or the body is not an object.
        ComputeBusy: too many computations of the tenant wait.
    """
    if templates is None:
        return _from_body(given)
    return await rendered(session, scope, templates, given, now, compute, "inputs")


async def rendered(
    session: AsyncSession,
    scope: TenantScope,
    templates: Templates,
    given: Mapping[str, Any],
    now: datetime,
    compute: Compute | None,
    place: str,
) -> dict[str, Any]:
    """The templates rendered as above; what is wrong with them lies under `place`.

    Raises:
        InvalidInput: a template cannot be evaluated, computes too much, or gives what cannot be kept exactly.
        ComputeBusy: too many computations of the tenant wait.
    """
    try:
        budget = Budget(_ALONE.steps, _ALONE.size) if compute is None else quick()
        return render_all(templates, given, budget, now)
    except ExpressionError as error:
        raise _failed(error, (place, *error.path)) from error
    except OverBudget as error:
        if compute is None:
            raise _too_much(str(error), (place, *error.path)) from error
    argument = {"templates": templates, "given": orjson.Fragment(orjson.dumps(given)), "now": now.isoformat()}
    try:
        answer = await computed(session, compute, scope, "trigger.map", argument)
    except ComputeLimit as error:
        raise _too_much(error.detail, (place, *_only_path(templates))) from error
    if "values" not in answer:
        if answer["code"] == "mapping_limit":
            raise _too_much(answer["message"], (place, *answer["path"]))
        raise _failed(ExpressionError(answer["code"], answer["message"]), (place, *answer["path"]))
    return answer["values"]


def _too_much(why: str, path: Path) -> InvalidInput:
    advice = "Pass the value on as it is, and work on it in a node."
    text = f"This computes too much for what starts a flow. {why} {advice}"
    wrong = FieldError(path, "mapping_limit", text)
    where = ".".join(str(part) for part in path)
    detail = f"The mapping of the trigger computes too much, in `{where}`. {why}"
    return InvalidInput(detail, code="mapping_limit", errors=(wrong,))


def _only_path(templates: Templates) -> Path:
    """Where the template stands that was too much, if there is but one."""
    found = [path for path, _ in templates_in(templates)]
    return found[0] if len(found) == 1 else ()


def _failed(error: ExpressionError, path: Path) -> InvalidInput:
    wrong = FieldError(path, error.code, error.message)
    return InvalidInput(error.message, code="mapping_failed", errors=(wrong,))


def _from_body(given: Mapping[str, Any]) -> dict[str, Any]:
    body = given.get("body")
    # A body that says null is not the same as none.
    if body is None and not given.get("size"):
        return {}
    if not isinstance(body, dict):
        raise InvalidInput(
            "The body must be an object with the flow's inputs. Or add a mapping to the trigger.",
            code="body_not_object",
        )
    return cast("dict[str, Any]", body)
