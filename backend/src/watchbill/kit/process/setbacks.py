"""Loops that serve all tenants: one with whom something goes wrong is left alone for a while, and the others
are served."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.kit.database.faults import passing

logger = structlog.get_logger(__name__)

_FIRST_SECONDS = 5.0
_MOST_SECONDS = 300.0
_LOG_EVERY_SECONDS = 60.0
# So long a loop waits for rows of a tenant that somebody else holds.
_LOCK_SECONDS = 3
_IMPATIENT = text(f"SELECT set_config('lock_timeout', '{_LOCK_SECONDS}s', true)")


class TenantFailed(Exception):
    """Something of one tenant is broken: its schema, a table, a row or a secret. The cause says what."""

    def __init__(self, tenant_id: UUID):
        super().__init__(f"something of tenant {tenant_id} is broken")
        self.tenant_id = tenant_id


@contextmanager
def theirs(tenant_id: UUID) -> Generator[None]:
    """What goes wrong in the block is this tenant's trouble, unless the database itself has one.

    Raises:
        TenantFailed: instead of what went wrong.
    """
    try:
        yield
    except Exception as error:
        if passing(error):
            raise
        raise TenantFailed(tenant_id) from error


async def impatient(session: AsyncSession) -> None:
    """Let no statement of the transaction wait long for a lock: a tenant's tables may be held for hours."""
    await session.execute(_IMPATIENT)


@dataclass(slots=True)
class _Setback:
    until: float
    seconds: float
    logged_at: float


class Setbacks:
    """Which tenants a loop leaves alone for now: 5 seconds after the first failure, and longer each time.

    Args:
        loop: the loop's name in the log.
    """

    def __init__(self, loop: str, *, clock: Callable[[], float] = time.monotonic):
        self._loop = loop
        self._clock = clock
        self._tenants: dict[UUID, _Setback] = {}

    def away(self) -> list[UUID]:
        """The tenants to be left alone now."""
        now = self._clock()
        # One that was well for long begins anew.
        for tenant_id in [id_ for id_, one in self._tenants.items() if now > one.until + _MOST_SECONDS]:
            del self._tenants[tenant_id]
        return [tenant_id for tenant_id, one in self._tenants.items() if now < one.until]

    def well(self, tenant_id: UUID) -> None:
        """Something of the tenant's went well: what fails next is a trouble of its own."""
        self._tenants.pop(tenant_id, None)

    def note(self, tenant_id: UUID, error: BaseException, *, longer: bool = True) -> float:
        """Leave the tenant alone for a while; returns for how many seconds. It is logged once a minute. Not
        for `longer` than before where one thing of the tenant's fails beside others that may be well."""
        now = self._clock()
        known = self._tenants.get(tenant_id)
        if known and now < known.until:
            # What was under way beside it met the same trouble, which is none the longer for it.
            return known.until - now
        seconds = known.seconds if known else _FIRST_SECONDS
        if known and longer:
            seconds = min(2 * seconds, _MOST_SECONDS)
        logged_at = known.logged_at if known else -math.inf
        if now - logged_at >= _LOG_EVERY_SECONDS:
            logged_at = now
            fields = {"loop": self._loop, "tenant_id": str(tenant_id), "put_off_seconds": seconds}
            logger.error("tenant_failed", **fields, exc_info=error)
        self._tenants[tenant_id] = _Setback(now + seconds, seconds, logged_at)
        return seconds
