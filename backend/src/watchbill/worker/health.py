"""What a worker says of itself over HTTP: whether it lives and can work, and figures for Prometheus."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from watchbill import __version__
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.redis import RedisLive
from watchbill.engine.engine import Engine
from watchbill.kit.database.transactions import Database
from watchbill.kit.process.supervision import Supervisor

_PATIENCE = 3.0
_FAILING = (SQLAlchemyError, RedisError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """Answers /health/live, /health/ready and /metrics. It lives on the worker's own loop: one that is stuck
    gives no answer, and that is an answer too."""

    supervisor: Supervisor
    engine: Engine
    database: Database
    redis: Redis
    compute: ProcessPool
    live: RedisLive

    async def serve(self, *, port: int | None = None, listener: socket.socket | None = None) -> web.AppRunner:
        """Listen on a port of all addresses, or on a socket; whoever stops the worker calls the runner's
        `cleanup`.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application()
        app.add_routes(
            [
                web.get("/health/live", self._live),
                web.get("/health/ready", self._ready),
                web.get("/health", self._ready),
                web.get("/metrics", self._metrics),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.SockSite(runner, listener) if listener else web.TCPSite(runner, port=port)
        await site.start()
        return runner

    async def _live(self, _request: web.Request) -> web.Response:
        return _answer(self._troubles())

    def _troubles(self) -> dict[str, str]:
        compute = {"compute": self.compute.trouble} if self.compute.trouble else {}
        return self.supervisor.troubles() | compute

    async def _ready(self, _request: web.Request) -> web.Response:
        database, redis = await asyncio.gather(_check(self.database.ping), _check(self._ping))
        draining = {"engine": "stopping"} if self.engine.draining else {}
        return _answer({**self._troubles(), **draining}, {"database": database, "redis": redis})

    async def _ping(self) -> None:
        await self.redis.ping()

    async def _metrics(self, _request: web.Request) -> web.Response:
        engine = self.engine
        lines = [
            *_metric(
                "running_executions", "gauge", "Executions that this worker drives now.", engine.running
            ),
            *_metric("capacity", "gauge", "Executions that it may drive at a time.", engine.capacity),
            *_metric("claims_total", "counter", "Executions that it claimed since its start.", engine.claims),
            *_metric(
                "task_failures_total",
                "counter",
                "How often a long-lived task ended.",
                self.supervisor.failures,
            ),
            *_metric(
                "documents_missed_total",
                "counter",
                "What documents that were away did not take.",
                engine.missing.counts,
            ),
            *_metric(
                "live_dropped_total",
                "counter",
                "Packs of live events that were dropped because too much waited to be sent.",
                self.live.dropped,
            ),
            *_metric(
                "live_failures_total",
                "counter",
                "How often live events could not be sent.",
                self.live.failures,
            ),
        ]
        return web.Response(
            text="\n".join(lines) + "\n", headers={"Content-Type": "text/plain; version=0.0.4"}
        )


def _answer(troubles: Mapping[str, str], checks: Mapping[str, str] | None = None) -> web.Response:
    """As the API answers: 503 as soon as anything is not ok."""
    all_checks = {**(checks or {}), **troubles}
    fine = all(result == "ok" for result in all_checks.values())
    body = {"status": "ok" if fine else "failing", "version": __version__, "checks": all_checks}
    return web.json_response(body, status=200 if fine else 503)


async def _check(sign_of_life: Callable[[], Awaitable[object]]) -> str:
    try:
        await asyncio.wait_for(sign_of_life(), _PATIENCE)
    except _FAILING:
        return "failing"
    return "ok"


def _metric(name: str, kind: str, help_: str, value: float | Mapping[str, int]) -> list[str]:
    """Prometheus' text format; a mapping's names are those of tasks and counts, which need no escaping."""
    full = f"watchbill_worker_{name}"
    head = [f"# HELP {full} {help_}", f"# TYPE {full} {kind}"]
    if isinstance(value, Mapping):
        return [*head, *(f'{full}{{name="{label}"}} {count}' for label, count in sorted(value.items()))]
    return [*head, f"{full} {value}"]
