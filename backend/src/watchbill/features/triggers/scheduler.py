"""Firing schedules that are due: the execution is stored in the transaction that moves the schedule on, so no
time is lost and none is run twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import NotFound, WatchbillError
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.queries.executions import ask
from watchbill.features.triggers import firing, queries, schedule
from watchbill.features.triggers.firing import Call
from watchbill.features.triggers.schemas import Schedule
from watchbill.features.triggers.tables import Firing, Trigger
from watchbill.kit.clock import now as clock
from watchbill.kit.database.transactions import Work
from watchbill.kit.due_work import Due, Within

# A worker that comes a little late did not miss anything.
_ON_TIME = timedelta(seconds=90)
_QUEUE_LOOK = timedelta(seconds=2)
_MOST_QUEUED = 100


class Hints(Protocol):
    """Messages to whoever runs executions; they may be lost."""

    async def execute(self, scope: TenantScope, execution_id: UUID) -> None: ...
    async def cancel(self, execution_id: UUID) -> None: ...


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Fires schedules; tells of the executions when they are stored."""

    hints: Hints
    now: Callable[[], datetime] = clock

    @property
    def kind(self) -> Within:
        """Schedules as due work."""
        return Within(name=queries.SCHEDULE, handle=self._fire, probe=_read)

    async def _fire(self, work: Work, due: Due) -> datetime | None:
        scope = TenantScope(due.tenant_id)
        await work.enter(scope)
        turn = Turn(work.session, scope, self.now())
        look = await turn.take(UUID(due.key))
        for execution_id in turn.started:
            work.after_commit(partial(self.hints.execute, scope, execution_id))
        for execution_id in turn.cancelled:
            work.after_commit(partial(self.hints.cancel, execution_id))
        return look


async def _read(work: Work, tenant_id: UUID) -> None:
    """Read one schedule of the tenant's."""
    await work.enter(TenantScope(tenant_id))
    await queries.any_there(work.session)


@dataclass(slots=True)
class Turn:
    """One look at one schedule."""

    session: AsyncSession
    scope: TenantScope
    now: datetime
    started: list[UUID] = field(default_factory=list[UUID])
    cancelled: list[UUID] = field(default_factory=list[UUID])

    async def take(self, trigger_id: UUID) -> datetime | None:
        """Fire the trigger for every time that has come; returns when to look at it next, None for never."""
        trigger = await queries.by_id(self.session, trigger_id, lock=True)
        if trigger is None or not trigger.is_active or trigger.resume_at is None:
            return None
        rules = Schedule.model_construct(**trigger.config)
        times, upcoming = [], trigger.resume_at
        if trigger.resume_at <= self.now:
            times, upcoming = schedule.due(rules.cron, rules.timezone, trigger.resume_at, self.now)
        waiting = await self._drain(trigger) if rules.overlap == "queue" else 0
        for time in await self._chosen(trigger, rules, times):
            waiting += await self._occur(trigger, rules, time, waiting)
        trigger.resume_at = upcoming
        look = upcoming if trigger.is_active else None
        if waiting and look is not None:
            look = min(look, self.now + _QUEUE_LOOK)
        return look

    async def _chosen(self, trigger: Trigger, rules: Schedule, times: list[datetime]) -> list[datetime]:
        """The times to run at, by the policy for missed ones."""
        missed = [time for time in times if self.now - time > _ON_TIME]
        fresh = times[len(missed) :]
        if rules.missed == "run_all":
            run = missed[-rules.most_missed :]
        else:
            run = missed[-1:] if rules.missed == "run_once" and not fresh else []
        if left := len(missed) - len(run):
            text = (
                f"No worker ran at this time, nor at {left - 1:,} earlier ones."
                if left > 1
                else ("No worker ran at this time.")
            )
            await self._note(trigger, missed[left - 1], "skipped", text)
        return [*run, *fresh]

    async def _occur(self, trigger: Trigger, rules: Schedule, time: datetime, waiting: int) -> int:
        """Run, skip or queue one time; returns how many more wait."""
        alone = rules.overlap == "allow"
        active: Sequence[UUID] = [] if alone else await queries.active_executions(self.session, trigger.id)
        if rules.overlap == "skip" and active:
            await self._note(trigger, time, "skipped", "The execution before was still running.")
            return 0
        if rules.overlap == "queue" and (active or waiting):
            if waiting >= _MOST_QUEUED:
                await self._note(trigger, time, "skipped", f"{_MOST_QUEUED} others were waiting already.")
                return 0
            await self._note(trigger, time, "queued", None)
            return 1
        if rules.overlap == "cancel_previous":
            for execution_id in active:
                if await ask(self.session, self.scope, execution_id, cancel=True):
                    self.cancelled.append(execution_id)
        try:
            fired = await firing.start(self.session, self.scope, trigger, _call(time))
        except WatchbillError as error:
            await self._failed(trigger, error)
            # A flow that somebody switched off is meant not to run.
            outcome = "skipped" if error.error_code == "flow_inactive" else "failed"
            await self._note(trigger, time, outcome, error.detail)
        else:
            self._count(fired)
        return 0

    async def _drain(self, trigger: Trigger) -> int:
        """Start the oldest that waits if nothing runs; returns how many still wait."""
        waiting = list(await queries.queued(self.session, trigger.id))
        while waiting and not await queries.active_executions(self.session, trigger.id):
            oldest = waiting.pop(0)
            try:
                await firing.resume(self.session, self.scope, trigger, oldest, _call(oldest.at))
            except WatchbillError as error:
                await self._failed(trigger, error)
                oldest.outcome, oldest.message = "failed", error.detail
                await self.session.flush()
            else:
                self._count(oldest)
        return len(waiting)

    async def _failed(self, trigger: Trigger, error: WatchbillError) -> None:
        """A schedule whose flow was deleted has nothing to do any more."""
        if isinstance(error, NotFound) and error.error_code == NotFound.code:
            trigger.is_active = False
            await queries.skip_queued(self.session, trigger.id, "The flow was deleted.")

    async def _note(
        self, trigger: Trigger, time: datetime, outcome: firing.Outcome, message: str | None
    ) -> None:
        await firing.note(self.session, trigger, _call(time), outcome, message=message)

    def _count(self, fired: Firing) -> None:
        if fired.execution_id is not None:
            self.started.append(fired.execution_id)


def _call(time: datetime) -> Call:
    return Call("schedule", time, {"scheduled_at": time.isoformat()})
