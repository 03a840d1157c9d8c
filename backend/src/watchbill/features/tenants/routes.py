"""/tenant: the one that the caller is in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from watchbill.core.tenancy import TenantDefaults
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.identity.access import Access, database, identity_options, request_limits, require
from watchbill.features.identity.limits.crowds import crowds_of
from watchbill.features.tenants import service, settings
from watchbill.features.tenants.export import export
from watchbill.features.tenants.schemas import (
    DefaultLimits,
    SettingsForm,
    SettingsOut,
    TenantChange,
    TenantShown,
)
from watchbill.features.tenants.service import Stores
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/tenant", tags=["tenant"], route_class=BodyRoute)
Reader = Annotated[Access, require("tenant:read")]
Writer = Annotated[Access, require("tenant:write")]


async def stores(request: Request) -> Stores:
    executions: ExecutionPorts = request.app.state.executions
    return Stores(await database(request), request.app.state.redis, executions.documents, executions)


async def tenant_defaults(request: Request) -> TenantDefaults:
    return request.app.state.tenant_defaults


Defaults = Annotated[TenantDefaults, Depends(tenant_defaults)]


async def default_limits(request: Request, defaults: Defaults) -> DefaultLimits:
    rates = request_limits(request)
    return DefaultLimits(user_a_minute=rates.user, tenant_a_minute=rates.tenant, running=defaults.running)


Limiting = Annotated[DefaultLimits, Depends(default_limits)]


@router.get("")
async def get_tenant(access: Reader, limits: Limiting) -> TenantShown:
    """The tenant that you are signed in to."""
    tenant = await service.describe(access.session, access.scope.tenant_id)
    return TenantShown(**tenant.model_dump(), default_limits=limits)


@router.patch("")
async def change_tenant(form: TenantChange, access: Writer, limits: Limiting) -> TenantShown:
    """Rename the tenant."""
    tenant = await service.rename(access.session, access.scope.tenant_id, form.name)
    return TenantShown(**tenant.model_dump(), default_limits=limits)


@router.get("/settings")
async def get_settings(access: Reader, defaults: Defaults) -> SettingsOut:
    """How many executions run at a time, and how long executions and their logs are kept."""
    return await settings.read(access.session, access.scope.tenant_id, defaults)


@router.put("/settings")
async def put_settings(form: SettingsForm, access: Writer, defaults: Defaults) -> SettingsOut:
    """Set how many executions run at a time, and how long executions and their logs are kept. Older ones are
    deleted soon after, and cannot be brought back."""
    return await settings.change(access.session, access.scope.tenant_id, form, defaults)


@router.post(
    "/export",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "A file for each table."}},
)
async def export_tenant(
    access: Writer, request: Request, where: Annotated[Stores, Depends(stores)]
) -> FileResponse:
    """Everything the tenant has, as a ZIP file, without secrets."""
    tenant = await service.describe(access.session, access.scope.tenant_id)
    tables = (await identity_options(request)).tenant_tables
    with (await crowds_of(request)).exports.place(access.identity):
        path = await export(access.session, where.documents, tenant.id, tables)
    return FileResponse(
        path,
        media_type="application/zip",
        filename=f"{tenant.slug}.zip",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


@router.delete("", status_code=204)
async def delete_tenant(
    access: Writer,
    confirm: Annotated[str, Query(max_length=200, description="The tenant's slug.")],
    where: Annotated[Stores, Depends(stores)],
) -> None:
    """Delete the tenant with everything in it, from every store. This cannot be undone."""
    service.demand_person(access.identity)
    tenant = await service.describe(access.session, access.scope.tenant_id)
    service.confirm(tenant, confirm)
    async with access.work.outside():
        await service.stop_executions(where, tenant.id)
    await service.delete(access.session, where, tenant.id)
    access.work.after_commit(lambda: service.forget(where, tenant.id))
