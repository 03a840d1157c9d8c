"""What child processes compute of flows and tools: whether one can run, and values from what started it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from watchbill.core.computing_budget import OverBudget, full
from watchbill.core.expressions import ExpressionError
from watchbill.core.expressions.mapping import render_all
from watchbill.core.flow.problems import Problem
from watchbill.core.plan import compile_flow
from watchbill.core.python_source import source_problems
from watchbill.core.schemas import Matcher, check_schema
from watchbill.kit.process.lazy_imports import late
from watchbill.nodes.registry import NODE_TYPES

if TYPE_CHECKING:
    from watchbill.kit.readable import Page

# Half a second, and few children need it; an API has none of its library.
_readable = late("watchbill.kit.readable")


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


def check_tool(argument: Any) -> Any:
    """Every problem of a tool's schemas, and of its Python source if it has one."""
    problems: list[Problem] = []
    schema = argument["input_schema"]
    for field in ("input_schema", "output_schema"):
        if argument[field] is not None:
            found = check_schema(argument[field])
            problems += [Problem(field=field, code=one.code, message=str(one)) for one in found[:20]]
    if schema.get("type") != "object":
        text = 'The input of a tool is an object: give the schema `"type": "object"`.'
        problems.append(Problem(field="input_schema", code="not_an_object", message=text))
    elif argument["code"] is not None:
        problems += source_problems(argument["code"], schema)
    return [problem.model_dump(mode="json") for problem in problems]


def judge(argument: Any) -> Any:
    """Where a `value` breaks a `schema`, and why."""
    return Matcher(argument["schema"]).mismatches(argument["value"])


def read_page(argument: Any) -> Any:
    """{title, text}: what is to be read on a page of `html`."""
    page: Page = _readable.readable(argument["html"])
    return {"title": page.title, "text": page.text}
