"""The database's schema, from the command line: bring it up to date, or wait until somebody has."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import typer

from watchbill.config import Settings
from watchbill.kit.database.revisions import current, head, public_revision, status
from watchbill.kit.database.transactions import Database
from watchbill.kit.process.lazy_imports import late
from watchbill.kit.process.terminal import printable

# Who only asks whether something is behind needs no Alembic.
if TYPE_CHECKING:
    from watchbill.kit.database import upgrading
    from watchbill.kit.database.upgrading import Migrated
else:
    upgrading = late("watchbill.kit.database.upgrading")

_POLL_SECONDS = 0.1
_CURE = "`watchbill migrate`, or the next `watchbill up`, brings it up to date."


async def bring_up_to_date(settings: Settings) -> Migrated:
    """Migrate. Several processes may do it at the same time."""
    async with open_database(settings) as database:
        url = settings.database_url.get_secret_value() if settings.database_url else ""
        return await upgrading.migrate(database, source=upgrading.Source(url, settings.database_pgbouncer))


def bring_up_to_date_elsewhere(settings: Settings) -> None:
    """Migrate, if anything is behind, in a process of its own: what a migration loads never leaves memory.

    A tenant that could not be brought up to date is noted, and refused until somebody has dealt with it.

    Raises:
        typer.Exit: the database itself could not be brought up to date; the other process has said why.
    """
    if not asyncio.run(_is_behind(settings)):
        return
    done = subprocess.run([sys.executable, "-m", "watchbill.cli", "migrate"], check=False)
    if done.returncode and not asyncio.run(_can_serve(settings)):
        raise typer.Exit(1)


async def report_named(settings: Settings) -> int:
    """What `report` does, of the database that the settings name."""
    async with open_database(settings) as database:
        return await report(database)


async def report(database: Database) -> int:
    """Print what is behind; returns the exit code, 0 when nothing is."""
    public = await public_revision(database)
    if public is None:
        typer.echo(f"The database has no tables yet. {_CURE}")
        return 1
    behind = await status(database)
    if public == head("public") and not behind:
        typer.echo(f"Everything is up to date: public {head('public')}, tenants {head('tenant')}.")
        return 0
    for tenant_id, name, revision, error in behind:
        line = f"{tenant_id}  {revision} -> {head('tenant')}  {name}{f': {error}' if error else ''}"
        typer.echo(printable(line))
    shared = "" if public == head("public") else f"The public schema ({public} -> {head('public')}) and "
    typer.echo(f"{shared}{len(behind)} tenants are not up to date. {_CURE}")
    return 1


async def until_up_to_date(settings: Settings) -> None:
    """Wait until another process has migrated."""
    async with open_database(settings) as database:
        while not await current(database):  # noqa: ASYNC110 (a migration rings no bell)
            await asyncio.sleep(_POLL_SECONDS)


async def _is_behind(settings: Settings) -> bool:
    async with open_database(settings) as database:
        return not await current(database) or bool(await status(database))


async def _can_serve(settings: Settings) -> bool:
    async with open_database(settings) as database:
        return await current(database)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncGenerator[Database]:
    """The database that the settings name."""
    if settings.database_url is None:
        raise ValueError("WATCHBILL_DATABASE_URL is not set.")
    url = settings.database_url.get_secret_value()
    database = Database(url, pgbouncer=settings.database_pgbouncer, pool_size=5)
    try:
        yield database
    finally:
        await database.close()
