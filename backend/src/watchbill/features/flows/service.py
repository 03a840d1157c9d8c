"""Drafts, published versions and validation of flows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.flow.problems import Problem
from watchbill.core.plan import compile_flow
from watchbill.core.plan.compile import too_large
from watchbill.features.agents.references import write_in
from watchbill.features.flows import queries
from watchbill.features.flows.schemas import (
    FlowCreate,
    FlowPatch,
    FlowReplace,
    FlowSummary,
    Validation,
)
from watchbill.features.flows.tables import Flow, FlowVersion
from watchbill.kit.paging import Listed, Page, fetch_page
from watchbill.nodes.registry import NODE_TYPES

MAX_PROBLEMS = 500


async def page(session: AsyncSession, page: Page) -> Listed[FlowSummary]:
    """One page of flows, newest first.

    Raises:
        kit.paging.BadCursor: the cursor is not one that a list gave out.
    """
    rows, following = await fetch_page(session, queries.living(), Flow, page)
    return Listed(items=[FlowSummary.model_validate(row) for row in rows], next_cursor=following)


async def get(session: AsyncSession, flow_id: UUID, *, lock: bool = False) -> Flow:
    """The flow.

    Raises:
        NotFound: this tenant has none of that id.
    """
    flow = await queries.find(session, flow_id, lock=lock)
    if flow is None:
        raise NotFound("There is no such flow.", code="flow_not_found")
    return flow


async def create(session: AsyncSession, form: FlowCreate, user_id: UUID | None) -> Flow:
    """Store a new flow."""
    _check_size(form.definition)
    flow = Flow(**form.model_dump(), created_by=user_id)
    session.add(flow)
    await session.flush()
    await session.refresh(flow)
    return flow


async def replace(session: AsyncSession, flow_id: UUID, form: FlowReplace) -> Flow:
    """Put a whole flow in the place of the one that was read.

    Raises:
        Conflict: someone changed it meanwhile.
    """
    return await _change(session, flow_id, form.model_dump(exclude={"version"}), form.version)


async def patch(session: AsyncSession, flow_id: UUID, form: FlowPatch) -> Flow:
    """Change the fields that are given.

    Raises:
        Conflict: someone changed it meanwhile, and the form says which version it was made for.
        InvalidInput: a field that cannot be empty is null.
    """
    fields = form.model_dump(exclude={"version"}, exclude_unset=True)
    empty = [name for name in ("name", "definition", "is_active") if name in fields and fields[name] is None]
    if empty:
        errors = tuple(FieldError(("body", name), "null", "This field cannot be null.") for name in empty)
        raise InvalidInput(f"`{empty[0]}` cannot be null.", errors=errors)
    return await _change(session, flow_id, fields, form.version)


async def _change(session: AsyncSession, flow_id: UUID, fields: dict[str, Any], version: int | None) -> Flow:
    flow = await get(session, flow_id, lock=True)
    if version is not None and version != flow.version:
        text = f"The flow was changed meanwhile: you had version {version}, it is now {flow.version}."
        raise Conflict(f"{text} Reload it, or save without `version` to overwrite.", code="stale_version")
    if "definition" in fields:
        _check_size(fields["definition"])
    for name, value in fields.items():
        setattr(flow, name, value)
    flow.version += 1
    await session.flush()
    await session.refresh(flow)
    return flow


def _check_size(definition: dict[str, Any]) -> None:
    if problem := too_large(len(orjson.dumps(definition))):
        error = FieldError(("body", "definition"), problem.code, problem.message)
        raise InvalidInput(problem.message, code=problem.code, errors=(error,))


async def delete(session: AsyncSession, flow_id: UUID) -> None:
    """Take a flow out of every list; its executions stay."""
    flow = await get(session, flow_id, lock=True)
    flow.deleted_at = datetime.now(UTC)
    flow.is_active = False


async def duplicate(session: AsyncSession, flow_id: UUID, user_id: UUID | None) -> Flow:
    """A copy of the draft under a free name."""
    flow = await get(session, flow_id)
    base = f"{flow.name[:180]} copy"
    taken = await queries.names_like(session, base)
    name = next(n for n in (base, *(f"{base} {i}" for i in range(2, len(taken) + 3))) if n not in taken)
    form = FlowCreate(name=name, description=flow.description, definition=flow.definition)
    return await create(session, form, user_id)


async def validate(session: AsyncSession, definition: object) -> Validation:
    """Everything that is wrong with a definition, stored agents and crews looked up."""
    written, problems = await write_in(session, definition)
    compilation = compile_flow(written, NODE_TYPES)
    found: list[Problem] = [*problems, *compilation.problems]
    if isinstance(definition, dict) and (problem := too_large(len(orjson.dumps(definition)))):
        found.insert(0, problem)
    valid = compilation.valid and not any(problem.severity == "error" for problem in found)
    return Validation(valid=valid, problems=found[:MAX_PROBLEMS])


async def publish(session: AsyncSession, flow_id: UUID, user_id: UUID | None) -> FlowVersion:
    """Freeze the draft under the next number.

    Raises:
        InvalidInput: the draft has problems.
    """
    flow = await get(session, flow_id, lock=True)
    checked = await validate(session, flow.definition)
    if not checked.valid:
        errors = [problem for problem in checked.problems if problem.severity == "error"]
        raise InvalidInput(
            f"The flow has {len(errors)} problem(s) to mend before it can be published.",
            code="flow_invalid",
            errors=tuple(
                FieldError(
                    tuple(part for part in ("definition", p.node_id or p.edge_id, p.field) if part),
                    p.code,
                    p.message,
                )
                for p in errors
            ),
        )
    number = (flow.published_version or 0) + 1
    frozen = FlowVersion(flow_id=flow.id, number=number, definition=flow.definition, created_by=user_id)
    session.add(frozen)
    flow.published_version = number
    await session.flush()
    await session.refresh(frozen)
    return frozen


async def get_version(session: AsyncSession, flow_id: UUID, number: int) -> FlowVersion:
    """One published version.

    Raises:
        NotFound: the flow or the version does not exist.
    """
    await get(session, flow_id)
    frozen = await queries.version(session, flow_id, number)
    if frozen is None:
        raise NotFound(f"The flow has no version {number}.", code="flow_version_not_found")
    return frozen


async def runnable(
    session: AsyncSession, flow: Flow, wanted: Literal["draft", "published"] | int | None
) -> tuple[int | None, dict[str, Any]]:
    """(number, definition) to run; the number is None for the draft, which runs if nothing is published.

    Raises:
        NotFound: the version does not exist.
        Conflict: the published version is asked for, and there is none.
    """
    if wanted == "draft" or (wanted is None and flow.published_version is None):
        return None, flow.definition
    number = flow.published_version if wanted in (None, "published") else wanted
    if not isinstance(number, int):
        raise Conflict("The flow was never published. Publish it, or run its draft.", code="not_published")
    return number, (await get_version(session, flow.id, number)).definition
