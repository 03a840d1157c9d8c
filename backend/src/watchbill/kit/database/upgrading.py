"""Brings the public schema up to date, and then every tenant's: several at a time, each in a transaction of
its own, so that an interruption loses nothing and a broken tenant stops nobody else."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from watchbill.kit.database.migrations import upgrade
from watchbill.kit.database.revisions import head
from watchbill.kit.database.roles import schema_of, secure_public, secure_schema
from watchbill.kit.database.transactions import Database

log = structlog.stdlib.get_logger("watchbill.migrations")

# Any number will do, as long as nobody else locks it.
_LOCK = 7_236_401_958
# With fewer tenants behind, a second process would still be starting when the first is done.
_WORTH_A_PROCESS = 40
_LONGEST_ERROR = 2000
# A tenant that failed this time is left for the next one.
_BEHIND = """
FROM public.tenants AS t WHERE schema_revision <> :head AND NOT EXISTS (
  SELECT FROM public.migration_failures AS f WHERE f.tenant_id = t.id AND f.failed_at >= :since)
"""
_NEXT = f"SELECT id {_BEHIND} ORDER BY id LIMIT 1 FOR UPDATE OF t"
_DONE = "UPDATE public.tenants SET schema_revision = :head WHERE id = :id"
_FAILED = """
INSERT INTO public.migration_failures (tenant_id, revision, error) VALUES (:id, :head, :error)
ON CONFLICT (tenant_id) DO UPDATE
   SET revision = excluded.revision, error = excluded.error, failed_at = clock_timestamp()
"""


@dataclass(slots=True)
class Migrated:
    """What an upgrade did: how many tenants it upgraded, and what went wrong with which."""

    upgraded: int = 0
    failed: dict[UUID, str] = field(default_factory=dict[UUID, str])

    def add(self, other: Migrated) -> None:
        """Count another process's part."""
        self.upgraded += other.upgraded
        self.failed |= other.failed


@dataclass(frozen=True, slots=True)
class Source:
    """A database as another process can open it. `folder` has other migrations than Watchbill's own."""

    url: str
    pgbouncer: bool = False
    folder: Path | None = None


async def migrate(
    database: Database, *, source: Source | None = None, processes: int | None = None
) -> Migrated:
    """Bring every schema up to date. Several may do this at once, and share the tenants between them.

    Args:
        source: lets further processes take part when many tenants are behind.
        processes: how many at most, this one included; as many as there are cores when it is None.
    """
    folder = source.folder if source else None
    async with database.engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await upgrade(connection, "public", "public", folder)
        await secure_public(connection)
        since: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        values = {"head": head("tenant", folder), "since": since}
        behind = (await connection.execute(text(f"SELECT count(*) {_BEHIND}"), values)).scalar_one()
    helpers = min(processes or os.cpu_count() or 1, behind // _WORTH_A_PROCESS) - 1
    if source is None or helpers < 1:
        return await _share(database, since, folder)
    # Alembic keeps the migration under way in module globals: processes, not threads. Fresh interpreters,
    # since forked ones would share this one's connections.
    with ProcessPoolExecutor(helpers, mp_context=get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        parts = [loop.run_in_executor(pool, _help, source, since) for _ in range(helpers)]
        result = await _share(database, since, folder)
        for part in await asyncio.gather(*parts):
            result.add(part)
    return result


def _help(source: Source, since: datetime) -> Migrated:
    async def take_part() -> Migrated:
        database = Database(source.url, pgbouncer=source.pgbouncer, pool_size=1)
        try:
            return await _share(database, since, source.folder)
        finally:
            await database.close()

    return asyncio.run(take_part())


async def _share(database: Database, since: datetime, folder: Path | None) -> Migrated:
    """Upgrade one tenant after the other until none is left that is behind."""
    result = Migrated()
    # First what nobody else is at, then what others are still at.
    for find in (f"{_NEXT} SKIP LOCKED", _NEXT):
        while await _next(database, find, since, folder, result):
            pass
    return result


async def _next(
    database: Database, find: str, since: datetime, folder: Path | None, result: Migrated
) -> bool:
    """Upgrade one tenant's schema; False when there is none to upgrade."""
    values = {"head": head("tenant", folder)}
    tenant_id: UUID | None = None
    try:
        async with database.engine.begin() as connection:
            tenant_id = await connection.scalar(text(find), {**values, "since": since})
            if tenant_id is None:
                return False
            schema = schema_of(tenant_id)
            await upgrade(connection, "tenant", schema, folder)
            await secure_schema(connection, schema)
            await connection.execute(text(_DONE), {**values, "id": tenant_id})
            await connection.execute(
                text("DELETE FROM public.migration_failures WHERE tenant_id = :id"), {"id": tenant_id}
            )
    except Exception as error:
        # Whatever one tenant's data does to a migration, the others must get theirs.
        if tenant_id is None or isinstance(error, OSError) or _lost(error):
            raise
        await _note_failure(database, tenant_id, values["head"], error)
        result.failed[tenant_id] = _in_words(error)
        return True
    result.upgraded += 1
    return True


async def _note_failure(database: Database, tenant_id: UUID, revision: str, error: Exception) -> None:
    log.error("tenant_not_migrated", tenant_id=str(tenant_id), revision=revision, exc_info=error)
    async with database.engine.begin() as connection:
        values = {"id": tenant_id, "head": revision, "error": _in_words(error)}
        await connection.execute(text(_FAILED), values)


def _in_words(error: Exception) -> str:
    """What the database said; without the statement, which stands in the log."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return (str(cause) or type(error).__name__)[:_LONGEST_ERROR]


def _lost(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
