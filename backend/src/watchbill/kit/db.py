"""The database: one engine, and transactions that see one tenant's schema and nobody else's."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol
from uuid import uuid4

import orjson
from sqlalchemy import URL, Select, Text, bindparam, event, func, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from watchbill.kit.audit import AuditedSession

AfterCommit = Callable[[], Awaitable[None]]
_ENTER = text("SELECT set_config('search_path', :path, true)")
_ENTER_AS = text("SELECT set_config('search_path', :path, true), set_config('role', :role, true)")
_PUT_BACK = "put_back_at"
# A connection that was used so lately is alive, unless it knows itself that it was closed.
_FRESH_SECONDS = 5.0


class Scope(Protocol):
    """Whatever names a tenant's schema; `core.tenancy.TenantScope` does."""

    @property
    def schema(self) -> str: ...


class DatabaseUnavailable(ConnectionError):
    """The database does not answer."""


class Work:
    """One transaction under way: its session, and what to do once it is committed."""

    def __init__(self, session: AsyncSession):
        self.session = session
        self._after_commit: list[AfterCommit] = []

    async def enter(self, scope: Scope, *, as_tenant: bool = True) -> None:
        """See this tenant's tables from here to the end of the transaction, and be nobody but this tenant.

        Without `as_tenant` the transaction keeps the service's own rights: for what works on several tenants'
        rows of the public tables, which is people and their places.
        """
        await enter_schema(self.session, scope.schema, scope.schema if as_tenant else None)

    def after_commit(self, action: AfterCommit) -> None:
        """Run `action` once the transaction is committed, and not at all when it is rolled back. It must deal
        with the failures it expects, since the data can no longer be taken back."""
        self._after_commit.append(action)

    async def finish(self) -> None:
        """Commit before the end, and give the connection back: for a request that goes on to wait long
        without touching the database again."""
        await self.session.commit()

    async def committed(self) -> None:
        """Run the waiting actions in order. Called by whoever committed the transaction."""
        actions, self._after_commit = self._after_commit, []
        for action in actions:
            await action()


class Database:
    """A pool of connections to one PostgreSQL database.

    Args:
        url: `postgresql://user:password@host:port/name`; a query of `?host=/directory` means a socket, and
            `?pgbouncer=true` the same as `pgbouncer=True`.
        pgbouncer: the URL leads to a pooler in transaction mode, so no statement may be prepared by name.
        pool_size: connections kept; as many again may be opened at a peak.
    """

    def __init__(self, url: str, *, pgbouncer: bool = False, pool_size: int = 10):
        target, asked = driver_url(url)
        self.engine: AsyncEngine = create_async_engine(
            target,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_recycle=1800,
            # Parameters are what people entered: no error, log or trace shows them.
            hide_parameters=True,
            json_serializer=_dump_json,
            json_deserializer=orjson.loads,
            connect_args=_connect_args(pgbouncer or asked),
        )
        event.listen(self.engine.sync_engine, "checkin", _note_time)
        event.listen(self.engine.sync_engine, "checkout", _refuse_dead)

    @asynccontextmanager
    async def transaction(self, scope: Scope | None = None) -> AsyncGenerator[Work]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        With a scope it sees that tenant's tables and has that tenant's rights, without one it sees only the
        public schema and has the service's rights.

        Raises:
            DatabaseUnavailable: no connection could be had.
        """
        async with AsyncSession(
            self.engine, sync_session_class=AuditedSession, expire_on_commit=False
        ) as session:
            work = Work(session)
            async with session.begin():
                try:
                    await session.connection()
                    if scope:
                        await work.enter(scope)
                except (OSError, DBAPIError, PoolTimeout) as error:
                    raise DatabaseUnavailable(DatabaseUnavailable.__doc__) from error
                yield work
        await work.committed()

    async def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError: it gave none.
        """
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def with_entrance(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The query with two more columns: where it finds a row, its transaction goes on as `Work.enter` lets it,
    without another round trip. `entrance` gives the values it takes."""
    return query.add_columns(
        func.set_config("search_path", bindparam("entrance_path", type_=Text), True),
        func.set_config("role", bindparam("entrance_role", type_=Text), True),
    )


def entrance(scope: Scope, *, as_tenant: bool) -> dict[str, str]:
    """Values for a query with an entrance; see Work.enter."""
    return {"entrance_path": _path(scope.schema), "entrance_role": scope.schema if as_tenant else "none"}


async def enter_schema(session: AsyncSession, schema: str, role: str | None = None) -> None:
    """Set the transaction's search_path, and its role where one is given, in one round trip. Both are local
    to the transaction: behind a pooler in transaction mode a session's setting would leak into the next
    client's transaction."""
    if role:
        await session.execute(_ENTER_AS, {"path": _path(schema), "role": role})
    else:
        await session.execute(_ENTER, {"path": _path(schema)})


def _path(schema: str) -> str:
    return f'"{schema}", public'


def driver_url(url: str) -> tuple[URL, bool]:
    """The URL for SQLAlchemy's asyncpg driver, and whether its query says that a PgBouncer is behind it."""
    parsed = make_url(url)
    asked = parsed.query.get("pgbouncer") in ("true", "1", "yes")
    if asked:
        parsed = parsed.difference_update_query(["pgbouncer"])
    return parsed.set(drivername="postgresql+asyncpg"), asked


def _connect_args(pgbouncer: bool) -> dict[str, Any]:
    settings = {"application_name": "watchbill"}
    if not pgbouncer:
        # Short queries only: compiling them costs more than it saves. PgBouncer refuses the parameter.
        return {"server_settings": {**settings, "jit": "off"}, "timeout": 10}
    return {
        "server_settings": settings,
        "timeout": 10,
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"__asyncpg_{uuid4().hex}__",
    }


def _note_time(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_PUT_BACK] = time.monotonic()


def _refuse_dead(connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Give out no connection that the server closed; the pool then opens another. To ask the server each
    time would be a round trip for every request."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
    put_back: float | None = record.info.get(_PUT_BACK)
    if put_back is not None and time.monotonic() - put_back > _FRESH_SECONDS:
        try:
            connection.ping()
        except (connection.dbapi.Error, OSError) as error:
            raise DisconnectionError from error


def _dump_json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that a statement broke."""
    cause = error.orig.__cause__ if error.orig else None
    return getattr(cause, "constraint_name", None)
