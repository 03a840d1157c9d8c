"""What the PostgreSQL driver is told when it opens a connection."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import URL, make_url


def driver_url(url: str) -> tuple[URL, bool]:
    """The URL for SQLAlchemy's asyncpg driver, and whether its query says that a PgBouncer is behind it."""
    parsed = make_url(url)
    asked = parsed.query.get("pgbouncer") in ("true", "1", "yes")
    if asked:
        parsed = parsed.difference_update_query(["pgbouncer"])
    return parsed.set(drivername="postgresql+asyncpg"), asked


def limits_of(statement_seconds: float | None) -> dict[str, str]:
    """PostgreSQL's settings for it, in milliseconds."""
    if statement_seconds is None:
        return {}
    whole = round(statement_seconds * 1000)
    return {"statement_timeout": str(whole), "lock_timeout": str(whole // 3)}


def connect_args(pgbouncer: bool, limits: dict[str, str], answer_seconds: float | None) -> dict[str, Any]:
    """What each connection is opened with. `limits` are those of `limits_of`; so long is the answer to one
    statement waited for."""
    settings = {"application_name": "watchbill"}
    shared = {"timeout": 10, "command_timeout": answer_seconds}
    if not pgbouncer:
        # Short queries only: compiling them costs more than it saves. PgBouncer refuses the parameters.
        return {"server_settings": {**settings, **limits, "jit": "off"}, **shared}
    return {
        "server_settings": settings,
        **shared,
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"__asyncpg_{uuid4().hex}__",
    }
