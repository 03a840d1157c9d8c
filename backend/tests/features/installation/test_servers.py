"""The embedded PostgreSQL and Valkey: started, found again, stopped, started again with their data."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio as redis
from redis.exceptions import AuthenticationError

from watchbill.embedded.servers import ServerFailed, start_postgres, start_valkey, stop


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other system users may pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="watchbill-servers-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


async def run(url: str, statement: str):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_postgres_keeps_its_data(folder: Path):
    first = start_postgres(folder / "pg", durable=False)
    try:
        assert first.running
        assert start_postgres(folder / "pg", durable=False) == first
        await run(first.url, "CREATE TABLE kept (n int)")
        await run(first.url, "INSERT INTO kept VALUES (7)")
    finally:
        stop(first)
    assert not first.running
    second = start_postgres(folder / "pg", durable=False)
    try:
        assert await run(second.url, "SELECT n FROM kept") == 7
        # Case folding must not depend on the machine's locale.
        assert await run(second.url, "SELECT lower('ÄÖ')") == "äö"
    finally:
        stop(second)
    stop(second)


async def test_a_long_path_is_no_obstacle(folder: Path):
    server = start_postgres(folder / ("x" * 100) / "pg", durable=False)
    try:
        assert await run(server.url, "SELECT 1") == 1
    finally:
        stop(server)
        shutil.rmtree(server.url.partition("host=")[2])


async def test_valkey_wants_its_password(folder: Path):
    server = start_valkey(folder / "valkey")
    try:
        assert start_valkey(folder / "valkey") == server
        async with redis.from_url(server.url) as client:
            assert await client.ping()
        stranger = redis.Redis(port=int(server.url.rpartition(":")[2].partition("/")[0]))
        with pytest.raises(AuthenticationError):
            await stranger.ping()
        await stranger.aclose()
        assert (folder / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
    finally:
        stop(server)
    assert not server.running


def test_a_server_that_cannot_start_shows_why(folder: Path):
    (folder / "pg" / "data").mkdir(parents=True)
    (folder / "pg" / "data" / "PG_VERSION").write_text("3")
    with pytest.raises(ServerFailed, match="PostgreSQL"):
        start_postgres(folder / "pg", durable=False)
