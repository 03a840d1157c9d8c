"""Judging a definition: its form, the stored agents and crews it names, and whether it can run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import FieldError, InvalidInput
from watchbill.core.flow.definition import MAX_BYTES
from watchbill.core.flow.problems import Problem
from watchbill.core.flow.walk import nodes_in
from watchbill.core.ports.compute import Compute, ComputeLimit
from watchbill.core.tenancy import TenantScope
from watchbill.features.agents.references import write_in
from watchbill.features.flows.computing import computed
from watchbill.features.flows.models import missing as missing_parts
from watchbill.features.flows.schemas import Validation
from watchbill.features.flows.subflows import MAX_NODES, TOO_MUCH, write_flows
from watchbill.nodes.jobs import compile_stored

# What is smaller is compiled at once: in a millisecond or two, a dozen for the most complicated expressions.
_QUICK_BYTES = 1_000


def check_size(definition: dict[str, object]) -> None:
    """Refuse a definition that is too large to keep.

    Raises:
        InvalidInput: it has more than MAX_BYTES as JSON, or more nodes than can run.
    """
    if problem := too_large(definition):
        error = FieldError(("body", "definition"), problem.code, problem.message)
        raise InvalidInput(problem.message, code=problem.code, errors=(error,))


def too_large(definition: object) -> Problem | None:
    """Why a definition can neither be kept nor run, whatever else is wrong with it."""
    size = len(orjson.dumps(definition))
    if size > MAX_BYTES:
        text = f"The definition has {size:,} bytes; {MAX_BYTES:,} are allowed. Split the flow up."
    elif next(islice(nodes_in(definition), MAX_NODES, None), None):
        text = f"The definition has more than {MAX_NODES:,} nodes, the most a flow may have. Split it up."
    else:
        return None
    return Problem(code="definition_too_large", message=text)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Every problem of a definition and, if none stands in the way, what is stored to run it, with stored
    flows, agents and crews written in; `alone` when it names none of those."""

    validation: Validation
    ready: Ready | None
    alone: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """A definition that can run: as it is stored, its digest, and the configuration of its input node."""

    stored: dict[str, Any]
    digest: str
    form: dict[str, Any]


async def check(
    session: AsyncSession, scope: TenantScope, definition: object, compute: Compute
) -> Validation:
    """Every problem of a definition, also those of what it asks the tenant's providers for. Raises what
    `compiled` raises."""
    return (await compiled(session, scope, definition, compute, models=True)).validation


async def compiled(
    session: AsyncSession,
    scope: TenantScope,
    definition: object,
    compute: Compute | None,
    *,
    models: bool = False,
) -> Compiled:
    """The definition compiled, which takes what it names from the tenant's tables. That is done by `compute`,
    while the session's transaction is committed; without one, in a thread. `models` that nobody can be asked
    for are told only where that is wanted.

    Raises:
        ComputeBusy: too many computations of the tenant wait.
    """
    if problem := too_large(definition):
        return Compiled(Validation(valid=False, problems=[problem]), None, alone=True)
    with_flows, lost = await write_flows(session, definition)
    if any(problem.code == TOO_MUCH for problem in lost):
        return Compiled(Validation(valid=False, problems=lost), None, alone=False)
    written, missing = await write_in(session, with_flows)
    missing = [*lost, *missing]
    if models:
        missing += await missing_parts(session, written, with_flows)
    answer: dict[str, Any] = await _compile(session, scope, written, compute)
    found = [Problem.model_validate(problem) for problem in answer["problems"]]
    validation = Validation(
        valid=answer["stored"] is not None and not missing, problems=[*missing, *_others(found, missing)]
    )
    parts = {name: answer[name] for name in ("stored", "digest", "form")}
    ready = Ready(**parts) if validation.valid else None
    return Compiled(validation, ready, alone=written == definition)


async def _compile(
    session: AsyncSession, scope: TenantScope, definition: object, compute: Compute | None
) -> dict[str, Any]:
    raw = orjson.dumps(definition)
    if len(raw) <= _QUICK_BYTES:
        return compile_stored(definition)
    if compute is None:
        return await asyncio.to_thread(compile_stored, definition)
    try:
        return await computed(session, compute, scope, "flow.compile", orjson.Fragment(raw))
    except ComputeLimit as error:
        problem = too_much(error, definition).model_dump(mode="json")
        return {"problems": [problem], "stored": None, "digest": None, "form": None}


def too_much(error: ComputeLimit, definition: object) -> Problem:
    """The problem of a definition that takes too much to be checked, at its largest node: the cost is of the
    whole, and that is where making it smaller helps most."""
    text = f"The flow is too large to check. {error.detail}"
    largest = max(_sizes(definition), default=None)
    if largest is None:
        return Problem(code="flow_limit", message=f"{text} Make it smaller.")
    size, node_id, field = largest
    text = (
        f"{text} Its largest field is this one, with {size:,} bytes: make it smaller, or split the flow up."
    )
    return Problem(node_id=node_id, field=field, code="flow_limit", message=text)


def _sizes(definition: object) -> Iterator[tuple[int, str, str]]:
    """The bytes of each field of each node's configuration, and where it is."""
    nodes = cast("dict[str, Any]", definition).get("nodes") if isinstance(definition, dict) else None
    for node in cast("list[Any]", nodes) if isinstance(nodes, list) else ():
        match node:
            case {"id": str(node_id), "config": dict()}:
                for name, value in cast("dict[str, dict[str, Any]]", node)["config"].items():
                    yield len(orjson.dumps(value)), node_id, f"config.{name}"
            case _:
                pass


def _others(problems: list[Problem], known: list[Problem]) -> list[Problem]:
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
        _refusal(problems),
        code="flow_invalid",
        errors=tuple(FieldError(_loc(problem), problem.code, problem.message) for problem in problems),
    )


def _refusal(problems: list[Problem]) -> str:
    """One sentence for people who see nothing else: where the first problem is, and how many there are."""
    first, more = problems[0], len(problems) - 1
    field = (first.field or "").removeprefix("config.")
    places = [("node", first.node_id), ("edge", first.edge_id), ("field", field)]
    where = ", ".join(f"{word} `{name}`" for word, name in places if name)
    rest = f" There {'is 1 more problem' if more == 1 else f'are {more} more problems'}." if more else ""
    return f"The flow cannot run: {where}{': ' if where else ''}{first.message}{rest}"


def _loc(problem: Problem) -> tuple[str, ...]:
    field = problem.field.split(".") if problem.field else []
    if problem.node_id is not None:
        return ("nodes", problem.node_id, *field)
    return ("edges", problem.edge_id, *field) if problem.edge_id is not None else tuple(field)
