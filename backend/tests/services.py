"""One PostgreSQL and one Valkey for all processes of a test run, and a database for each."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil

from watchbill.embedded.servers import Server, start_postgres, start_valkey, stop
from watchbill.features.tables import MODULES
from watchbill.kit.database.transactions import Database
from watchbill.kit.database.upgrading import migrate

_TEMPLATE = "template_watchbill"
assert MODULES
# Servers that this process started and left to others, and the folder that tells who uses them.
_left: list[tuple[Path, Server]] = []


@dataclass(frozen=True)
class Services:
    """Where this process finds its own database, and its own numbered part of Valkey."""

    database_url: str
    redis_url: str


@contextmanager
def services(worker: str, run: str) -> Iterator[Services]:
    """Start the servers, or join those that another process of this run started; the last one out stops them.

    They do not live under pytest's own temporary folder: pytest closes that to other users at every start,
    and PostgreSQL runs as another user when the tests run as root.
    """
    _sweep()
    folder = Path(tempfile.gettempdir()) / f"watchbill-tests-{run}"
    folder.mkdir(mode=0o711, exist_ok=True)
    with _locked(folder):
        postgres, valkey = _start(folder)
        _join(folder)
        asyncio.run(_create_database(postgres.url, worker))
    number = int(worker.removeprefix("gw")) if worker.startswith("gw") else 0
    try:
        yield Services(
            postgres.url.replace("/watchbill?", f"/test_{worker}?"),
            valkey.url.removesuffix("/0") + f"/{number}",
        )
    finally:
        with _locked(folder):
            last = _leave(folder)
            if last:
                for server in (postgres, valkey):
                    stop(server)
        if last:
            shutil.rmtree(folder)
            _lock_file(folder).unlink()
        else:
            children = {child.pid for child in psutil.Process().children()}
            _left.extend((folder, server) for server in (postgres, valkey) if server.pid in children)


def outlive_servers() -> None:
    """Wait for the end of servers that this process started and others still use: only a parent learns how
    its children ended, and leaving before them is a mistake that Python warns of."""
    for folder, server in _left:
        while server.running and not _abandoned(folder):
            # The others are no children of this process: it can only look whether they are still there.
            time.sleep(0.05)
        stop(server)


def _sweep() -> None:
    """Stop the servers of runs that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob("watchbill-tests-*[0-9a-f]"):
        if not _abandoned(folder):
            continue
        pids = folder / "pids"
        for pid in map(int, pids.read_text().split() if pids.exists() else ()):
            if psutil.pid_exists(pid) and psutil.Process(pid).name() in ("postgres", "valkey-server"):
                stop(Server(pid, ""))
        shutil.rmtree(folder, ignore_errors=True)
        _lock_file(folder).unlink(missing_ok=True)


def _abandoned(folder: Path) -> bool:
    """Whether all who used it died without leaving. Without any user a run is about to begin or to end."""
    users = list((folder / "users").glob("*"))
    return bool(users) and not any(psutil.pid_exists(int(user.name)) for user in users)


def _start(folder: Path) -> tuple[Server, Server]:
    binaries = os.environ.get("WATCHBILL_TEST_POSTGRES")
    postgres = start_postgres(
        folder / "postgres", durable=False, binaries=Path(binaries) if binaries else None
    )
    valkey = start_valkey(folder / "valkey")
    (folder / "pids").write_text(f"{postgres.pid} {valkey.pid}")
    return postgres, valkey


async def _create_database(url: str, worker: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT 1 FROM pg_database WHERE datname = $1"
        if not await connection.fetchval(query, _TEMPLATE):
            await connection.execute(f"CREATE DATABASE {_TEMPLATE}")
            database = Database(url.replace("/watchbill?", f"/{_TEMPLATE}?"))
            await migrate(database)
            await database.close()
        await connection.execute(f"DROP DATABASE IF EXISTS test_{worker}")
        await connection.execute(f"CREATE DATABASE test_{worker} TEMPLATE {_TEMPLATE}")
    finally:
        await connection.close()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with _lock_file(folder).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.mkdir(mode=0o711, exist_ok=True)
        yield


def _lock_file(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _join(folder: Path) -> None:
    users = folder / "users"
    users.mkdir(exist_ok=True)
    (users / str(os.getpid())).touch()


def _leave(folder: Path) -> bool:
    """Whether nobody else is left; those that died without leaving do not count."""
    users = folder / "users"
    (users / str(os.getpid())).unlink()
    return not any(psutil.pid_exists(int(user.name)) for user in users.iterdir())


@asynccontextmanager
async def fresh_database(url: str) -> AsyncIterator[str]:
    """The URL of an empty database beside another one, dropped at the end of the block."""
    name = f"fresh_{uuid4().hex}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        yield re.sub(r"/\w+\?", f"/{name}?", url)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()
