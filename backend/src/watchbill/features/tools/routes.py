"""/tools."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import HTTPConnection

from watchbill.features.identity.access import Access, require
from watchbill.features.identity.limits.crowds import Crowds, crowds_of
from watchbill.features.tools import service
from watchbill.features.tools.builtin import BUILTINS
from watchbill.features.tools.schemas import (
    BuiltinOut,
    Kind,
    ToolIn,
    ToolOut,
    ToolPatch,
    ToolReplace,
    ToolTrial,
    ToolTrialResult,
    ToolValidation,
)
from watchbill.features.tools.service import ToolPorts
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/tools", tags=["tools"], route_class=BodyRoute)


async def ports_of(connection: HTTPConnection) -> ToolPorts:
    """The ports that the app's lifespan put into its state."""
    return connection.app.state.tools


Ports = Annotated[ToolPorts, Depends(ports_of)]
Limits = Annotated[Crowds, Depends(crowds_of)]
Reader = Annotated[Access, require("tools:read")]
Writer = Annotated[Access, require("tools:write")]


@router.get("")
async def list_tools(
    access: Reader, page: PageQuery, kind: Annotated[Kind | None, Query()] = None
) -> Listed[ToolOut]:
    """Tools, newest first."""
    rows, cursor = await service.page(access.session, page, kind)
    return Listed(items=[service.shown(row) for row in rows], next_cursor=cursor)


@router.get("/builtin")
async def list_builtin_tools(access: Reader) -> list[BuiltinOut]:
    """The builtin tools, which a tool of kind builtin is made of."""
    _ = access
    return [
        BuiltinOut(
            name=one.name,
            title=one.title,
            description=one.description,
            icon=one.icon,
            settings_schema=one.settings.model_json_schema(),
            input_schema=one.input_schema,
        )
        for one in BUILTINS.values()
    ]


@router.post("", status_code=201)
async def create_tool(form: ToolIn, access: Writer, ports: Ports) -> ToolOut:
    """Add a tool."""
    tool = await service.create(access.session, access.scope, ports, form, access.identity.user_id)
    return service.shown(tool)


@router.get("/{tool_id}")
async def get_tool(tool_id: UUID, access: Reader) -> ToolOut:
    """One tool."""
    return service.shown(await service.get(access.session, tool_id))


@router.put("/{tool_id}")
async def replace_tool(tool_id: UUID, form: ToolReplace, access: Writer, ports: Ports) -> ToolOut:
    """Replace a tool."""
    person = access.identity.user_id
    return service.shown(await service.change(access.session, access.scope, ports, tool_id, form, person))


@router.patch("/{tool_id}")
async def change_tool(tool_id: UUID, form: ToolPatch, access: Writer, ports: Ports) -> ToolOut:
    """Change part of a tool."""
    person = access.identity.user_id
    return service.shown(await service.change(access.session, access.scope, ports, tool_id, form, person))


@router.delete("/{tool_id}", status_code=204)
async def delete_tool(tool_id: UUID, access: Writer) -> None:
    """Remove a tool. Flows and agents that name it say so when they are next checked or run."""
    await service.delete(access.session, tool_id)


@router.post("/{tool_id}/validate")
async def validate_tool(tool_id: UUID, access: Reader, ports: Ports) -> ToolValidation:
    """Everything that is wrong with a tool."""
    return await service.validate(access.session, access.scope, ports, tool_id)


@router.post("/{tool_id}/run")
async def run_tool(
    tool_id: UUID, form: ToolTrial, access: Writer, ports: Ports, crowds: Limits
) -> ToolTrialResult:
    """Have a worker call the tool, and wait for how it ends."""
    limits = service.limits_of(await service.get(access.session, tool_id))
    # Afterwards it is looked at again who asks.
    with crowds.slow.place(access.identity):
        async with access.work.outside():
            return await service.try_out(access.scope, ports, tool_id, form.input, limits)
