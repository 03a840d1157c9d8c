"""Alembic as it is used here: two branches of revisions, run on one schema at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from watchbill.kit.revisions import Branch, migrations_folder

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
