"""A thousand tenants: making the last one, migrating all of them, and signing in among them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from sqlalchemy import make_url, text

from bench.figures import Figure, percentile
from bench.stack import Stack, extra_api
from watchbill.kit.database.revisions import head
from watchbill.kit.database.transactions import Database
from watchbill.kit.database.upgrading import Source, migrate
from watchbill.kit.process.resources import data_dir

TENANTS = 1000
_AT_ONCE = 4
_SAMPLE = 15
# Enough that a single slow sign-in is not the 95th percentile.
_LOGINS = 100
_PASSWORD = "correct horse battery"
_MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "{before}", None, None
def upgrade():
    op.add_column("flows", sa.Column("extra", sa.String()))
"""


async def measure(stack: Stack) -> list[Figure]:
    """In a database of its own: the other figures are of few tenants."""
    url = make_url(stack.environment["WATCHBILL_DATABASE_URL"])
    mine = url.set(database="tenants").render_as_string(hide_password=False)
    other = Database(url.render_as_string(hide_password=False))
    async with other.engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
            text("CREATE DATABASE tenants")
        )
    await other.close()
    database = Database(mine)
    try:
        await migrate(database)
        # What a hash costs is the same with one tenant and with a thousand, and would hide the rest.
        environment = {**stack.environment, "WATCHBILL_DATABASE_URL": mine, "WATCHBILL_BCRYPT_COST": "4"}
        with extra_api(stack, environment) as api_url:
            figures = await _figures(api_url)
        return [*figures, await _migration(database, mine)]
    finally:
        await database.close()


async def _figures(api_url: str) -> list[Figure]:
    async with aiohttp.ClientSession(api_url, cookie_jar=aiohttp.DummyCookieJar()) as http:
        emails: list[str] = []

        async def register() -> None:
            emails.append(f"{uuid4().hex}@example.com")
            form = {"email": emails[-1], "password": _PASSWORD, "tenant_name": "Bench"}
            await _post(http, "register", form)

        async def login() -> None:
            await _post(http, "login", {"email": emails[0], "password": _PASSWORD})

        early, early_login = await _timed(register), await _timed(login, _LOGINS)
        while len(emails) < TENANTS - _SAMPLE:
            await asyncio.gather(*(register() for _ in range(_AT_ONCE)))
        late, late_login = await _timed(register), await _timed(login, _LOGINS)
    return [
        Figure("registering the 1,000th tenant against the 10th", _middle(late) / _middle(early), "x", 1.5),
        Figure(
            "login p95 with 1,000 tenants against 10",
            percentile(late_login, 95) / percentile(early_login, 95),
            "x",
            1.5,
        ),
        Figure("registering the 1,000th tenant, without the password's hash", _middle(late) * 1000, "ms"),
    ]


async def _migration(database: Database, url: str) -> Figure:
    folder = Path(tempfile.mkdtemp(prefix="watchbill-bench-migrations-"))
    try:
        source = data_dir("migrations")
        if source is None:
            raise FileNotFoundError("migrations")
        shutil.copytree(source, folder, dirs_exist_ok=True)
        (folder / "tenant" / "9999_extra.py").write_text(_MIGRATION.format(before=head("tenant")))
        started = time.perf_counter()
        done = await migrate(database, source=Source(url, folder=folder))
        seconds = time.perf_counter() - started
    finally:
        shutil.rmtree(folder)
    if done.failed or done.upgraded < TENANTS:
        raise RuntimeError(f"only {done.upgraded} tenants were migrated: {done.failed}")
    return Figure("a one-column migration over 1,000 tenants", seconds, "s", 60)


async def _timed(action: Callable[[], Awaitable[Any]], samples: int = _SAMPLE) -> list[float]:
    times: list[float] = []
    for _ in range(samples):
        started = time.perf_counter()
        await action()
        times.append(time.perf_counter() - started)
    return times


def _middle(times: list[float]) -> float:
    return percentile(times, 50)


async def _post(http: aiohttp.ClientSession, path: str, form: dict[str, str]) -> None:
    async with http.post(f"/api/v1/auth/{path}", json=form) as answer:
        answer.raise_for_status()
