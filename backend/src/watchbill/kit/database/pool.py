"""Connections for statements that need no transaction of several and no tenant's schema to be entered."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg

from watchbill.kit.limits.turns import Turns

Connection = asyncpg.pool.PoolConnectionProxy

# Who holds a tenant's tables must not hold the connections of all tenants as well. PgBouncer refuses it.
_LOCK_TIMEOUT = "3s"
# Without an answer for so long a server hangs, or the network to it is gone without a word.
_ANSWER_SECONDS = 30.0
# Whose turn statements of the installation itself have.
INSTALLATION = ""


class Connections:
    """The connections of a pool, which tenants have in turns: a thousand statements of one delay those of
    others by one, and half of the connections are never one's. Use it from one event loop.

    Args:
        most: how many connections the pool has.
        answer_seconds: how long a connection, a turn and each statement without a time-out of its own are
            waited for.
    """

    def __init__(self, pool: asyncpg.Pool, most: int, answer_seconds: float = _ANSWER_SECONDS):
        self.pool = pool
        self._turns = Turns(most, max(1, (most + 1) // 2))
        self._seconds = answer_seconds

    @asynccontextmanager
    async def of(self, who: str = INSTALLATION) -> AsyncGenerator[Connection]:
        """A connection for statements of a tenant, whose schema `who` names, or for the installation's own.

        Raises:
            NoTurn: others were served all the time.
            ConnectionError: the database gave none in time.
        """
        await self._turns.take(who, self._seconds)
        try:
            connection = await self._connected()
            try:
                yield connection
            finally:
                await self.pool.release(connection, timeout=self._seconds)
        finally:
            self._turns.give_back(who)

    async def close(self) -> None:
        """Close all connections, when those that use one are done."""
        await self.pool.close()

    def terminate(self) -> None:
        """Close all connections now."""
        self.pool.terminate()

    async def _connected(self) -> Connection:
        try:
            return cast("Connection", await self.pool.acquire(timeout=self._seconds))
        except TimeoutError as error:
            raise ConnectionError(f"PostgreSQL gave no connection within {self._seconds:g} s") from error


async def open_pool(
    url: str, *, name: str, least: int, most: int, pgbouncer: bool, answer_seconds: float = _ANSWER_SECONDS
) -> Connections:
    """A pool of connections that keep nothing of a session: whoever uses one names schemas in full and sets
    nothing beyond its transaction.

    Args:
        name: how the database's own statistics call its user.
        least, most: how many connections.
        pgbouncer: whether the address is PgBouncer's, which knows no prepared statements.
        answer_seconds: as of Connections.
    """
    pool = await asyncpg.create_pool(
        url,
        min_size=least,
        max_size=most,
        command_timeout=answer_seconds,
        statement_cache_size=0 if pgbouncer else 1000,
        server_settings={"application_name": name} | ({} if pgbouncer else {"lock_timeout": _LOCK_TIMEOUT}),
        reset=_keep,
    )
    return Connections(pool, most, answer_seconds)


async def _keep(_connection: Any) -> None:
    """Instead of a round trip that would undo what no session here does; a transaction that is still open is
    rolled back before this is called."""
