"""What `watchbill tenants` does."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import typer

from watchbill.adapters.redis import ControlHints
from watchbill.cli.installation import Installation
from watchbill.core.errors import Conflict, NotFound
from watchbill.features.executions.cancelling import Stopper
from watchbill.features.identity.tables import Tenant
from watchbill.features.tables import TENANT_TABLES
from watchbill.features.tenants import export as exporting
from watchbill.features.tenants import queries, service
from watchbill.features.tenants.service import Stores
from watchbill.kit.audit import Trail, keep_trail
from watchbill.kit.database.transactions import Work
from watchbill.kit.process.terminal import printable
from watchbill.nodes.registry import NODE_TYPES


async def show_all(installation: Installation) -> None:
    """Print a line for each tenant."""
    async with installation.database.transaction() as work:
        for tenant, members in await queries.every(work.session):
            line = f"{tenant.slug:<24} {tenant.id}  {tenant.status:<10} {members:>5}  {tenant.name}"
            typer.echo(printable(line))


async def suspend(installation: Installation, name: str) -> None:
    """Suspend a tenant and stop what runs there."""
    async with _tenant(installation, name, "suspend_tenant") as (work, tenant):
        await service.suspend(work.session, tenant)
    left = await service.stop_executions(_stores(installation), tenant.id)
    waiting = f" {left} executions will stop when a worker is back." if left else ""
    typer.echo(f"{tenant.slug} is suspended: nobody can sign in or run anything there.{waiting}")


async def activate(installation: Installation, name: str) -> None:
    """Activate a tenant."""
    async with _tenant(installation, name, "activate_tenant") as (work, tenant):
        await service.activate(work.session, tenant)
    typer.echo(f"{tenant.slug} is active.")


async def limit(
    installation: Installation, name: str, user: int | None, total: int | None, running: int | None = None
) -> None:
    """Set a tenant's own limits."""
    async with _tenant(installation, name, "limit_tenant") as (work, tenant):
        await service.set_limits(work.session, tenant.id, user=user, tenant=total, running=running)
    typer.echo(f"{tenant.slug} has new limits; they take effect within half a minute.")


async def export(installation: Installation, name: str, file: Path) -> None:
    """Write a tenant's data."""
    async with _tenant(installation, name, "export_tenant") as (work, tenant):
        made = await exporting.export(work.session, installation.documents, tenant.id, TENANT_TABLES)
        try:
            shutil.move(made, file)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Conflict(f"{file} cannot be written ({reason}).", code="cannot_write") from error
        finally:
            # What a tenant has must not lie about where others may look.
            made.unlink(missing_ok=True)
    typer.echo(f"{tenant.slug} is written to {file}.")


async def delete(installation: Installation, name: str, word: str) -> None:
    """Delete a tenant from every store. The id of one that is deleted already, confirmed with itself, removes
    what an interruption left of it."""
    stores = _stores(installation)
    try:
        async with _tenant(installation, name, "delete_tenant") as (work, tenant):
            service.confirm(await service.describe(work.session, tenant.id), word)
    except NotFound:
        if word != name:
            raise
        await service.forget(stores, _id(name))
        typer.echo(f"There is no tenant {name}, and nothing of it is left in {_where(stores)}.")
        return
    await service.stop_executions(stores, tenant.id)
    async with installation.database.transaction() as work:
        await service.delete(work.session, stores, tenant.id)
    await service.forget(stores, tenant.id)
    typer.echo(f"{tenant.slug} is deleted; nothing of it is left in {_where(stores)}.")


def _id(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        raise NotFound(f"There is no tenant {name}.") from None


def _where(stores: Stores) -> str:
    return "PostgreSQL, MongoDB or Redis" if stores.documents.outside else "PostgreSQL or Redis"


def _stores(installation: Installation) -> Stores:
    stopping = Stopper(installation.journal, installation.live, NODE_TYPES, ControlHints(installation.redis))
    return Stores(installation.database, installation.redis, installation.documents, stopping)


@asynccontextmanager
async def _tenant(installation: Installation, name: str, action: str) -> AsyncGenerator[tuple[Work, Tenant]]:
    """A transaction about one tenant, noted in its audit log."""
    async with installation.database.transaction() as work:
        tenant = await service.find(work.session, name)
        keep_trail(work.session, Trail(action, tenant_id=tenant.id, permission="operator", always=True))
        yield work, tenant
