"""Migrations: the public schema first, then every tenant's, each schema in a transaction of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from watchbill.kit.db import Database
from watchbill.kit.resources import data_dir
from watchbill.kit.roles import secure_public, secure_schema

Branch = Literal["public", "tenant"]
# Any number will do, as long as nobody else locks it.
_LOCK = 7_236_401_958
_BEHIND = "SELECT id FROM public.tenants WHERE schema_revision <> :head ORDER BY id LIMIT 1 FOR UPDATE"
_one_at_a_time = asyncio.Lock()


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
    """Bring the public schema and every tenant's up to date; returns how many tenant schemas this call
    upgraded. Several processes share the tenants between them, and after an interruption the next call goes
    on where the last one stopped. It returns when no schema is behind."""
    async with database.engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await run(connection, command.upgrade, "public", "public", "head")
        await secure_public(connection)
    upgraded = 0
    # First what nobody else is at, then what others are still at.
    for find in (f"{_BEHIND} SKIP LOCKED", _BEHIND):
        while await _migrate_one(database, find):
            upgraded += 1
    return upgraded


async def run(
    connection: AsyncConnection, action: Callable[..., object], branch: Branch, schema: str, *args: object
) -> None:
    """Run one of alembic.command's functions on a schema, inside the connection's transaction."""

    def act(sync: Connection) -> None:
        action(alembic_config(branch, connection=sync, schema=schema), *args)

    # Alembic keeps the migration under way in module globals, so a process runs one at a time.
    async with _one_at_a_time:
        await connection.run_sync(act)


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
        if revision != head("public"):
            return False
        behind = text("SELECT EXISTS (SELECT FROM public.tenants WHERE schema_revision <> :head)")
        return not await connection.scalar(behind, {"head": head("tenant")})


async def _migrate_one(database: Database, find: str) -> bool:
    """Upgrade one tenant's schema that is behind; False when there is none."""
    newest = {"head": head("tenant")}
    async with database.engine.begin() as connection:
        tenant_id: UUID | None = await connection.scalar(text(find), newest)
        if tenant_id is None:
            return False
        await run(connection, command.upgrade, "tenant", f"tenant_{tenant_id.hex}", "head")
        await secure_schema(connection, f"tenant_{tenant_id.hex}")
        note = text("UPDATE public.tenants SET schema_revision = :head WHERE id = :id")
        await connection.execute(note, {**newest, "id": tenant_id})
        return True
