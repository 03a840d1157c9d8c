"""Connections for statements that need no transaction of several and no tenant's schema to be entered."""

from __future__ import annotations

from typing import Any

import asyncpg

# Who holds a tenant's tables must not hold the connections of all tenants as well. PgBouncer refuses it.
_LOCK_TIMEOUT = "3s"


async def open_pool(url: str, *, name: str, least: int, most: int, pgbouncer: bool) -> asyncpg.Pool:
    """A pool of connections that keep nothing of a session: whoever uses one names schemas in full and sets
    nothing beyond its transaction.

    Args:
        name: how the database's own statistics call its user.
        least, most: how many connections.
        pgbouncer: whether the address is PgBouncer's, which knows no prepared statements.
    """
    return await asyncpg.create_pool(
        url,
        min_size=least,
        max_size=most,
        statement_cache_size=0 if pgbouncer else 1000,
        server_settings={"application_name": name} | ({} if pgbouncer else {"lock_timeout": _LOCK_TIMEOUT}),
        reset=_keep,
    )


async def _keep(_connection: Any) -> None:
    """Instead of a round trip that would undo what no session here does; a transaction that is still open is
    rolled back before this is called."""
