"""Structured logs on standard error: JSON for machines, coloured lines for people."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog

from watchbill.kit.process.tracebacks import format_traceback, write_traceback

_LOUD = (
    "LiteLLM",
    "aiohttp.access",
    "alembic.runtime",
    "asyncio",
    "celery.app.trace",
    "celery.worker.strategy",
    "httpx",
    "kombu",
    "sqlalchemy.engine",
    "uvicorn.access",
)


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that configuring again replaces it and leaves others alone."""


def configure_logs(level: str, format: Literal["auto", "json", "console"]) -> None:
    """Send our logs and the standard library's the same way. "auto" is console on a terminal, else JSON."""
    console = format == "console" or (format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: list[structlog.typing.Processor] = (
        # The default shows local variables, among them keys and passwords.
        [structlog.dev.ConsoleRenderer(exception_formatter=write_traceback)]
        if console
        else [structlog.processors.ExceptionRenderer(format_traceback), structlog.processors.JSONRenderer()]
    )
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler, *(other for other in root.handlers if not isinstance(other, _Handler))]
    root.setLevel(level.upper())
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
