"""Removing what tenants need not keep any more: executions and logs whose time is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from watchbill.core.ports.documents import Collection, DocumentStore, DocumentsUnavailable
from watchbill.core.tenancy import TenantDefaults, TenantScope
from watchbill.features.executions.queries import removing
from watchbill.features.tenants import queries
from watchbill.kit import due_work
from watchbill.kit.clock import now as clock
from watchbill.kit.database.transactions import Database, Work
from watchbill.kit.due_work import Due, Leased
from watchbill.kit.process.setbacks import impatient

logger = structlog.get_logger(__name__)

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
    """Removes what is over its time. A tenant is looked at by one worker about once an hour, and soon after
    its settings changed."""

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

    @property
    def kind(self) -> Leased:
        """The clean-up as due work."""
        return Leased(
            name=queries.CLEAN_UP, handle=self._turn, lease=_LEASE, most=2, each=1, also_suspended=True
        )

    async def _turn(self, due: Due) -> None:
        now = self._now()
        try:
            removed = await self.clean(TenantScope(due.tenant_id))
        except DocumentsUnavailable as error:
            # Its lease ends by itself: then it is tried again.
            logger.warning("cleaning_put_off", tenant_id=str(due.tenant_id), reason=str(error))
            return
        if removed.executions or removed.logs:
            counts = {"executions": removed.executions, "logs": removed.logs, "plans": removed.plans}
            logger.info("executions_cleaned", tenant_id=str(due.tenant_id), **counts)
        async with self._database.transaction() as work:
            # Not when somebody asked for it meanwhile.
            await due_work.settle(work.session, due, now if removed.more else now + _AGAIN)

    async def clean(self, scope: TenantScope) -> Removed:
        """One turn of one tenant."""
        async with self._database.transaction() as work:
            setting = await queries.setting(work.session, scope.tenant_id)
        defaults, removed = self._defaults, Removed()
        own = (setting.keep_executions_days, setting.keep_logs_days) if setting else (None, None)
        executions = self._before(own[0], defaults.keep_executions_days)
        logs = self._before(own[1], defaults.keep_logs_days)
        for _ in range(_BATCHES_A_TURN):
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
        kinds: tuple[Collection, ...] = ("execution_logs", "execution_outputs", "execution_exchanges")
        async with self._database.transaction(scope) as work:
            await impatient(work.session)
            ids = await removing.ended(work.session, before, BATCH)
            if ids:
                await self._delete_documents(work, scope, ids, kinds)
                # Whoever resumed one meanwhile keeps it, with what is left.
                still = await removing.ended(work.session, before, BATCH, among=ids)
                removed.plans += await removing.remove(work.session, still)
        removed.executions += len(ids)
        return len(ids) == BATCH

    async def _remove_logs(self, scope: TenantScope, before: datetime, removed: Removed) -> bool:
        """One batch; returns whether there may be more."""
        async with self._database.transaction(scope) as work:
            await impatient(work.session)
            ids = await removing.ended(work.session, before, BATCH, with_logs=True)
            if ids:
                await self._delete_documents(work, scope, ids, ("execution_logs", "execution_exchanges"))
                await removing.note_logs_removed(work.session, ids)
        removed.logs += len(ids)
        return len(ids) == BATCH

    async def _delete_documents(
        self, work: Work, scope: TenantScope, ids: Sequence[UUID], kinds: Sequence[Collection]
    ) -> None:
        keys = [str(id_) for id_ in ids]
        async with work.outside():
            for kind in kinds:
                await self._documents.delete(scope, kind, *keys)
