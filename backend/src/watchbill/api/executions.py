"""Opens what the execution routes work with: journal, documents, live events and the way to workers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from watchbill.adapters.celery.app import celery_app
from watchbill.adapters.celery.hints import CeleryHints
from watchbill.adapters.documents import open_documents
from watchbill.adapters.journal import PostgresJournal
from watchbill.adapters.redis import Doorbells, Endings, RedisLive, RedisLiveReader
from watchbill.core.ports.compute import Compute
from watchbill.features.executions.history import History
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.identity.aside import Aside
from watchbill.kit.database.pool import open_pool
from watchbill.kit.database.transactions import Database
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.process.supervision import Supervisor
from watchbill.nodes.registry import NODE_TYPES


@asynccontextmanager
async def open_executions(
    *,
    database: Database,
    database_url: str,
    mongo_url: str | None,
    pgbouncer: bool,
    redis: Redis,
    redis_url: str,
    own: OwnServices,
    running_limit: int,
    compute: Compute,
    aside: Aside,
    supervisor: Supervisor,
) -> AsyncGenerator[ExecutionPorts]:
    """The ports, closed at the end of the block."""
    pool = await open_pool(database_url, name="watchbill-api", least=0, most=8, pgbouncer=pgbouncer)
    documents = open_documents(mongo_url, pool, own)
    doorbells, endings = Doorbells(redis, supervisor), Endings(redis, supervisor)
    publisher = RedisLive(redis, supervisor)
    hints = CeleryHints(celery_app(redis_url), redis)
    try:
        yield ExecutionPorts(
            journal=PostgresJournal(pool, running_limit=running_limit),
            history=History(database, documents),
            documents=documents,
            live=RedisLiveReader(redis, doorbells, endings),
            publisher=publisher,
            hints=hints,
            compute=compute,
            types=NODE_TYPES,
            aside=aside,
            running_limit=running_limit,
        )
    finally:
        await publisher.close()
        await hints.close()
        await endings.close()
        await doorbells.close()
        await documents.close()
        await pool.close()
