"""Alembic as it is used here: two branches of revisions, run on one schema at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from watchbill.kit.database.revisions import Branch, migrations_folder

_one_at_a_time = asyncio.Lock()


def alembic_config(branch: Branch, folder: Path | None = None, **attributes: Any) -> Config:
    """Alembic's configuration for one branch. Without a `connection` it can only read the files. `folder` has
    other migrations than Watchbill's own."""
    folder = folder or migrations_folder()
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
        sync.execute(text("SELECT set_config('search_path', :schema, true)"), {"schema": schema})
        context = MigrationContext.configure(sync, opts={"version_table_schema": schema})
        at = context.get_current_revision() or "base"
        # alembic.command.upgrade would read all revisions again for each schema.
        with Operations.context(context):
            for revision in reversed(list(directory.iterate_revisions("head", at))):
                revision.module.upgrade()
        context.stamp(directory, "head")

    async with _one_at_a_time:
        await connection.run_sync(act)
