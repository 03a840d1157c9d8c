"""The databases and keys of an installation, for its operator: running or not, embedded or not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import typer
from redis.asyncio import Redis

from watchbill.adapters.documents import open_documents
from watchbill.adapters.journal import PostgresJournal
from watchbill.adapters.redis import RedisLive
from watchbill.config import Settings
from watchbill.core.errors import WatchbillError
from watchbill.core.ports.documents import DocumentStore, DocumentsUnavailable
from watchbill.core.ports.journal import Journal
from watchbill.core.ports.live import LiveEvents
from watchbill.embedded.errors import AlreadyRunning, CannotStart
from watchbill.embedded.folder import DataFolder
from watchbill.embedded.servers import Server, start_postgres, start_valkey, stop
from watchbill.kit.database.pool import Connections, open_pool
from watchbill.kit.database.revisions import head, public_revision
from watchbill.kit.database.transactions import Database, DatabaseUnavailable
from watchbill.kit.process.logs import configure_logs
from watchbill.kit.process.supervision import Supervisor
from watchbill.kit.secrets.crypto import BadKeys, KeyRing


@dataclass(frozen=True, slots=True)
class Installation:
    """What a command works on. `restart_needed` says that a Watchbill runs here which does not know the
    newest of the keys yet."""

    database: Database
    redis: Redis
    documents: DocumentStore
    keys: KeyRing
    journal: Journal
    live: LiveEvents
    restart_needed: bool = False


def perform(
    settings: Settings,
    action: Callable[[Installation], Awaitable[int | None]],
    *,
    migrated: bool = True,
) -> int:
    """Open the installation and do it; returns its exit code. What is refused is one sentence, and 1."""
    configure_logs("warning", settings.log_format)

    async def act() -> int:
        async with open_installation(settings, migrated=migrated) as installation:
            return await action(installation) or 0

    try:
        return asyncio.run(act())
    except (WatchbillError, CannotStart, BadKeys, DatabaseUnavailable, DocumentsUnavailable) as error:
        typer.echo(str(error), err=True)
        return 1


@asynccontextmanager
async def open_installation(settings: Settings, *, migrated: bool = True) -> AsyncGenerator[Installation]:
    """Open what the settings name. Embedded servers are found when they run, and else started for as long as
    the command takes; the data directory is locked meanwhile, so that no start comes in between. `migrated`
    insists on the tables of this version.

    Raises:
        CannotStart: the data directory cannot be used, has no Watchbill, or the tables are others.
        ServerFailed: an embedded server does not start.
    """
    with ExitStack() as ending:
        database_url, redis_url, ring = _addresses(settings, ending)
        database = Database(database_url, pgbouncer=settings.database_pgbouncer, pool_size=5)
        redis = Redis.from_url(redis_url)
        pool = await open_pool(
            database_url, name="watchbill-cli", least=0, most=2, pgbouncer=settings.database_pgbouncer
        )
        documents: DocumentStore | None = None
        live = RedisLive(redis, Supervisor())
        try:
            documents = _documents(settings, pool)
            if migrated and await public_revision(database) != head("public"):
                raise CannotStart("The database is not up to date. `watchbill migrate --status` says more.")
            restart_needed = not settings.database_url and _older_than_its_keys(DataFolder(settings.data_dir))
            journal = PostgresJournal(pool)
            yield Installation(database, redis, documents, KeyRing.parse(ring), journal, live, restart_needed)
        finally:
            await live.close()
            await redis.aclose()
            await database.close()
            if documents is not None:
                await documents.close()
            await pool.close()


def _documents(settings: Settings, pool: Connections) -> DocumentStore:
    try:
        return open_documents(settings.mongo_url.get_secret_value() if settings.mongo_url else None, pool)
    except ValueError as error:
        raise CannotStart(str(error)) from error


def _addresses(settings: Settings, ending: ExitStack) -> tuple[str, str, str]:
    ring = settings.encryption_keys.get_secret_value()
    if settings.database_url and settings.redis_url:
        return settings.database_url.get_secret_value(), settings.redis_url.get_secret_value(), ring
    folder = DataFolder(settings.data_dir)
    _demand_data(folder, folder.path if settings.database_url else folder.postgres)
    try:
        ending.callback(os.close, folder.lock())
        running = False
    except AlreadyRunning:
        running = True
    if "encryption_keys" not in settings.model_fields_set:
        ring = folder.secrets()[0]["encryption_keys"]

    def address(server: Server) -> str:
        if not running:
            ending.callback(stop, server)
        return server.url

    given_database, given_redis = settings.database_url, settings.redis_url
    return (
        given_database.get_secret_value() if given_database else address(start_postgres(folder.postgres)),
        given_redis.get_secret_value() if given_redis else address(start_valkey(folder.valkey)),
        ring,
    )


def _demand_data(folder: DataFolder, needed: Path) -> None:
    """Refuse a directory that was only mistyped, rather than begin an installation there."""
    if not needed.exists():
        raise CannotStart(
            f"There is no Watchbill in {folder.path};"
            " name its data directory with --data-dir or WATCHBILL_DATA_DIR."
        )


def _older_than_its_keys(folder: DataFolder) -> bool:
    """Whether the Watchbill that runs on the folder started before the keys there were changed."""
    holder = folder.holder()
    if holder is None or holder.pid == os.getpid() or not psutil.pid_exists(holder.pid):
        return False
    return psutil.Process(holder.pid).create_time() < folder.secrets_changed_at()
