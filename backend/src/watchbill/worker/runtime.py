"""The worker's event loop: the engine, the gateways and the connections they share."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import structlog

from watchbill.adapters.mail import open_mail
from watchbill.adapters.redis import ControlListener, Verb, announce
from watchbill.config import Settings
from watchbill.core.tenancy import TenantScope
from watchbill.engine.engine import Engine
from watchbill.engine.settings import EngineSettings
from watchbill.features.approvals.mails import QuestionMails
from watchbill.features.identity.limits.mails import MailLimits
from watchbill.features.notifications.addresses import AddressMails
from watchbill.features.notifications.ends import Ends
from watchbill.features.notifications.notifier import Notifier, Outlets
from watchbill.features.tenants.cleaning import Cleaner
from watchbill.features.triggers.scheduler import Scheduler
from watchbill.kit.due_work import DueWork, Kind
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.process.loops import new_event_loop
from watchbill.kit.process.supervision import Supervisor, Work, end
from watchbill.kit.secrets.crypto import KeyRing
from watchbill.nodes.registry import NODE_TYPES
from watchbill.worker.health import WorkerHealth
from watchbill.worker.hints import NearHints
from watchbill.worker.owners import release_the_dead, this_owner
from watchbill.worker.ports import open_ports

logger = structlog.get_logger(__name__)

REPLY_SECONDS = 60
# Longer than anything that a loop waits for.
_STUCK_SECONDS = 120.0
# So long a provider is left alone that another worker told of.
COOL_SECONDS = 15.0


class Runtime:
    """Everything of a worker that runs on its one event loop, in a thread of its own: Celery keeps the main
    thread. The methods named `hint`, `test_provider` and `try_tool` may be called
    from any thread.

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
        self._closing = AsyncExitStack()
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

    def try_tool(self, scope: TenantScope, tool_id: UUID, given: str, reply_key: str) -> None:
        """Call a tool with an input, as JSON, and leave how it ended under `reply_key`."""
        trial = self._outside.trials.run(scope, tool_id, given)
        self._loop.call_soon_threadsafe(self._spawn, self._reply(trial, reply_key))

    async def _open(self) -> None:
        settings = self._settings
        self.supervisor = Supervisor()
        self._outside = await self._closing.enter_async_context(
            open_ports(
                settings,
                self.supervisor,
                database_url=self._database_url,
                redis_url=self._redis_url,
                own=self._own,
                tell_of_cooling=self._tell_of_cooling,
            )
        )
        self.engine = Engine(
            ports=self._outside.ports,
            node_types=NODE_TYPES,
            settings=EngineSettings(owner=this_owner()),
            now=lambda: datetime.now(UTC),
            supervisor=self.supervisor,
        )
        self._keep_loops()
        if settings.worker_preload:
            # Both are imported in threads; executions that need neither never wait for them.
            self._outside.gateway.load()
            self._outside.crews.load()
            self._outside.sandbox.load()
        self.engine.start()
        if self._health_at is not None:
            await self._tell_how_it_is(self._health_at)

    async def _tell_how_it_is(self, at: int | socket.socket) -> None:
        outside = self._outside
        health = WorkerHealth(
            self.supervisor, self.engine, outside.database, outside.redis, outside.compute, outside.live
        )
        serving = await (health.serve(port=at) if isinstance(at, int) else health.serve(listener=at))
        self._closing.push_async_callback(serving.cleanup)

    def _keep_loops(self) -> None:
        outside = self._outside
        verbs: dict[Verb, Callable[[UUID], None]] = {
            "cancel": self.engine.cancel,
            "wake": self.engine.wake,
            "providers": outside.known.forget,
            "cool": lambda provider: outside.cooling.start(provider, COOL_SECONDS),
        }
        loops: dict[str, Work] = {
            "dead workers": partial(release_the_dead, outside.journal),
            "control": ControlListener(outside.redis, verbs).run,
            "due work": DueWork(outside.database, self._kinds()).run,
        }
        for name, loop in loops.items():
            self.supervisor.keep(name, loop, stuck_seconds=_STUCK_SECONDS)

    def _kinds(self) -> list[Kind]:
        """What workers know to do when it is due."""
        settings, outside = self._settings, self._outside
        questions = QuestionMails(settings.jwt_secret.get_secret_value(), settings.base_url)
        return [
            Scheduler(NearHints(self.engine, outside.redis)).kind,
            Ends().kind,
            *questions.kinds,
            Notifier(outside.database, self._outlets(), questions).kind,
            Cleaner(outside.database, outside.ports.documents, settings.tenant_defaults).kind,
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
        return Outlets(self._outside.ports.nodes.http, mail, keys, settings.base_url, asking)

    async def _close(self, grace_seconds: float) -> None:
        await self.engine.stop(grace_seconds=grace_seconds)
        await self._outside.live.close()
        await self.supervisor.stop()
        await end(self._background)
        await self._closing.aclose()

    def _tell_of_cooling(self, provider: UUID, _seconds: float) -> None:
        """Another worker need not wait for what failed here. How long is each worker's own affair."""
        self._spawn(announce(self._outside.redis, "cool", provider))

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
        provider = next((p for p in await self._outside.providers.all(scope) if p.id == provider_id), None)
        if provider is None:
            answer: dict[str, Any] = {
                "ok": False,
                "latency_ms": 0,
                "model": model or "",
                "error": "not found",
            }
        else:
            answer = asdict(await self._outside.gateway.test_provider(provider, model))
        await self._leave(answer, reply_key)

    async def _reply(self, trial: Coroutine[Any, Any, dict[str, Any]], reply_key: str) -> None:
        await self._leave(await trial, reply_key)

    async def _leave(self, answer: dict[str, Any], reply_key: str) -> None:
        pipe: Any = self._outside.redis.pipeline(transaction=True)
        pipe.rpush(reply_key, orjson.dumps(answer))
        pipe.expire(reply_key, REPLY_SECONDS)
        await pipe.execute()
