"""A worker process: Celery takes hints on the main thread's behalf, the engine runs on its own loop."""

from __future__ import annotations

import logging
import os
import socket
import sys
from typing import Any, cast
from uuid import UUID

import structlog
from celery.signals import worker_ready

from watchbill.adapters.celery.app import EXECUTE, PROVIDER_TEST, TOOL_TRIAL, celery_app
from watchbill.config import Settings
from watchbill.core.tenancy import TenantScope
from watchbill.kit.outbound.gate import Gate, ignore_proxies_of_the_environment, install
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.process.logs import configure_logs
from watchbill.worker.runtime import Runtime

logger = structlog.get_logger(__name__)

_AT_ONCE = "watchbill.adapters.celery.strategy:at_once"
_GRACE_SECONDS = 5.0
# Each thread that computes may keep the engine waiting for so long, after each of its system calls: a tenth
# of Python's default.
_SWITCH_SECONDS = 0.0005


def run(settings: Settings, *, health_port: int | None = None, health_fd: int | None = None) -> None:
    """Run until SIGTERM or SIGINT; executions in flight then get a few seconds, and the rest are handed over.
    It tells how it is on a port, or on a listening socket that it inherits.

    Raises:
        ValueError: the database's or Redis's URL is not set.
    """
    if settings.database_url is None or settings.redis_url is None:
        raise ValueError("A worker needs WATCHBILL_DATABASE_URL and WATCHBILL_REDIS_URL.")
    configure_logs(settings.log_level, settings.log_format)
    sys.setswitchinterval(_SWITCH_SECONDS)
    redis_url = settings.redis_url.get_secret_value()
    own = OwnServices.of(settings.own_addresses, settings.dns_servers)
    _close_the_way_out(settings, own)
    runtime = Runtime(
        settings,
        database_url=settings.database_url.get_secret_value(),
        redis_url=redis_url,
        own=own,
        # A copy, since the number belongs to the supervisor's protocol.
        health=health_port if health_fd is None else socket.socket(fileno=os.dup(health_fd)),
    )
    app = celery_app(redis_url)
    register_tasks(app, runtime)
    runtime.start()
    worker_ready.connect(_log_ready, weak=False)
    try:
        worker = cast("Any", app).Worker(
            # No task gets that far: each is done where it arrives.
            pool="solo",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=settings.log_level.upper(),
            quiet=True,
        )
        worker.start()
    finally:
        runtime.stop(grace_seconds=_GRACE_SECONDS)
    logger.info("worker_stopped")
    logging.shutdown()
    # Everything is closed. Taking CrewAI's and LiteLLM's modules down would only keep whoever stops us
    # waiting for seconds. Whoever restarts what failed, and only that, goes by the code.
    os._exit(worker.exitcode or 0)


def _close_the_way_out(settings: Settings, own: OwnServices) -> None:
    if ignored := ignore_proxies_of_the_environment():
        logger.info("environment_proxies_ignored", names=ignored, instead="WATCHBILL_OUTBOUND_PROXY")
    install(Gate(UrlGuard(settings.private_hosts), own))


def register_tasks(app: Any, runtime: Runtime) -> None:
    """The tasks by the names that the API sends."""

    @app.task(name=EXECUTE, Strategy=_AT_ONCE)
    def execute(executions: list[tuple[str, str]]) -> None:
        for tenant_id, execution_id in executions:
            runtime.hint(TenantScope(UUID(tenant_id)), UUID(execution_id))

    @app.task(name=PROVIDER_TEST, Strategy=_AT_ONCE)
    def provider_test(tenant_id: str, provider_id: str, model: str | None, reply_key: str) -> None:
        runtime.test_provider(TenantScope(UUID(tenant_id)), UUID(provider_id), model, reply_key)

    @app.task(name=TOOL_TRIAL, Strategy=_AT_ONCE)
    def tool_trial(tenant_id: str, tool_id: str, given: str, reply_key: str) -> None:
        runtime.try_tool(TenantScope(UUID(tenant_id)), UUID(tool_id), given, reply_key)

    _ = execute, provider_test, tool_trial  # Celery's registry keeps them by name


def _log_ready(**_: Any) -> None:
    logger.info("worker_ready")
