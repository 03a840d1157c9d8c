"""The worker's loop over what tenants need not keep any more: executions and logs whose time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from watchbill.core.ports.documents import DocumentStore, DocumentsUnavailable
from watchbill.core.tenancy import TenantDefaults, TenantScope
from watchbill.features.executions import removing
from watchbill.features.tenants import queries
from watchbill.kit.clock import now as clock
from watchbill.kit.db import Database
from watchbill.kit.faults import passing
from watchbill.kit.setbacks import Setbacks, impatient
from watchbill.kit.supervision import Alive, nobody

logger = structlog.get_logger(__name__)

INTERVAL_SECONDS = 5.0
# Days are kept to the hour.
_AGAIN = timedelta(hours=1)
# Longer than one turn takes; after it another worker may look at the same tenant.
_LEASE = timedelta(minutes=10)
# A batch is one transaction, and executions may have long journals.
BATCH = 50
# So much of one tenant, and then the others have their turn.
_BATCHES_A_TURN = 40


@dataclass(slots=True)
class Removed:
    """What one turn removed. `more` tells that it did not come to the end."""

    executions: int = 0
    logs: int = 0
    plans: int = 0
    more: bool = False


class Cleaner:
    """Removes what is over its time. Any number of workers may run one: a tenant is looked at by one of them,
    about once an hour, and soon after its settings changed."""

    def __init__(
        self,
        database: Database,
        documents: DocumentStore,
        defaults: TenantDefaults,
        *,
        now: Callable[[], datetime] = clock,
    ):
        self._database = database
        self._documents = documents
        self._defaults = defaults
        self._now = now
        self._alive: Alive = nobody
        self._setbacks = Setbacks("clean-up")

    async def run(self, alive: Alive = nobody) -> None:
        """Look at tenants that are due, until cancelled."""
        self._alive = alive
        while True:
            alive()
            try:
                while await self.clean_next():
                    alive()
            except (OSError, DBAPIError) as error:
                if not passing(error):
                    raise
                logger.warning("cleanings_not_read", error=str(error))
            await asyncio.sleep(INTERVAL_SECONDS)

    async def clean_next(self) -> bool:
        """Clean up for the tenant that is due longest; False when none is."""
        now = self._now()
        async with self._database.transaction() as work:
            tenant_id = await queries.take_cleaning(work.session, now, now + _LEASE)
        if tenant_id is None:
            return False
        try:
            removed = await self.clean(TenantScope(tenant_id))
        except DocumentsUnavailable as error:
            # Its lease ends by itself: then it is tried again.
            logger.warning("cleaning_put_off", tenant_id=str(tenant_id), reason=str(error))
            return True
        except Exception as error:  # one tenant's trouble must not keep the others from being looked at
            if passing(error):
                raise
            # Its lease ends by itself: then it is tried again.
            self._setbacks.note(tenant_id, error)
            return True
        if removed.executions or removed.logs:
            counts = {"executions": removed.executions, "logs": removed.logs, "plans": removed.plans}
            logger.info("executions_cleaned", tenant_id=str(tenant_id), **counts)
        async with self._database.transaction() as work:
            following = now if removed.more else now + _AGAIN
            await queries.clean_at(work.session, tenant_id, now, following)
        return True

    async def clean(self, scope: TenantScope) -> Removed:
        """One turn of one tenant."""
        async with self._database.transaction() as work:
            setting = await queries.setting(work.session, scope.tenant_id)
        defaults, removed = self._defaults, Removed()
        own = (setting.keep_executions_days, setting.keep_logs_days) if setting else (None, None)
        executions = self._before(own[0], defaults.keep_executions_days)
        logs = self._before(own[1], defaults.keep_logs_days)
        for _ in range(_BATCHES_A_TURN):
            self._alive()
            full = False
            if executions is not None:
                full = await self._remove_executions(scope, executions, removed)
            if not full and logs is not None:
                full = await self._remove_logs(scope, logs, removed)
            if not full:
                return removed
        removed.more = True
        return removed

    def _before(self, own: int | None, default: int) -> datetime | None:
        """The moment before which is removed what ended; None when it is kept for ever."""
        days = default if own is None else own
        return self._now() - timedelta(days=days) if days else None

    async def _remove_executions(self, scope: TenantScope, before: datetime, removed: Removed) -> bool:
        """One batch; returns whether there may be more. The documents go first: while a row is left, the next
        turn finds what is left of them."""
        async with self._database.transaction(scope) as work:
            await impatient(work.session)
            ids = await removing.ended(work.session, before, BATCH)
            if ids:
                keys = [str(id_) for id_ in ids]
                await self._documents.delete(scope, "execution_logs", *keys)
                await self._documents.delete(scope, "execution_outputs", *keys)
                await self._documents.delete(scope, "execution_exchanges", *keys)
                removed.plans += await removing.remove(work.session, ids)
        removed.executions += len(ids)
        return len(ids) == BATCH

    async def _remove_logs(self, scope: TenantScope, before: datetime, removed: Removed) -> bool:
        """One batch; returns whether there may be more."""
        async with self._database.transaction(scope) as work:
            await impatient(work.session)
            ids = await removing.ended(work.session, before, BATCH, with_logs=True)
            if ids:
                keys = [str(id_) for id_ in ids]
                await self._documents.delete(scope, "execution_logs", *keys)
                await self._documents.delete(scope, "execution_exchanges", *keys)
                await removing.note_logs_removed(work.session, ids)
        removed.logs += len(ids)
        return len(ids) == BATCH
