"""The database: one engine, and transactions that see one tenant's schema and nobody else's.

A transaction is one turn at a connection. Each tenant has at most half of them at a time, and while it lasts
nothing outside may be awaited.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import orjson
from sqlalchemy import Connection, Select, Text, bindparam, event, func, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from watchbill.kit.audit import AuditedSession, trail_of
from watchbill.kit.database.driver import connect_args, driver_url, limits_of
from watchbill.kit.database.faults import passing
from watchbill.kit.database.waits import Hold, about_to_await, hold
from watchbill.kit.limits.turns import NoTurn, Turns

AfterCommit = Callable[[], Awaitable[None]]
EnterAgain = Callable[[], Awaitable[None]]
_ENTER = text("SELECT set_config('search_path', :path, true)")
_ENTER_AS = text("SELECT set_config('search_path', :path, true), set_config('role', :role, true)")
_SET = text("SELECT set_config(:name, :value, true)")
_PUT_BACK = "put_back_at"
# A connection that was used so lately is alive, unless it knows itself that it was closed.
_FRESH_SECONDS = 5.0
_PATIENCE_SECONDS = 30.0
_SILENT_SECONDS = 5.0
# Who waits behind one's own requests waits so many times as long: it costs nobody else anything, and is
# better than to be told to come again.
_OWN_FACTOR = 4
_TRANSACTION = "a transaction"
# What PostgreSQL says of a statement that took too long, and of a lock that was not to be had.
_TOO_LONG = ("57014", "55P03")
_OURS = "service"
_WORK = "work"
_turn_of: ContextVar[str | None] = ContextVar("turn_of", default=None)


class Scope(Protocol):
    """Whatever names a tenant's schema; `core.tenancy.TenantScope` does."""

    @property
    def schema(self) -> str: ...


class DatabaseUnavailable(ConnectionError):
    """The database does not answer."""


class DatabaseBusy(DatabaseUnavailable):
    """The database has too much to do at the moment. Try again in some seconds."""


class OwnTurnsTaken(DatabaseBusy):
    """Too many requests of your tenant or address wait for the database. Try again in some seconds."""


def in_turn_of(who: str) -> None:
    """Let the transactions of this task count for somebody from now on: a tenant or an address. Otherwise
    they count for the tenant whose scope they have, or for the service itself."""
    _turn_of.set(who)


class Work:
    """One transaction under way: its session, and what to do once it is committed."""

    def __init__(self, session: AsyncSession, turn: _Turn, limits: Mapping[str, str]):
        self.session = session
        session.info[_WORK] = self
        self._turn = turn
        self._limits = limits
        self._entered: tuple[Scope, bool] | None = None
        self._enter_again: EnterAgain | None = None
        self._after_commit: list[AfterCommit] = []

    async def enter(self, scope: Scope, *, as_tenant: bool = True) -> None:
        """See this tenant's tables from here to the end of the transaction, and be nobody but this tenant.

        Without `as_tenant` the transaction keeps the service's own rights: for what works on several tenants'
        rows of the public tables, which is people and their places.
        """
        await enter_schema(self.session, scope.schema, scope.schema if as_tenant else None)
        self.entered(scope, as_tenant=as_tenant)

    def entered(self, scope: Scope, *, as_tenant: bool) -> None:
        """Note that a query with an entrance did what `enter` does."""
        self._entered = (scope, as_tenant)

    def enter_again_by(self, action: EnterAgain) -> None:
        """After `outside`, enter the tenant again by this instead of `enter`: it may find that whoever asks
        has no business there any more, and raise."""
        self._enter_again = action

    def after_commit(self, action: AfterCommit) -> None:
        """Run `action` once the transaction is committed, and not at all when it is rolled back. It must deal
        with the failures it expects, since the data can no longer be taken back."""
        self._after_commit.append(action)

    async def finish(self) -> None:
        """Commit before the end, and give the connection back: for a request that goes on to wait long
        without touching the database again."""
        await self.session.commit()
        self._turn.leave()

    @asynccontextmanager
    async def outside(self) -> AsyncGenerator[None]:
        """Commit, and give the connection back while the block waits for somebody else; then go on in another
        transaction of the same session, which sees what this one saw.

        What was read before may be old by then, and what was written before stays, whatever follows. An error
        that leaves the block ends the transaction: what is to be survived is caught inside.

        Raises:
            DatabaseUnavailable: no connection could be had afterwards.
            WatchbillError: whoever asks may not go on; see enter_again_by.
        """
        await self.session.flush()
        trail = trail_of(self.session)
        # That something is done without a change is noted when it is done.
        later = trail is not None and trail.always and not trail.changes
        if trail is not None and later:
            trail.always = False
        await self.finish()
        if trail is not None and later:
            trail.always = True
        yield
        await self.begin()

    async def begin(self, scope: Scope | None = None) -> None:
        """Take a connection, and see this tenant's tables, or what was seen before.

        Raises:
            DatabaseUnavailable: no connection could be had.
        """
        await self._turn.take()
        try:
            await self.session.connection()
            for name, value in self._limits.items():
                await self.session.execute(_SET, {"name": name, "value": value})
            if scope is not None:
                await self.enter(scope)
            elif self._enter_again is not None:
                await self._enter_again()
            elif self._entered is not None:
                seen, as_tenant = self._entered
                await self.enter(seen, as_tenant=as_tenant)
        except (OSError, DBAPIError, PoolTimeout) as error:
            raise DatabaseUnavailable(DatabaseUnavailable.__doc__) from error

    @property
    def has_connection(self) -> bool:
        """Whether it is the transaction's turn."""
        return self._turn.taken

    async def committed(self) -> None:
        """Run the waiting actions in order. Called by whoever committed the transaction."""
        actions, self._after_commit = self._after_commit, []
        for action in actions:
            await action()


def outside(session: AsyncSession) -> AbstractAsyncContextManager[None]:
    """`Work.outside` of the transaction that a session is in."""
    work: Work = session.info[_WORK]
    return work.outside()


class GivenBack(RuntimeError):
    """The connection was given back, so nothing can be asked any more. This is a mistake in the code."""


@event.listens_for(AuditedSession, "after_begin")
def _refuse_given_back(session: Session, _transaction: SessionTransaction, _connection: Connection) -> None:
    """No session takes a connection by itself, without its turn."""
    work: Work | None = session.info.get(_WORK)
    if work is None or not work.has_connection:
        raise GivenBack(GivenBack.__doc__)


class _Turn:
    """A turn at a connection, which can be left and taken again."""

    def __init__(self, turns: Turns, patience: float, who: str):
        self._turns = turns
        self._patience = patience
        self._who = who
        self._hold: Hold | None = None

    @property
    def taken(self) -> bool:
        return self._hold is not None

    async def take(self) -> None:
        about_to_await("Another transaction")
        try:
            await self._turns.take(self._who, self._patience, _OWN_FACTOR * self._patience)
        except NoTurn as error:
            busy = OwnTurnsTaken if error.own else DatabaseBusy
            raise busy(busy.__doc__) from error
        self._hold = hold(_TRANSACTION)

    def leave(self) -> None:
        if self._hold is not None:
            self._hold.open, self._hold = False, None
            self._turns.give_back(self._who)


class Database:
    """A pool of connections to one PostgreSQL database.

    Args:
        url: `postgresql://user:password@host:port/name`; a query of `?host=/directory` means a socket, and
            `?pgbouncer=true` the same as `pgbouncer=True`.
        pgbouncer: the URL leads to a pooler in transaction mode, so no statement may be prepared by name.
        pool_size: connections kept; as many again may be opened at a peak. One tenant has a third
            as many at most: what it asks for at once is also what others wait for.
        patience_seconds: so long a transaction waits for a connection, and four times as long for those of
            its own tenant.
        statement_seconds: so long one statement may take, and a third of it for a lock; None for any time.
        silent_seconds: so much longer is waited for a server that hangs, and so does not end it by itself.
    """

    def __init__(
        self,
        url: str,
        *,
        pgbouncer: bool = False,
        pool_size: int = 10,
        patience_seconds: float = _PATIENCE_SECONDS,
        statement_seconds: float | None = None,
        silent_seconds: float = _SILENT_SECONDS,
    ):
        target, asked = driver_url(url)
        limits = limits_of(statement_seconds)
        bouncer = pgbouncer or asked
        # PgBouncer takes them neither for a connection nor for a session, so each transaction sets them.
        self._limits = limits if bouncer else {}
        self._patience = patience_seconds
        self._turns = Turns(2 * pool_size, max(1, pool_size // 3))
        self.engine: AsyncEngine = create_async_engine(
            target,
            pool_size=pool_size,
            # One more than there are turns, for who asks whether the database is there.
            max_overflow=pool_size + 1,
            pool_timeout=patience_seconds,
            pool_recycle=1800,
            # Parameters are what people entered: no error, log or trace shows them.
            hide_parameters=True,
            json_serializer=_dump_json,
            json_deserializer=orjson.loads,
            connect_args=connect_args(
                bouncer, limits, None if statement_seconds is None else statement_seconds + silent_seconds
            ),
        )
        event.listen(self.engine.sync_engine, "checkin", _note_time)
        event.listen(self.engine.sync_engine, "checkout", _refuse_dead)
        event.listen(self.engine.sync_engine, "handle_error", _give_up_silent, retval=True)

    @asynccontextmanager
    async def transaction(self, scope: Scope | None = None) -> AsyncGenerator[Work]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        With a scope it sees that tenant's tables and has that tenant's rights, without one it sees only the
        public schema and has the service's rights. Nothing outside may be awaited in it, nor another
        transaction: kit.waits.

        Raises:
            DatabaseUnavailable: no connection could be had, it was cut off, or a statement took too long.
        """
        who = _turn_of.get() or (scope.schema if scope else _OURS)
        turn = _Turn(self._turns, self._patience, who)
        try:
            async with AsyncSession(
                self.engine, sync_session_class=AuditedSession, expire_on_commit=False
            ) as session:
                work = Work(session, turn, self._limits)
                await work.begin(scope)
                yield work
                if work.has_connection:
                    await session.commit()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in _TOO_LONG:
                raise DatabaseBusy(DatabaseBusy.__doc__) from error
            if passing(error):
                raise DatabaseUnavailable(DatabaseUnavailable.__doc__) from error
            raise
        finally:
            turn.leave()
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


def _give_up_silent(context: ExceptionContext) -> BaseException | None:
    """Close a connection on which the server says nothing: to roll back would be to wait for it again."""
    if not isinstance(context.original_exception, TimeoutError):
        return None
    context.is_disconnect, context.invalidate_pool_on_disconnect = True, False
    return DatabaseUnavailable(DatabaseUnavailable.__doc__)


def _dump_json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the constraint that a statement broke."""
    cause = error.orig.__cause__ if error.orig else None
    return getattr(cause, "constraint_name", None)
