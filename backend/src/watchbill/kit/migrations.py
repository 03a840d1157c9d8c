"""Alembic as it is used here: two branches of revisions, run on one schema at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from watchbill.kit.db import Database
from watchbill.kit.resources import data_dir

Branch = Literal["public", "tenant"]
_SOME_BEHIND = """
SELECT EXISTS (
  SELECT FROM public.tenants AS t WHERE schema_revision <> :head AND NOT EXISTS (
    SELECT FROM public.migration_failures AS f WHERE f.tenant_id = t.id AND f.revision = :head))
"""
_one_at_a_time = asyncio.Lock()


class MigrationsMissing(RuntimeError):
    """The migration files are neither in the package nor in the checkout; the installation is broken."""


def alembic_config(branch: Branch, folder: Path | None = None, **attributes: Any) -> Config:
    """Alembic's configuration for one branch. Without a `connection` it can only read the files. `folder` has
    other migrations than Watchbill's own."""
    folder = folder or data_dir("migrations")
    if folder is None:
        raise MigrationsMissing(MigrationsMissing.__doc__)
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("version_locations", str(folder / branch).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(attributes, branch=branch)
    return config


@lru_cache
def scripts(branch: Branch, folder: Path | None = None) -> ScriptDirectory:
    """The revisions of a branch, read once: to read them for each of many tenants takes longer than to run
    them."""
    return ScriptDirectory.from_config(alembic_config(branch, folder))


@lru_cache
def head(branch: Branch, folder: Path | None = None) -> str:
    """The newest revision of a branch."""
    revision = scripts(branch, folder).get_current_head()
    if revision is None:
        raise MigrationsMissing(MigrationsMissing.__doc__)
    return revision


async def run(
    connection: AsyncConnection, action: Callable[..., object], branch: Branch, schema: str, *args: object
) -> None:
    """Run one of alembic.command's functions on a schema, inside the connection's transaction."""

    def act(sync: Connection) -> None:
        action(alembic_config(branch, connection=sync, schema=schema), *args)

    # Alembic keeps the migration under way in module globals, so a process runs one at a time.
    async with _one_at_a_time:
        await connection.run_sync(act)


async def upgrade(
    connection: AsyncConnection, branch: Branch, schema: str, folder: Path | None = None
) -> None:
    """Bring one schema to the newest revision, inside the connection's transaction."""
    directory = scripts(branch, folder)

    def act(sync: Connection) -> None:
        config = alembic_config(branch, folder, connection=sync, schema=schema, compare=False)
        # As alembic.command.upgrade does, but with revisions that are read already.
        with EnvironmentContext(
            config,
            directory,
            fn=lambda revision, _context: directory._upgrade_revs("head", revision),  # pyright: ignore
            destination_rev="head",
        ):
            directory.run_env()

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
    """Whether the public schema and every tenant's are at the newest revision. A tenant whose migration
    failed does not count: it is refused until somebody has dealt with it, and the others are served."""
    async with database.engine.connect() as connection:
        known = await connection.scalar(text("SELECT to_regclass('public.alembic_version') IS NOT NULL"))
        if not known:
            return False
        revision = await connection.scalar(text("SELECT version_num FROM public.alembic_version"))
        if revision != head("public"):
            return False
        return not await connection.scalar(text(_SOME_BEHIND), {"head": head("tenant")})
