"""Tools: keeping them, judging them, and trying them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import orjson
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.flow.problems import Problem
from watchbill.core.ports.calls import WorkerCalls
from watchbill.core.ports.compute import Compute, ComputeLimit
from watchbill.core.tenancy import TenantScope
from watchbill.features.tools import queries
from watchbill.features.tools.builtin import BUILTINS
from watchbill.features.tools.schemas import (
    BuiltinConfig,
    PythonConfig,
    ToolIn,
    ToolLimits,
    ToolOut,
    ToolPatch,
    ToolReplace,
    ToolTrialResult,
    ToolValidation,
    function_name,
)
from watchbill.features.tools.tables import Tool
from watchbill.kit.database.paging import Page
from watchbill.kit.database.transactions import outside

CHECK_JOB = "tool.check"
_TRIAL_TASK = "watchbill.tool_trial"
# Beyond the tool's own time: waiting for a turn, and the way there and back.
_MARGIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ToolPorts:
    """What the tool routes work with."""

    compute: Compute
    calls: WorkerCalls


async def get(session: AsyncSession, id_: UUID, *, lock: bool = False) -> Tool:
    """The tool of that id; `lock` keeps others from changing it until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    tool = await queries.by_id(session, id_, lock=lock)
    if tool is None:
        raise NotFound("There is no such tool.")
    return tool


async def page(session: AsyncSession, wanted: Page, kind: str | None) -> tuple[list[Tool], str | None]:
    """One page of tools and the next page's cursor."""
    rows, cursor = await queries.page(session, wanted, kind)
    return list(rows), cursor


async def absent(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Literal["unknown", "inactive"]]:
    """Those of the ids that cannot be called, and why."""
    wanted = set(ids)
    found = await queries.states(session, wanted)
    return {id_: "inactive" if id_ in found else "unknown" for id_ in wanted if not found.get(id_)}


async def create(
    session: AsyncSession, scope: TenantScope, ports: ToolPorts, form: ToolIn, person: UUID | None
) -> Tool:
    """Store a tool.

    Raises:
        InvalidInput: it could never be called.
        Conflict: the name is taken.
    """
    await _demand_sound(session, scope, ports, form)
    tool = Tool(id=uuid4(), updated_by=person, **_values(form))
    session.add(tool)
    await _flush(session)
    return tool


async def change(
    session: AsyncSession,
    scope: TenantScope,
    ports: ToolPorts,
    id_: UUID,
    form: ToolReplace | ToolPatch,
    person: UUID | None,
) -> Tool:
    """Replace a tool (ToolReplace) or change part of it (ToolPatch).

    Raises:
        NotFound, InvalidInput, Conflict: as for get and create; Conflict too when its `version` is stale.
    """
    tool = await get(session, id_)
    merged = _merged(tool, form)
    await _demand_sound(session, scope, ports, merged)
    # Judging took its time; what is changed now is what is there now.
    seen, tool = tool.version, await get(session, id_, lock=True)
    if (form.version if form.version is not None else seen) != tool.version:
        text = "Somebody changed this tool meanwhile. Load it again, then make your change."
        raise Conflict(text, code="version_stale")
    for name, value in _values(merged).items():
        setattr(tool, name, value)
    tool.version, tool.updated_by = tool.version + 1, person
    await _flush(session)
    await session.refresh(tool)
    return tool


async def delete(session: AsyncSession, id_: UUID) -> None:
    """Remove a tool. Flows and agents that name it say so when they are next checked or run.

    Raises:
        NotFound: there is none.
    """
    await session.delete(await get(session, id_))
    await session.flush()


async def validate(session: AsyncSession, scope: TenantScope, ports: ToolPorts, id_: UUID) -> ToolValidation:
    """Everything that is wrong with a tool.

    Raises:
        NotFound: there is none.
        ComputeBusy: too many computations of the tenant wait.
    """
    tool = await get(session, id_)
    problems = await _problems(session, scope, ports, _form(tool))
    return ToolValidation(valid=not any(one.severity == "error" for one in problems), problems=problems)


async def try_out(
    scope: TenantScope, ports: ToolPorts, id_: UUID, given: Mapping[str, Any], limits: ToolLimits
) -> ToolTrialResult:
    """Have a worker call the tool.

    Raises:
        Unavailable: no worker answered.
    """
    text = orjson.dumps(given).decode()
    seconds = limits.timeout_seconds + _MARGIN_SECONDS
    answer = await ports.calls.call(_TRIAL_TASK, str(scope.tenant_id), str(id_), text, timeout=seconds)
    return ToolTrialResult.model_validate(answer)


def shown(tool: Tool) -> ToolOut:
    """The tool as the routes show it."""
    stored = {name: getattr(tool, name) for name in ToolOut.model_fields if name != "function"}
    return ToolOut.model_validate({**stored, "function": function_name(tool.name)})


def limits_of(tool: Tool) -> ToolLimits:
    """The tool's limits, with the usual ones where it says nothing."""
    return ToolLimits.model_validate(tool.limits)


def _form(tool: Tool) -> ToolIn:
    return ToolIn.model_validate({name: getattr(tool, name) for name in ToolIn.model_fields})


def _merged(tool: Tool, form: ToolReplace | ToolPatch) -> ToolIn:
    if isinstance(form, ToolReplace):
        return ToolIn.model_validate(form.model_dump(exclude={"version"}))
    stored = {name: getattr(tool, name) for name in ToolIn.model_fields}
    given = form.model_dump(exclude_unset=True, exclude={"version"})
    try:
        return ToolIn.model_validate({**stored, **given})
    except ValidationError as error:
        raise _refused("config", "config_of_another_kind", _told(error)) from error


def _values(form: ToolIn) -> dict[str, Any]:
    values = form.model_dump(exclude={"limits"})
    if isinstance(form.config, BuiltinConfig):
        values["input_schema"] = BUILTINS[form.config.builtin].input_schema
    return {**values, "limits": form.limits.model_dump(exclude_defaults=True)}


async def _demand_sound(session: AsyncSession, scope: TenantScope, ports: ToolPorts, form: ToolIn) -> None:
    problems = await _problems(session, scope, ports, form)
    wrong = [one for one in problems if one.severity == "error"]
    if wrong:
        errors = tuple(
            FieldError(("body", *(one.field or "").split(".")), one.code, one.message) for one in wrong
        )
        raise InvalidInput(wrong[0].message, code=wrong[0].code, errors=errors)


async def _problems(
    session: AsyncSession, scope: TenantScope, ports: ToolPorts, form: ToolIn
) -> list[Problem]:
    problems: list[Problem] = []
    code = form.config.code if isinstance(form.config, PythonConfig) else None
    if isinstance(form.config, BuiltinConfig):
        problems += _settings_problems(form.config)
    argument = {"code": code, "input_schema": form.input_schema, "output_schema": form.output_schema}
    try:
        async with outside(session):
            found = await ports.compute.run(scope, CHECK_JOB, argument)
    except ComputeLimit as error:
        text = f"The tool is too large to check. {error.detail}"
        return [*problems, Problem(code="tool_limit", message=text)]
    return [*problems, *(Problem.model_validate(one) for one in found)]


def _settings_problems(config: BuiltinConfig) -> list[Problem]:
    builtin = BUILTINS.get(config.builtin)
    if builtin is None:
        names = ", ".join(f"`{name}`" for name in BUILTINS)
        text = f"There is no builtin tool of that name; there are {names}."
        return [Problem(field="config.builtin", code="unknown_builtin", message=text)]
    try:
        builtin.settings.model_validate(config.settings)
    except ValidationError as error:
        return [
            Problem(
                field=".".join(("config", "settings", *map(str, one["loc"]))),
                code="setting_invalid",
                message=f"{one['msg']}.".replace("..", "."),
            )
            for one in error.errors()[:20]
        ]
    return []


def _told(error: ValidationError) -> str:
    return error.errors()[0]["msg"].removeprefix("Value error, ")


def _refused(field: str, code: str, message: str) -> InvalidInput:
    return InvalidInput(message, code=code, errors=(FieldError(("body", field), code, message),))


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict("There is a tool of that name already.", code="name_taken") from error


def settings_of(config: BuiltinConfig) -> BaseModel:
    """The settings of a builtin tool, which were judged when they were stored."""
    return BUILTINS[config.builtin].settings.model_validate(config.settings)
