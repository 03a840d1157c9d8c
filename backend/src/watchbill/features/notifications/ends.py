"""Noting once, for each execution that is over, who is to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from watchbill.core.tenancy import TenantScope
from watchbill.features.notifications import queries
from watchbill.kit.clock import now as clock
from watchbill.kit.database.transactions import Work
from watchbill.kit.due_work import Due, Within

_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Ends:
    """Makes the deliveries about executions that are over."""

    now: Callable[[], datetime] = clock

    @property
    def kind(self) -> Within:
        """Ends as due work."""
        return Within(name=queries.END, handle=self._note, also_suspended=True)

    async def _note(self, work: Work, due: Due) -> None:
        scope = TenantScope(due.tenant_id)
        await work.enter(scope)
        found = await queries.execution(work.session, UUID(due.key))
        if found is None:
            return
        rows = [
            {
                "id": uuid4(),
                "notification_id": wanted.id,
                "execution_id": found[0].id,
                "recipient": recipient,
            }
            for wanted in await queries.interested(work.session, found[0])
            for recipient in wanted.recipients
        ]
        if rows:
            await queries.add_deliveries(work.session, scope, rows, self.now())
            await queries.forget(work.session, self.now() - _KEPT)
