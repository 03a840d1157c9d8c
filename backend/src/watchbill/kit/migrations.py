"""Migrations: the public schema first, then every tenant's, each schema in a transaction of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from watchbill.kit.db import Database, enter_schema
from watchbill.kit.resources import data_dir

Branch = Literal["public", "tenant"]
# Any number will do, as long as nobody else locks it.
_LOCK = 7_236_401_958
_PARALLEL = 4


class MigrationsMissing(RuntimeError):
    """The migration files are neither in the package nor in the checkout; the installation is broken."""


def alembic_config(branch: Branch, **attributes: Any) -> Config:
    """Alembic's configuration for one branch. Without a `connection` it can only read the files."""
    folder = data_dir("migrations")
    if folder is None:
        raise MigrationsMissing(MigrationsMissing.__doc__)
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("version_locations", str(folder / branch).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(attributes, branch=branch)
    return config


@lru_cache
def head(branch: Branch) -> str:
    """The newest revision of a branch."""
    revision = ScriptDirectory.from_config(alembic_config(branch)).get_current_head()
    if revision is None:
        raise MigrationsMissing(MigrationsMissing.__doc__)
    return revision


async def migrate(database: Database) -> int:
    """Bring the public schema and every tenant's up to date; returns how many tenant schemas were behind.

    Whoever comes second waits for the first and finds nothing to do. After an interruption it goes on
    where it stopped.
    """
    async with database.engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.execute(text("SELECT set_config('search_path', 'public', true)"))
        await connection.run_sync(upgrade, "public", "public")
    tenants = await _behind(database.engine)
    gate = asyncio.Semaphore(_PARALLEL)

    async def one(tenant_id: UUID) -> None:
        async with gate:
            await _migrate_tenant(database, tenant_id)

    async with asyncio.TaskGroup() as group:
        for tenant_id in tenants:
            group.create_task(one(tenant_id))
    return len(tenants)


def upgrade(connection: Connection, branch: Branch, schema: str) -> None:
    """Upgrade one schema on this connection, inside its transaction."""
    command.upgrade(alembic_config(branch, connection=connection, schema=schema), "head")


async def stamp(session: AsyncSession, schema: str) -> None:
    """Note in a tenant schema that was just made from the tables that no migration is missing there."""
    await session.execute(
        text(
            f'CREATE TABLE "{schema}".alembic_version'
            " (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)"
        )
    )
    await session.execute(
        text(f'INSERT INTO "{schema}".alembic_version VALUES (:revision)'),  # noqa: S608 (our own name)
        {"revision": head("tenant")},
    )


async def current(database: Database) -> bool:
    """Whether the public schema and every tenant's are at the newest revision."""
    async with database.engine.connect() as connection:
        known = await connection.scalar(text("SELECT to_regclass('public.alembic_version') IS NOT NULL"))
        if not known:
            return False
        revision = await connection.scalar(text("SELECT version_num FROM public.alembic_version"))
    return revision == head("public") and not await _behind(database.engine, limit=1)


async def _behind(engine: AsyncEngine, limit: int | None = None) -> Sequence[UUID]:
    query = text("SELECT id FROM public.tenants WHERE schema_revision <> :head ORDER BY id LIMIT :limit")
    async with engine.connect() as connection:
        return (await connection.scalars(query, {"head": head("tenant"), "limit": limit})).all()


async def _migrate_tenant(database: Database, tenant_id: UUID) -> None:
    schema = f"tenant_{tenant_id.hex}"
    async with AsyncSession(database.engine) as session, session.begin():
        # The row lock makes a second migration of the same tenant wait.
        await session.execute(
            text("SELECT 1 FROM public.tenants WHERE id = :id FOR UPDATE"), {"id": tenant_id}
        )
        await enter_schema(session, schema)
        connection = await session.connection()
        await connection.run_sync(upgrade, "tenant", schema)
        await session.execute(
            text("UPDATE public.tenants SET schema_revision = :head WHERE id = :id"),
            {"head": head("tenant"), "id": tenant_id},
        )
