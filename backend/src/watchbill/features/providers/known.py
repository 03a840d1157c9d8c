"""A tenant's providers as a worker knows them: read once for all calls of some seconds, and again when they
change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.llm import Provider, ProviderDirectory
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.faults import DATABASE_ERRORS, again, passing

# So long a change may stay unnoticed whose announcement was lost.
_FRESH_SECONDS = 5.0
# So long a call waits for a database that is away.
_PATIENCE_SECONDS = 20.0
_MOST_TENANTS = 1_000


@dataclass(slots=True)
class _Known:
    reading: asyncio.Task[Sequence[Provider]]
    until: float


class KnownProviders:
    """A ProviderDirectory that asks another one seldom. It lives on one event loop.

    Args:
        directory: whom it asks.
        patience_seconds: for how long it asks again while the database is away.
    """

    def __init__(
        self,
        directory: ProviderDirectory,
        *,
        clock: Callable[[], float] = time.monotonic,
        patience_seconds: float = _PATIENCE_SECONDS,
    ):
        self._directory = directory
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._known: dict[UUID, _Known] = {}

    async def providers(self, scope: TenantScope) -> Sequence[Provider]:
        """See core.ports.llm.ProviderDirectory.

        Raises:
            NodeError: of kind upstream: our database is away, which no flow can help.
        """
        known = self._known.get(scope.tenant_id)
        if known is None or known.until <= self._clock() or _failed(known.reading):
            known = self._read(scope)
        # Several calls wait for one reading; who gives up leaves it to the others.
        return await asyncio.shield(known.reading)

    def forget(self, tenant_id: UUID) -> None:
        """The tenant's providers changed."""
        self._known.pop(tenant_id, None)

    def _read(self, scope: TenantScope) -> _Known:
        reading = asyncio.create_task(self._patiently(scope), name="read providers")
        # Whoever waits hears of a failure; nobody may.
        reading.add_done_callback(_failed)
        known = _Known(reading, self._clock() + _FRESH_SECONDS)
        self._known.pop(scope.tenant_id, None)
        self._known[scope.tenant_id] = known
        if len(self._known) > _MOST_TENANTS:
            del self._known[next(iter(self._known))]
        return known

    async def _patiently(self, scope: TenantScope) -> Sequence[Provider]:
        try:
            return await again(
                lambda: self._directory.providers(scope), seconds=self._patience_seconds, what="providers"
            )
        except DATABASE_ERRORS as error:
            if not passing(error):
                raise
            detail = "Watchbill's own database does not answer, so the model providers are not known."
            raise NodeError(ErrorKind.UPSTREAM, detail, code="database_unavailable") from error


def _failed(reading: asyncio.Task[Sequence[Provider]]) -> bool:
    return reading.done() and (reading.cancelled() or reading.exception() is not None)
