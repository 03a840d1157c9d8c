"""The journal: who may write an execution, and what was written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from watchbill.core.errors import WatchbillError
from watchbill.core.events import Event, ExecutionStatus
from watchbill.core.tenancy import TenantScope


class Fenced(WatchbillError):
    """Another worker took the execution over; nothing more of this one may be written."""

    code = "fenced"
    title = "The execution belongs to another worker now"


@dataclass(frozen=True, slots=True)
class Control:
    """What people ask of an execution: to end, to start nothing for now, or to look at what changed (`wakes`
    rises each time)."""

    cancel: bool = False
    pause: bool = False
    wakes: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write an execution until the lease ends. `epoch` rises with each claim. Of the events up
    to `traced` none is missing in any store."""

    scope: TenantScope
    execution_id: UUID
    epoch: int
    last_seq: int
    plan_digest: str
    control: Control = Control()
    limited: bool = False  # counts against a limit, so that its end may let another begin
    events: Sequence[Event] | None = None  # all that was written so far, where the claim brought it along
    traced: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Columns of the execution's row that change with a batch; None leaves `started_at` as it is."""

    status: ExecutionStatus
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outputs: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Park:
    """Nothing can be done before `until`, UTC (None: before somebody wakes it): the claim is given back. If
    it was woken more often than `wakes`, somebody did so meanwhile, and it can be claimed again at once."""

    until: datetime | None
    wakes: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to write at once. `events` are those of the journal; `last_seq` also counts traced ones.
    `approvals` tells that some of them ask a person or end such a question; `snapshot` is the state after
    them, packed (core.execution.snapshot), kept in place of an earlier one. Up to `traced` every event is in
    its store."""

    execution_id: UUID
    epoch: int
    last_seq: int
    events: Sequence[Event]
    outcome: Outcome | None = None
    park: Park | None = None
    approvals: bool = False
    snapshot: str | None = None
    traced: int = 0


class Journal(Protocol):
    """Claims, leases and events. Each write names the epoch of its claim and is refused under a newer one.
    Every method raises an OSError when the database does not answer."""

    async def claim(
        self,
        owner: str,
        *,
        lease_seconds: float,
        limit: int,
        only: Collection[UUID] | None = None,
        of: TenantScope | None = None,
        force: bool = False,
        held: Collection[UUID] = (),
    ) -> list[Claim]:
        """Take up to `limit` executions that are due and unowned, or whose lease has ended.

        Tenants take turns, the ones with fewest running first, and no flow or tenant gets more than its limit
        of running executions. `only` restricts it to these executions and passes over those under a limit;
        `of` names the tenant whose they are, and then claims of short executions bring their events along;
        `force` takes these whatever their limits and due times, to end them. Without `only`, those of the
        owner's own that it still has (`held`) are passed over though their lease has ended.
        """
        ...

    async def heartbeat(
        self, owner: str, executions: Collection[UUID], *, lease_seconds: float
    ) -> Mapping[UUID, Control]:
        """Extend the owner's leases on these executions; returns what is asked of each."""
        ...

    async def events(
        self, scope: TenantScope, execution_id: UUID, *, after: int = 0, limit: int | None = None
    ) -> list[Event]:
        """Events of the journal with seq > after, in order."""
        ...

    async def seqs(self, scope: TenantScope, execution_id: UUID, *, after: int = 0) -> list[int]:
        """Only the numbers of these events."""
        ...

    async def snapshot(self, scope: TenantScope, execution_id: UUID) -> str | None:
        """The newest snapshot of the execution's state, if there is one, packed."""
        ...

    async def definition(self, scope: TenantScope, digest: str) -> dict[str, Any]:
        """The flow definition a plan was made from, every stored agent and crew written in."""
        ...

    async def append(
        self, scope: TenantScope, batches: Sequence[Batch], *, lease_seconds: float, again: bool = False
    ) -> Mapping[UUID, Control]:
        """Write batches of different executions of one tenant in one transaction, extending their leases.

        An outcome with a final status ends the claim, and so does `park`. Returns the executions that were
        written and what is asked of each; those missing were fenced off and nothing of theirs was written.
        `again` tells that an earlier call with the same batches may have written them, since its answer was
        lost: what is there already counts as written, and is not written a second time.
        """
        ...

    async def outcome(self, scope: TenantScope, execution_id: UUID) -> Outcome | None:
        """The execution's row as it is now; None when there is none."""
        ...

    async def control(self, execution_id: UUID, epoch: int) -> Control | None:
        """What is asked of an execution now; None when this claim is not the newest any more."""
        ...

    async def answers(self, scope: TenantScope, execution_id: UUID) -> Mapping[str, Mapping[str, Any]]:
        """What people answered to the execution's open questions, by the node's path."""
        ...

    async def release(self, execution_id: UUID, epoch: int) -> None:
        """Give a claim back so that another worker can take the execution at once."""
        ...

    async def put_off(self, execution_id: UUID, epoch: int, seconds: float) -> None:
        """Give a claim back so that nobody takes the execution before so many seconds are over, or somebody
        asks something of it."""
        ...

    async def owners(self) -> set[str]:
        """The workers that have executions."""
        ...

    async def abandon(self, owner: str) -> int:
        """Give back everything that a worker had which is no more; returns how many executions."""
        ...
