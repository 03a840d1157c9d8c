"""The worker's event loop: the engine, the gateways and the connections they share."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import redis.asyncio as redis
import structlog
from aiohttp import web

from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.crewai import CrewAiRunner
from watchbill.adapters.documents import open_documents
from watchbill.adapters.http import AiohttpClient
from watchbill.adapters.journal import PostgresJournal
from watchbill.adapters.litellm import CoolDown, LiteLlmGateway, Sizes
from watchbill.adapters.mail import open_mail
from watchbill.adapters.redis import ControlListener, RedisLive, Verb, announce
from watchbill.config import Settings
from watchbill.core.tenancy import TenantScope
from watchbill.engine.attempt import Services
from watchbill.engine.engine import Engine
from watchbill.engine.exchanges import KnownKeys
from watchbill.engine.recording import RecordedLlm
from watchbill.engine.settings import EngineSettings
from watchbill.features.approvals.mails import QuestionMails
from watchbill.features.identity.mail_limits import MailLimits
from watchbill.features.notifications.addresses import AddressMails
from watchbill.features.notifications.ends import Ends
from watchbill.features.notifications.notifier import Notifier, Outlets
from watchbill.features.providers.directory import StoredProviders
from watchbill.features.providers.known import KnownProviders
from watchbill.features.tenants.cleaning import Cleaner
from watchbill.features.triggers.scheduler import Scheduler
from watchbill.kit.crypto import KeyRing
from watchbill.kit.db import Database
from watchbill.kit.due_work import DueWork, Kind
from watchbill.kit.loops import new_event_loop
from watchbill.kit.outbound import WayOut
from watchbill.kit.own_services import OwnServices
from watchbill.kit.pool import open_pool
from watchbill.kit.ssrf import UrlGuard
from watchbill.kit.supervision import Supervisor, Work, end
from watchbill.nodes.registry import NODE_TYPES
from watchbill.worker.health import WorkerHealth
from watchbill.worker.hints import NearHints
from watchbill.worker.owners import release_the_dead, this_owner

logger = structlog.get_logger(__name__)

REPLY_SECONDS = 60
# Longer than anything that a loop waits for.
_STUCK_SECONDS = 120.0
# So long a provider is left alone that another worker told of.
COOL_SECONDS = 15.0


class Runtime:
    """Everything of a worker that runs on its one event loop, in a thread of its own: Celery keeps the main
    thread. The methods named `hint` and `test_provider` may be called from any thread.


    Args:
        own: knows the services of the installation.
        health: the port or the socket where it tells how it is; None for nowhere.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        database_url: str,
        redis_url: str,
        own: OwnServices,
        health: int | socket.socket | None = None,
    ):
        self._settings = settings
        self._database_url = database_url
        self._redis_url = redis_url
        self._own = own
        self._loop = new_event_loop()
        self._health_at = health
        self._serving: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="engine", daemon=True)
        self._background: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Connect and begin to claim. CrewAI and LiteLLM go on loading behind it.

        Raises:
            OSError, asyncpg.PostgresError: the database cannot be reached.
        """
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def stop(self, *, grace_seconds: float) -> None:
        """Let executions finish for a while, hand over the rest, and close every connection."""
        asyncio.run_coroutine_threadsafe(self._close(grace_seconds), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def hint(self, scope: TenantScope, execution_id: UUID) -> None:
        """Pass a hint on to the engine."""
        self._loop.call_soon_threadsafe(self.engine.hint, scope, execution_id)

    def test_provider(self, scope: TenantScope, provider_id: UUID, model: str | None, reply_key: str) -> None:
        """Ask a provider for a sign of life and leave the answer under `reply_key`."""
        self._loop.call_soon_threadsafe(
            self._spawn, self._test_provider(scope, provider_id, model, reply_key)
        )

    async def _open(self) -> None:
        settings = self._settings
        self.pool = await open_pool(
            self._database_url,
            name="watchbill-worker",
            least=1,
            most=settings.database_pool_size,
            pgbouncer=settings.database_pgbouncer,
        )
        self.database = Database(self._database_url, pgbouncer=settings.database_pgbouncer, pool_size=4)
        connections = redis.BlockingConnectionPool.from_url(
            self._redis_url, max_connections=16, timeout=5, socket_timeout=20, socket_connect_timeout=5
        )
        self.redis = redis.Redis(connection_pool=connections)
        self.providers = StoredProviders.from_settings(self.database, settings)
        way = WayOut(UrlGuard(settings.private_hosts, own=self._own), settings.proxy)
        self.known = KnownProviders(self.providers)
        keys = KnownKeys(self.known)
        self.cooling = CoolDown(tell=self._tell_of_cooling)
        self.compute = ProcessPool(processes=settings.compute_processes)
        self.gateway = LiteLlmGateway(
            keys,
            self.compute,
            sizes=Sizes(text=settings.llm_answer_characters),
            cooling=self.cooling,
            way=way,
        )
        self.http = AiohttpClient(way)
        recorded = RecordedLlm(self.gateway)
        self.crews = CrewAiRunner(recorded, self.compute, storage=settings.data_dir / "crewai")
        mongo_url = settings.mongo_url.get_secret_value() if settings.mongo_url else None
        self.documents = open_documents(mongo_url, self.pool, self._own)
        self.supervisor = Supervisor()
        self.live = RedisLive(self.redis, self.supervisor)
        journal = PostgresJournal(self.pool, running_limit=settings.running_limit_tenant)
        self.engine = Engine(
            journal=journal,
            documents=self.documents,
            live=self.live,
            services=Services(recorded, self.crews, self.http, self.compute, keys.of),
            node_types=NODE_TYPES,
            settings=EngineSettings(owner=this_owner()),
            now=lambda: datetime.now(UTC),
            supervisor=self.supervisor,
        )
        self._keep_loops(journal)
        if settings.worker_preload:
            # Both are imported in threads; executions that need neither never wait for them.
            self.gateway.load()
            self.crews.load()
        self.engine.start()
        if self._health_at is not None:
            health = WorkerHealth(
                self.supervisor, self.engine, self.database, self.redis, self.compute, self.live
            )
            if isinstance(self._health_at, int):
                self._serving = await health.serve(port=self._health_at)
            else:
                self._serving = await health.serve(listener=self._health_at)

    def _keep_loops(self, journal: PostgresJournal) -> None:
        verbs: dict[Verb, Callable[[UUID], None]] = {
            "cancel": self.engine.cancel,
            "wake": self.engine.wake,
            "providers": self.known.forget,
            "cool": lambda provider: self.cooling.start(provider, COOL_SECONDS),
        }
        loops: dict[str, Work] = {
            "dead workers": partial(release_the_dead, journal),
            "control": ControlListener(self.redis, verbs).run,
            "due work": DueWork(self.database, self._kinds()).run,
        }
        for name, loop in loops.items():
            self.supervisor.keep(name, loop, stuck_seconds=_STUCK_SECONDS)

    def _kinds(self) -> list[Kind]:
        """What workers know to do when it is due."""
        settings = self._settings
        questions = QuestionMails(settings.jwt_secret.get_secret_value(), settings.base_url)
        return [
            Scheduler(NearHints(self.engine, self.redis)).kind,
            Ends().kind,
            *questions.kinds,
            Notifier(self.database, self._outlets(), questions).kind,
            Cleaner(self.database, self.documents, settings.tenant_defaults).kind,
        ]

    def _outlets(self) -> Outlets:
        settings = self._settings
        mail = open_mail(
            smtp_url=settings.smtp_url.get_secret_value() if settings.smtp_url else None,
            sender=settings.mail_from,
            mailbox=settings.mailbox,
        )
        keys = KeyRing.parse(settings.encryption_keys.get_secret_value())
        limits = MailLimits(settings.mail_limit_tenant, settings.mail_limit_strangers)
        secret = settings.jwt_secret.get_secret_value()
        asking = AddressMails(secret, settings.base_url, limits)
        return Outlets(self.http, mail, keys, settings.base_url, asking)

    async def _close(self, grace_seconds: float) -> None:
        await self.engine.stop(grace_seconds=grace_seconds)
        if self._serving is not None:
            await self._serving.cleanup()
        await self.live.close()
        await self.supervisor.stop()
        await end(self._background)
        self.crews.close()
        await self.gateway.close()
        await self.http.close()
        await self.compute.close()
        await self.redis.aclose()
        await self.database.close()
        await self.documents.close()
        await self.pool.close()

    def _tell_of_cooling(self, provider: UUID, _seconds: float) -> None:
        """Another worker need not wait for what failed here. How long is each worker's own affair."""
        self._spawn(announce(self.redis, "cool", provider))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("background_task_failed", exc_info=error)

    async def _test_provider(
        self, scope: TenantScope, provider_id: UUID, model: str | None, reply_key: str
    ) -> None:
        provider = next((p for p in await self.providers.all(scope) if p.id == provider_id), None)
        if provider is None:
            answer: dict[str, Any] = {
                "ok": False,
                "latency_ms": 0,
                "model": model or "",
                "error": "not found",
            }
        else:
            answer = asdict(await self.gateway.test_provider(provider, model))
        pipe: Any = self.redis.pipeline(transaction=True)
        pipe.rpush(reply_key, orjson.dumps(answer))
        pipe.expire(reply_key, REPLY_SECONDS)
        await pipe.execute()
