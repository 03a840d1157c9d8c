"""A tenant's life: its name, its limits, suspending and activating it, and deleting it from every store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.ports.documents import DocumentStore, DocumentsUnavailable
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.cancelling import Stopping, cancel_all
from watchbill.features.identity import tenant_row
from watchbill.features.identity.identity import Identity
from watchbill.features.identity.tables import Tenant
from watchbill.features.tenants import queries
from watchbill.features.tenants.schemas import Limits, TenantDetail
from watchbill.features.tenants.tables import TenantLimit
from watchbill.kit import due_work
from watchbill.kit.audit import drop_trail
from watchbill.kit.database.roles import drop_schema
from watchbill.kit.database.transactions import Database, outside

# Workers stop within milliseconds; one that is frozen or dead is not waited for, since its lease fences it.
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.1
_REDIS_BATCH = 500


@dataclass(frozen=True, slots=True)
class Stores:
    """Every store that holds something of a tenant, and what it takes to stop its executions."""

    database: Database
    redis: Redis
    documents: DocumentStore
    stopping: Stopping


async def find(session: AsyncSession, name: str) -> Tenant:
    """The tenant of that slug or id.

    Raises:
        NotFound: there is none.
    """
    tenant = await queries.named(session, name)
    if tenant is None:
        raise NotFound(f"There is no tenant {name}.")
    return tenant


async def describe(session: AsyncSession, tenant_id: UUID) -> TenantDetail:
    """Everything that may be shown of a tenant.

    Raises:
        NotFound: it was deleted a moment ago.
    """
    tenant = await session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound("There is no such tenant.")
    limit = await queries.limit(session, tenant_id)
    return TenantDetail(
        id=tenant.id,
        slug=tenant.slug,
        name=tenant.name,
        status=cast('Literal["active", "suspended"]', tenant.status),
        created_at=tenant.created_at,
        members=len(await queries.members(session, tenant_id)),
        limits=Limits(
            user_a_minute=limit and limit.user_a_minute,
            tenant_a_minute=limit and limit.tenant_a_minute,
            running=limit and limit.running,
        ),
    )


async def rename(session: AsyncSession, tenant_id: UUID, name: str) -> TenantDetail:
    """Give a tenant another name; its slug stays.

    Raises:
        NotFound: it was deleted a moment ago.
    """
    await tenant_row.rename(session, tenant_id, name)
    return await describe(session, tenant_id)


async def set_limits(
    session: AsyncSession, tenant_id: UUID, *, user: int | None, tenant: int | None, running: int | None
) -> None:
    """Give a tenant limits of its own: requests a minute, and executions that run at a time, also of those
    that wait already. None takes the installation's, 0 is no limit."""
    limit = await queries.limit(session, tenant_id) or TenantLimit(tenant_id=tenant_id)
    limit.user_a_minute, limit.tenant_a_minute, limit.running = user, tenant, running
    session.add(limit)
    await session.flush()


async def suspend(session: AsyncSession, tenant: Tenant) -> None:
    """Let nobody in. What runs is stopped by `stop_executions`, once this is committed."""
    await tenant_row.set_status(session, tenant, "suspended")


async def activate(session: AsyncSession, tenant: Tenant) -> None:
    """Let people in again. What was stopped stays stopped."""
    await tenant_row.set_status(session, tenant, "active")


async def stop_executions(stores: Stores, tenant_id: UUID) -> int:
    """Cancel everything that runs, waits for a worker, a time or a person, or is paused; returns how much of
    it did not stop in time."""
    left = await cancel_all(stores.stopping, stores.database, TenantScope(tenant_id))
    deadline = asyncio.get_running_loop().time() + _STOP_SECONDS
    while left and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_POLL_SECONDS)
        async with stores.database.transaction() as work:
            left = await queries.active_executions(work.session, tenant_id)
    return left


def demand_person(identity: Identity) -> UUID:
    """Only a person may delete a tenant: a key that was lost must not cost a team everything.

    Raises:
        Forbidden: a key is asking.
    """
    return identity.sign_in


def confirm(tenant: TenantDetail, word: str) -> None:
    """Check that whoever deletes a tenant knows which.

    Raises:
        InvalidInput: the word is not its slug.
    """
    if word != tenant.slug:
        message = f"To delete this tenant, confirm with its short name, {tenant.slug}."
        error = FieldError(("query", "confirm"), "not_confirmed", message)
        raise InvalidInput(message, code="not_confirmed", errors=(error,))


async def delete(session: AsyncSession, stores: Stores, tenant_id: UUID) -> None:
    """Remove a tenant's documents, and it from the database: its schema and role, its rows, and people who
    belong nowhere else. Its executions must have been stopped. Nothing can bring it back.

    Raises:
        DocumentsUnavailable: the tenant is still there, and can be deleted again.
    """
    if stores.documents.outside:
        # First: while the tenant is there, whatever comes in between, this can be asked for again.
        async with outside(session):
            await stores.documents.drop(TenantScope(tenant_id))
    # Its audit log goes with it, so nothing can be noted there.
    drop_trail(session)
    await tenant_row.delete(session, tenant_id)
    # The end of what it deleted is due as well.
    await due_work.drop_all(session, tenant_id)
    await drop_schema(session, TenantScope(tenant_id).schema)


async def forget(stores: Stores, tenant_id: UUID) -> None:
    """Remove what Redis has of a deleted tenant, rows that outlive it and what workers wrote while it was
    deleted, and make sure that nothing is left anywhere. It can be repeated.

    Raises:
        Conflict: something is left, or may be; the message says what.
    """
    async with stores.database.transaction() as work:
        await queries.delete_leftovers(work.session, tenant_id)
    pattern = f"{TenantScope(tenant_id).key()}:*"
    found = cast("AsyncIterator[Any]", stores.redis.scan_iter(match=pattern, count=_REDIS_BATCH))
    names = [name async for name in found]
    for start in range(0, len(names), _REDIS_BATCH):
        await stores.redis.unlink(*names[start : start + _REDIS_BATCH])
    again = f" Ask an operator to repeat it: watchbill tenants delete {tenant_id} --confirm {tenant_id}"
    try:
        await stores.documents.drop(TenantScope(tenant_id))
        left = await remains(stores, tenant_id)
    except DocumentsUnavailable as error:
        text = "The tenant is deleted, but its documents may be left: their store does not answer."
        raise Conflict(f"{text}{again}", code="not_empty") from error
    if left:
        raise Conflict(f"Not everything could be deleted: {', '.join(left)}.{again}", code="not_empty")


async def remains(stores: Stores, tenant_id: UUID) -> Sequence[str]:
    """What is left of a deleted tenant, in every store."""
    scope = TenantScope(tenant_id)
    async with stores.database.transaction() as work:
        left = await queries.remains(work.session, tenant_id, scope.schema)
    pattern = f"{scope.key()}:*"
    found = cast("AsyncIterator[Any]", stores.redis.scan_iter(match=pattern, count=_REDIS_BATCH))
    async for name in found:
        left.append(f"Redis key {name!r}")
    return [*left, *await stores.documents.remains(scope)]
