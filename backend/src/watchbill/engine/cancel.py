"""Cancelling an execution that no worker has: whoever asks takes it, writes its end, and lets it go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from watchbill.core.events import ExecutionCancelled
from watchbill.core.execution import fold
from watchbill.core.node_types import NodeType
from watchbill.core.plan import bare, stored_plan
from watchbill.core.ports.journal import Journal
from watchbill.core.ports.live import LiveEvents
from watchbill.engine.pending import PendingEvents

_OWNER = "cancel"
_LEASE_SECONDS = 5.0


async def cancel_unowned(
    journal: Journal,
    live: LiveEvents,
    types: Mapping[str, NodeType],
    execution_id: UUID,
    now: Callable[[], datetime],
) -> bool:
    """Cancel an execution that is pending or whose worker died; False if a worker has it or it is over."""
    claims = await journal.claim(
        _OWNER, lease_seconds=_LEASE_SECONDS, limit=1, only=[execution_id], force=True
    )
    for claim in claims:
        # Its outputs are not needed, so neither is what works on them.
        plan = bare(stored_plan(await journal.definition(claim.scope, claim.plan_digest), types))
        state = fold(plan, await journal.events(claim.scope, execution_id))
        pending = PendingEvents(claim, state, now)
        pending.add(ExecutionCancelled(usage=state.usage))
        taken = pending.take()
        await journal.append(claim.scope, [taken.batch], lease_seconds=_LEASE_SECONDS)
        await live.publish(claim.scope, taken.all)
    return bool(claims)
