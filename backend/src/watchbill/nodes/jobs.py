"""What child processes compute of flows: whether one can run, and inputs from what started it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import orjson

from watchbill.core.computing_budget import OverBudget, full
from watchbill.core.expressions import ExpressionError
from watchbill.core.expressions.mapping import render_all
from watchbill.core.plan import compile_flow
from watchbill.nodes.registry import NODE_TYPES


def compile_stored(definition: Any) -> Any:
    """{problems, stored, digest, form}: every problem of a definition and, if none stands in the way, the
    definition as it is stored to be run, its digest, and the configuration of its input node."""
    compiled = compile_flow(definition, NODE_TYPES)
    problems = [problem.model_dump(mode="json") for problem in compiled.problems[:500]]
    plan = compiled.plan
    if plan is None:
        return {"problems": problems, "stored": None, "digest": None, "form": None}
    kept = plan.definition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    stored = {"schema": "watchbill.flow/v1", **kept}
    digest = hashlib.sha256(orjson.dumps(stored, option=orjson.OPT_SORT_KEYS)).hexdigest()
    form = plan.nodes[plan.entry].node.config
    return {"problems": problems, "stored": stored, "digest": digest, "form": form}


def map_inputs(argument: Any) -> Any:
    """{values}: the `templates` over what was `given`, at the time `now`; or the {code, message, path} of the
    one that cannot be evaluated, or at which they took too much."""
    now = datetime.fromisoformat(argument["now"])
    try:
        return {"values": render_all(argument["templates"], argument["given"], full(), now)}
    except ExpressionError as error:
        return {"code": error.code, "message": error.message, "path": list(error.path)}
    except OverBudget as error:
        return {"code": "mapping_limit", "message": str(error), "path": list(error.path)}
