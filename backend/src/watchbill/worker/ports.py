"""Opens everything outside of itself that a worker works with, and closes it in turn."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import redis.asyncio as redis

from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.crewai import CrewAiRunner
from watchbill.adapters.documents import open_documents
from watchbill.adapters.http import AiohttpClient
from watchbill.adapters.journal import PostgresJournal
from watchbill.adapters.models import CoolDown, LiteLlmGateway, Sizes
from watchbill.adapters.redis import RedisLive
from watchbill.adapters.sandbox.policy import PolicySandbox
from watchbill.adapters.sandbox.wasm.sandbox import WasmSandbox
from watchbill.config import Settings
from watchbill.core.ports import NodePorts, Ports
from watchbill.engine.recorded_ports import RecordedLlm
from watchbill.engine.stored_exchanges import ProviderKeys
from watchbill.features.providers.directory import StoredProviders
from watchbill.features.providers.known import KnownProviders
from watchbill.features.tools.running import StoredTools, Trials
from watchbill.kit.database.pool import open_pool
from watchbill.kit.database.transactions import Database
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut
from watchbill.kit.process.supervision import Supervisor


@dataclass(frozen=True, slots=True)
class Opened:
    """The engine's ports, and what the other loops of a worker use beside them."""

    ports: Ports
    journal: PostgresJournal
    live: RedisLive
    compute: ProcessPool
    gateway: LiteLlmGateway
    crews: CrewAiRunner
    database: Database
    redis: redis.Redis
    providers: StoredProviders
    known: KnownProviders
    cooling: CoolDown
    trials: Trials
    sandbox: PolicySandbox


@asynccontextmanager
async def open_ports(
    settings: Settings,
    supervisor: Supervisor,
    *,
    database_url: str,
    redis_url: str,
    own: OwnServices,
    tell_of_cooling: Callable[[UUID, float], None],
) -> AsyncGenerator[Opened]:
    """Everything is closed at the end of the block, the last first; the engine has stopped by then.

    Args:
        own: knows the services of the installation.
        tell_of_cooling: is told of a provider that is left alone, and for how many seconds.

    Raises:
        OSError, asyncpg.PostgresError: the database cannot be reached.
    """
    pool = await open_pool(
        database_url,
        name="watchbill-worker",
        least=1,
        most=settings.database_pool_size,
        pgbouncer=settings.database_pgbouncer,
    )
    database = Database(database_url, pgbouncer=settings.database_pgbouncer, pool_size=4)
    connections = redis.BlockingConnectionPool.from_url(
        redis_url, max_connections=16, timeout=5, socket_timeout=20, socket_connect_timeout=5
    )
    client = redis.Redis(connection_pool=connections)
    documents = open_documents(
        settings.mongo_url.get_secret_value() if settings.mongo_url else None, pool, own
    )
    live = RedisLive(client, supervisor)
    journal = PostgresJournal(pool, running_limit=settings.running_limit_tenant)

    compute = ProcessPool(processes=settings.compute_processes)
    way = WayOut(UrlGuard(settings.private_hosts, own=own), settings.proxy)
    providers = StoredProviders.from_settings(database, settings)
    known, cooling = KnownProviders(providers), CoolDown(tell=tell_of_cooling)
    keys = ProviderKeys(known)
    sizes = Sizes(text=settings.llm_answer_characters)
    gateway = LiteLlmGateway(keys, compute, sizes=sizes, cooling=cooling, way=way)
    llm = RecordedLlm(gateway)
    http = AiohttpClient(way)
    wasm = WasmSandbox(settings.data_dir / "sandbox", processes=settings.sandbox_processes)
    sandbox = PolicySandbox(settings.sandbox, wasm, memory_mb=settings.sandbox_memory_mb)
    tools = StoredTools(database, sandbox, http, compute)
    crews = CrewAiRunner(llm, compute, tools, storage=settings.data_dir / "crewai")

    ports = Ports(journal, documents, live, compute, NodePorts(llm, crews, http, tools), keys.of)
    try:
        yield Opened(
            ports,
            journal,
            live,
            compute,
            gateway,
            crews,
            database,
            client,
            providers,
            known,
            cooling,
            Trials(tools),
            sandbox,
        )
    finally:
        crews.close()
        await gateway.close()
        await http.close()
        await sandbox.close()
        await compute.close()
        await client.aclose()
        await database.close()
        await documents.close()
        await pool.close()
