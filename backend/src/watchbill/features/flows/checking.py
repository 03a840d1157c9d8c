"""Judging a definition: its form, the stored agents and crews it names, and whether it can run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import FieldError, InvalidInput
from watchbill.core.flow.definition import MAX_BYTES
from watchbill.core.flow.problems import Problem
from watchbill.core.plan import Plan, compile_flow
from watchbill.features.agents.references import write_in
from watchbill.features.flows.schemas import Validation
from watchbill.features.flows.subflows import write_flows
from watchbill.nodes.registry import NODE_TYPES


def check_size(definition: dict[str, object]) -> None:
    """Refuse a definition that is too large to keep.

    Raises:
        InvalidInput: it has more than MAX_BYTES as JSON.
    """
    if problem := _too_large(definition):
        error = FieldError(("body", "definition"), problem.code, problem.message)
        raise InvalidInput(problem.message, code=problem.code, errors=(error,))


def _too_large(definition: object) -> Problem | None:
    size = len(orjson.dumps(definition))
    if size <= MAX_BYTES:
        return None
    text = f"The definition has {size:,} bytes; {MAX_BYTES:,} are allowed. Split the flow up."
    return Problem(code="definition_too_large", message=text)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Every problem of a definition and, if none stands in the way, its plan with stored flows, agents and
    crews written in; `alone` when it names none of those."""

    validation: Validation
    plan: Plan | None
    alone: bool


async def check(session: AsyncSession, definition: object) -> Validation:
    """Every problem of a definition."""
    return (await compiled(session, definition)).validation


async def compiled(session: AsyncSession, definition: object) -> Compiled:
    """The definition compiled, which takes what it names from the tenant's tables."""
    if problem := _too_large(definition):
        return Compiled(Validation(valid=False, problems=[problem]), None, alone=True)
    with_flows, lost = await write_flows(session, definition)
    written, missing = await write_in(session, with_flows)
    missing = [*lost, *missing]
    # Two thousand nodes take long enough to be noticed by other requests on this event loop.
    result = await asyncio.to_thread(compile_flow, written, NODE_TYPES)
    problems = [*missing, *_others(result.problems, missing)]
    valid = result.valid and not missing
    validation = Validation(valid=valid, problems=problems)
    return Compiled(validation, result.plan if valid else None, alone=written == definition)


def _others(problems: tuple[Problem, ...], known: list[Problem]) -> list[Problem]:
    """Problems at other fields than the known ones: one reason for one field is enough."""
    places = {(problem.node_id, problem.field) for problem in known}
    return [problem for problem in problems if (problem.node_id, problem.field) not in places]


def refuse_invalid(validation: Validation) -> None:
    """Refuse a definition that cannot run.

    Raises:
        InvalidInput: with one error per problem, at ("nodes", id, field) or ("edges", id, field).
    """
    if validation.valid:
        return
    problems = [problem for problem in validation.problems if problem.severity == "error"]
    raise InvalidInput(
        f"The flow cannot run: {problems[0].message}",
        code="flow_invalid",
        errors=tuple(FieldError(_loc(problem), problem.code, problem.message) for problem in problems),
    )


def _loc(problem: Problem) -> tuple[str, ...]:
    field = problem.field.split(".") if problem.field else []
    if problem.node_id is not None:
        return ("nodes", problem.node_id, *field)
    return ("edges", problem.edge_id, *field) if problem.edge_id is not None else tuple(field)
