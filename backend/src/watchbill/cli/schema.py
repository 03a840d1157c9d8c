"""The database's schema, from the command line: bring it up to date, or wait until somebody has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from watchbill.config import Settings
from watchbill.kit.db import Database
from watchbill.kit.migrations import current, migrate

_POLL_SECONDS = 0.1


async def bring_up_to_date(settings: Settings) -> int:
    """Migrate; returns how many tenants were behind. Several processes may do it at the same time."""
    async with _database(settings) as database:
        return await migrate(database)


async def until_up_to_date(settings: Settings) -> None:
    """Wait until another process has migrated."""
    async with _database(settings) as database:
        while not await current(database):  # noqa: ASYNC110 (a migration rings no bell)
            await asyncio.sleep(_POLL_SECONDS)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[Database]:
    if settings.database_url is None:
        raise ValueError("WATCHBILL_DATABASE_URL is not set.")
    url = settings.database_url.get_secret_value()
    database = Database(url, pgbouncer=settings.database_pgbouncer, pool_size=5)
    try:
        yield database
    finally:
        await database.close()
