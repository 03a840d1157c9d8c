"""The worker's one loop over due work: asks once a second what is due, whatever the number of tenants and
kinds, and does it by the kinds' handlers, with limits for each of them and each tenant."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from watchbill.kit.clock import now as clock
from watchbill.kit.database.faults import passing
from watchbill.kit.database.transactions import Database, in_turn_of
from watchbill.kit.due_work import store
from watchbill.kit.due_work.kinds import Due, Kind, Leased, Within
from watchbill.kit.process.setbacks import Setbacks, TenantFailed, impatient, theirs
from watchbill.kit.process.supervision import Alive, end, nobody

logger = structlog.get_logger(__name__)

INTERVAL_SECONDS = 1.0
# Between two questions when there is much to do.
_LEAST_SECONDS = 0.05
# Longer than anything takes that awaits nothing outside: whoever hangs gives the row back.
_WITHIN_SECONDS = 60.0
# What fails by a mistake of ours is put off by itself: the others of its tenant may be well.
_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 300


class HungUp(Exception):
    """The work took longer than it may, and was given up."""


class _Lane:
    """What one worker has in hand of one kind."""

    def __init__(self, kind: Kind, setbacks: Setbacks):
        self.kind = kind
        self.setbacks = setbacks
        self.tasks: dict[asyncio.Task[bool], Due] = {}
        self.turns = asyncio.Semaphore(kind.at_once if isinstance(kind, Within) else kind.most)
        self._one_of_each: dict[UUID, asyncio.Lock] = {}

    def one_of(self, tenant_id: UUID) -> asyncio.Lock:
        """Lets a tenant have one thing done at a time: who waits for its tables waits behind it, and not in
        the places of others."""
        return self._one_of_each.setdefault(tenant_id, asyncio.Lock())

    def ended(self, task: asyncio.Task[bool]) -> None:
        """Forget what is no longer in hand."""
        tenant_id = self.tasks.pop(task).tenant_id
        if all(due.tenant_id != tenant_id for due in self.tasks.values()):
            self._one_of_each.pop(tenant_id, None)

    def room(self) -> store.Room:
        """How much more may be taken."""
        held = Counter(due.tenant_id for due in self.tasks.values())
        shares = {tenant_id: max(0, self.kind.each - count) for tenant_id, count in held.items()}
        shares |= dict.fromkeys(self.setbacks.away(), 0)
        # A lease keeps it from being picked again by itself.
        busy = tuple(self.tasks.values()) if isinstance(self.kind, Within) else ()
        return store.Room(self.kind, max(0, self.kind.most - len(self.tasks)), shares, busy)


class DueWork:
    """Does what is due. Any number of workers may run one.

    Args:
        kinds: what it knows to do; nobody else's rows are touched.
        now: the time by which things are due.
        setbacks: makes what remembers, for one kind, which tenants are left alone for now.
    """

    def __init__(
        self,
        database: Database,
        kinds: Sequence[Kind],
        *,
        now: Callable[[], datetime] = clock,
        setbacks: Callable[[str], Setbacks] = Setbacks,
    ):
        self._database = database
        self._now = now
        self._lanes = {kind.name: _Lane(kind, setbacks(kind.name)) for kind in kinds}
        self._more = asyncio.Event()

    async def run(self, alive: Alive = nobody) -> None:
        """Do what is due, until cancelled."""
        try:
            while True:
                alive()
                self._more.clear()
                try:
                    await self.begin()
                except (OSError, DBAPIError) as error:
                    if not passing(error):
                        raise
                    logger.warning("due_work_not_read", error=str(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL_SECONDS):
                        await self._more.wait()
                        await asyncio.sleep(_LEAST_SECONDS)
        finally:
            await end(self._under_way())

    async def drain(self) -> None:
        """Do everything that is due now, and what becomes due by it."""
        while await self.begin() or self._under_way():
            await self.done()

    async def begin(self) -> int:
        """Begin what is due, as much as there is room for; returns how much."""
        rooms = [room for lane in self._lanes.values() if (room := lane.room()).room]
        if not rooms:
            return 0
        async with self._database.transaction() as work:
            taken = await store.take(work.session, rooms, self._now())
        for due in taken:
            lane = self._lanes[due.kind]
            task = asyncio.create_task(self._do(lane, due))
            lane.tasks[task] = due
            task.add_done_callback(partial(self._ended, lane))
        return len(taken)

    async def done(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way())

    def _under_way(self) -> list[asyncio.Task[bool]]:
        return [task for lane in self._lanes.values() for task in lane.tasks]

    def _ended(self, lane: _Lane, task: asyncio.Task[bool]) -> None:
        lane.ended(task)
        # What got nowhere would be met again at once.
        got_somewhere = not task.cancelled() and task.result()
        if got_somewhere and len(lane.tasks) <= lane.kind.most // 2:
            self._more.set()

    async def _do(self, lane: _Lane, due: Due) -> bool:
        """One attempt, which may fail in any way: others go on. Returns whether it got somewhere."""
        kind = lane.kind
        try:
            if isinstance(kind, Leased):
                return await self._leased(lane, kind, due)
            async with lane.one_of(due.tenant_id), lane.turns:
                # Something of the tenant's may have failed while this waited.
                if due.tenant_id in lane.setbacks.away():
                    return False
                return await self._within(lane, kind, due)
        except Exception as error:  # the border of a background task
            fields = {"kind": due.kind, "tenant_id": str(due.tenant_id), "key": due.key}
            logger.warning("due_work_not_done", **fields, error=str(error), exc_info=not passing(error))
            return False

    async def _within(self, lane: _Lane, kind: Within, due: Due) -> bool:
        # Not the service's turn: a tenant whose tables somebody holds keeps only its own waiting.
        in_turn_of(f"due work of {due.tenant_id}")
        held: Due | None = None
        limit = asyncio.timeout(_WITHIN_SECONDS)
        try:
            async with limit, self._database.transaction() as work:
                await impatient(work.session)
                now, suspended = self._now(), kind.also_suspended
                held = await store.hold(work.session, due, now, also_suspended=suspended)
                if held is None:
                    return False
                with theirs(due.tenant_id):
                    await store.settle(work.session, held, await kind.handle(work, held))
        except Exception as error:
            told = _told(error, limit)
            if held is None or passing(told):
                raise
            await self._put_off(lane, kind, held, told)
            return False
        lane.setbacks.well(due.tenant_id)
        return True

    async def _put_off(self, lane: _Lane, kind: Within, due: Due, error: Exception) -> None:
        """What fails must not keep the others from being done, those of its tenant either: they come before
        it the next time."""
        if isinstance(error, (DBAPIError, HungUp)):
            alone = await self._alone(kind, due.tenant_id)
            wait = lane.setbacks.note(due.tenant_id, error, longer=not alone)
        else:
            fields = {"kind": due.kind, "tenant_id": str(due.tenant_id), "key": due.key}
            logger.error("due_work_failed", **fields, exc_info=error)
            wait = min(_FIRST_PAUSE_SECONDS * 2 ** min(due.attempts, 10), _LONGEST_PAUSE_SECONDS)
        async with self._database.transaction() as work:
            await store.postpone(work.session, due, self._now() + timedelta(seconds=wait))

    async def _alone(self, kind: Within, tenant_id: UUID) -> bool:
        """Whether the tenant's part of the database can be read, so that what failed may be the trouble of
        one row: many such must not put each other off until those that are well have missed their time."""
        if kind.probe is None:
            return False
        try:
            async with self._database.transaction() as work:
                await impatient(work.session)
                with theirs(tenant_id):
                    await kind.probe(work, tenant_id)
        except TenantFailed:
            return False
        return True

    async def _leased(self, lane: _Lane, kind: Leased, due: Due) -> bool:
        limit = asyncio.timeout(kind.lease.total_seconds())
        try:
            async with limit:
                await kind.handle(due)
        except Exception as error:
            # Its lease ends by itself: then it is tried again.
            told = _told(error, limit)
            if passing(told):
                raise
            lane.setbacks.note(due.tenant_id, told)
            return False
        lane.setbacks.well(due.tenant_id)
        return True


def _told(error: Exception, limit: asyncio.Timeout) -> Exception:
    """What went wrong, without who says so."""
    if limit.expired():
        return HungUp(HungUp.__doc__)
    cause = error.__cause__
    told = isinstance(error, TenantFailed) or isinstance(cause, DBAPIError)
    return cause if told and isinstance(cause, Exception) else error
