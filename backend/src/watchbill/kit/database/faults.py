"""Telling troubles of our own database that pass by themselves from those of one statement or one tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

logger = structlog.get_logger(__name__)
T = TypeVar("T")

# What asyncpg says itself, of a connection that was cut off before a statement or in the middle of one.
DRIVER_ERRORS = (asyncpg.InterfaceError, asyncpg.InternalClientError)
# Whatever our own database may answer with, or not answer, through SQLAlchemy or asyncpg.
DATABASE_ERRORS = (OSError, DBAPIError, PoolTimeout, asyncpg.PostgresError, *DRIVER_ERRORS)

# SQLSTATE classes: broken connections, lack of resources, and an operator who stops or starts the server.
_CLASSES = ("08", "53", "57P")
# A server that became a standby, transactions that met each other, and one that waited too long for another.
_STATES = ("25006", "40001", "40P01")
_AGAIN_SECONDS = (0.1, 0.25, 0.5, 1.0)


def passing(error: BaseException) -> bool:
    """Whether the database was away, busy or in the middle of a restart or failover, so that the same may
    succeed in a moment. A lock that could not be had is not: it is somebody's, not everybody's."""
    if isinstance(error, OSError) and isinstance(error.__cause__, DBAPIError):
        # The database's session puts some of them into words of its own.
        return passing(error.__cause__)
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        return error.connection_invalidated or _says_so(state) or _broken(error.orig)
    if isinstance(error, asyncpg.PostgresError):
        return _says_so(getattr(error, "sqlstate", None))
    return isinstance(error, (OSError, PoolTimeout, *DRIVER_ERRORS))


def _says_so(state: str | None) -> bool:
    return state is not None and (state.startswith(_CLASSES) or state in _STATES)


def _broken(orig: BaseException | None) -> bool:
    """Whether the driver lost its connection before the server could say anything."""
    broken = (OSError, *DRIVER_ERRORS)
    return isinstance(orig, broken) or isinstance(orig and orig.__cause__, broken)


async def again(
    work: Callable[[], Awaitable[T]],
    *,
    seconds: float,
    what: str,
    passes: Callable[[Exception], bool] = passing,
) -> T:
    """What `work` gives, tried again for so long while what goes wrong is passing.

    Raises:
        Exception: the last thing that went wrong.
    """
    loop = asyncio.get_running_loop()
    deadline, tries = loop.time() + seconds, 0
    while True:
        try:
            return await work()
        except Exception as error:
            if not passes(error) or loop.time() > deadline:
                raise
            if tries == 0:
                logger.warning("tried_again", what=what, error=str(error))
            await asyncio.sleep(_AGAIN_SECONDS[min(tries, len(_AGAIN_SECONDS) - 1)])
            tries += 1
