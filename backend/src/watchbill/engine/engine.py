"""The engine of one worker: takes executions, drives them side by side, keeps their leases, and lets go."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from watchbill.core.events import Event
from watchbill.core.execution import ExecutionState, apply, restore_in_parts, unpacked
from watchbill.core.node_types import NodeType
from watchbill.core.plan import Plan, bare, stored_plan
from watchbill.core.ports import Ports
from watchbill.core.ports.documents import Document, DocumentsUnavailable
from watchbill.core.ports.journal import Claim, Fenced
from watchbill.core.tenancy import TenantScope
from watchbill.engine.claimed_execution import ClaimedExecution
from watchbill.engine.committer import Committer
from watchbill.engine.large_outputs import lost_in_snapshot, lost_output, whole, whole_snapshot
from watchbill.engine.missing import Missing, notes_of_missing
from watchbill.engine.settings import EngineSettings
from watchbill.engine.slices import Slices
from watchbill.kit.database.faults import again
from watchbill.kit.process.setbacks import Setbacks
from watchbill.kit.process.supervision import Alive, Supervisor

logger = structlog.get_logger(__name__)

CLAIMING, HEARTBEAT = "claiming", "heartbeat"
# A loop that gets nowhere for so long is stuck: nothing that it waits for takes as long.
_STUCK_SECONDS = 60.0
_PLANS_KEPT = 256
# So many executions of a tenant are claimed and begin together, when it has more of them to begin.
_HINTS_OF_ONE = 8
# Executions with fewer events are folded from the beginning: it is faster than asking for a snapshot.
_LONG = 500
_FOLDED_AT_ONCE = 250  # some milliseconds


class Engine:
    """Runs executions. All methods are called on its event loop."""

    def __init__(
        self,
        *,
        ports: Ports,
        node_types: Mapping[str, NodeType],
        settings: EngineSettings,
        now: Callable[[], datetime],
        supervisor: Supervisor | None = None,
    ):
        self._supervisor = supervisor or Supervisor()
        self._setbacks = Setbacks("executions")
        self.claims = 0
        self._ports = ports
        self._journal, self._documents = ports.journal, ports.documents
        self._types = node_types
        self._settings = settings
        self._now = now
        self.missing = Missing()
        self._committer = Committer(ports, settings, self.missing)
        self._claimed: dict[UUID, ClaimedExecution] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._looks: set[asyncio.Task[None]] = set()
        self._hints: dict[TenantScope, OrderedDict[UUID, None]] = {}
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._slices = Slices()
        self._poke = asyncio.Event()
        self._sweep_now = False
        self._draining = False
        self._claimed_last = asyncio.Event()

    def start(self) -> None:
        """Begin to claim, sweep and extend leases."""
        self._supervisor.keep(CLAIMING, self._claiming, stuck_seconds=_STUCK_SECONDS)
        self._supervisor.keep(HEARTBEAT, self._beating, stuck_seconds=_STUCK_SECONDS)

    @property
    def running(self) -> int:
        """How many executions it drives now."""
        return len(self._tasks)

    @property
    def capacity(self) -> int:
        """How many it may drive at a time."""
        return self._settings.capacity

    @property
    def draining(self) -> bool:
        """Whether it claims nothing more."""
        return self._draining

    def hint(self, scope: TenantScope, execution_id: UUID) -> None:
        """Say that an execution may be ready to be claimed. A hint that is lost or repeated does no harm."""
        self._hints.setdefault(scope, OrderedDict())[execution_id] = None
        self._poke.set()

    def cancel(self, execution_id: UUID) -> None:
        """Stop an execution if it runs here."""
        if execution := self._claimed.get(execution_id):
            execution.cancel()

    def wake(self, execution_id: UUID) -> None:
        """Somebody asked something of an execution; if it runs here, it finds out what."""
        if execution := self._claimed.get(execution_id):
            task = asyncio.create_task(execution.look(), name=f"look {execution_id}")
            self._looks.add(task)
            task.add_done_callback(self._looked)

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._looks.discard(task)
        # The next heartbeat tells what this look did not find out.
        if not task.cancelled() and (error := task.exception()):
            logger.warning("look_failed", error=str(error))

    async def stop(self, *, grace_seconds: float) -> None:
        """Claim nothing more, give what runs `grace_seconds` to finish, and hand the rest over."""
        self._draining = True
        self._poke.set()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace_seconds
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                # What is being claimed at this moment belongs to what runs.
                await self._claimed_last.wait()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=max(0.0, deadline - loop.time()))
        await self._supervisor.stop(CLAIMING)
        # One that has not begun could not release what it was given.
        await asyncio.sleep(0)
        for task in (*self._looks, *self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._supervisor.stop(HEARTBEAT)
        await self._committer.finish()

    async def _claiming(self, alive: Alive) -> None:
        """Claims hinted executions at once, and sweeps for all others at intervals."""
        loop = asyncio.get_running_loop()
        next_sweep = loop.time()
        while not self._draining:
            alive()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, next_sweep - loop.time())):
                    await self._poke.wait()
            self._poke.clear()
            try:
                await self._claim_hinted()
                if self._sweep_now or loop.time() >= next_sweep:
                    self._sweep_now = False
                    next_sweep = loop.time() + self._settings.sweep_seconds
                    if await self._claim() == self._settings.claim_batch:
                        self._sweep_soon()
            except OSError as error:
                logger.warning("claim_failed", error=str(error))
                # Whoever lives extends its leases first: what it has in flight need not be done twice.
                next_sweep = loop.time() + max(
                    self._settings.sweep_seconds, 2 * self._settings.heartbeat_seconds
                )
        self._claimed_last.set()
        # Until `stop` has ended it: an end of its own would be a trouble.
        await asyncio.Event().wait()

    @property
    def _room(self) -> int:
        return max(0, self._settings.capacity - len(self._tasks))

    def _sweep_soon(self) -> None:
        self._sweep_now = True
        self._poke.set()

    async def _claim_hinted(self) -> None:
        tenants = self._next_hinted()
        # Nobody waits for those who have more to begin.
        for scope, wanted in sorted(tenants.items(), key=lambda of: len(of[1])):
            try:
                if self._room and await self._claim(wanted, scope) < len(wanted):
                    # Perhaps a limit is in the way: only a sweep counts what is running.
                    self._sweep_now = True
            except Exception as error:
                if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                    raise
                # Something of the tenant is broken or locked, and a sweep needs nothing of it.
                self._setbacks.note(scope.tenant_id, error)
                self._sweep_now = True

    def _next_hinted(self) -> dict[TenantScope, list[UUID]]:
        """The next few of each tenant. Its others come after what tenants are told of meanwhile."""
        hinted, self._hints = self._hints, {}
        tenants: dict[TenantScope, list[UUID]] = {}
        if not self._room:
            # A sweep finds them when there is.
            return tenants
        away = set(self._setbacks.away())
        for scope, ids in hinted.items():
            if scope.tenant_id in away:
                continue
            some = [ids.popitem(last=False)[0] for _ in range(min(len(ids), _HINTS_OF_ONE))]
            if wanted := [id_ for id_ in some if id_ not in self._claimed]:
                tenants[scope] = wanted
            if ids:
                self._hints[scope] = ids
                self._poke.set()
        return tenants

    async def _claim(self, only: list[UUID] | None = None, of: TenantScope | None = None) -> int:
        if self._draining or not self._room:
            return 0
        settings = self._settings
        claims = await self._journal.claim(
            settings.owner,
            lease_seconds=settings.lease_seconds,
            limit=min(self._room, settings.claim_batch),
            only=only,
            of=of,
            held=list(self._claimed),  # alive, even where leases ended while the database hung
        )
        for claim in claims:
            task = asyncio.create_task(self._drive(claim), name=f"execution {claim.execution_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.claims += len(claims)
        return len(claims)

    async def _drive(self, claim: Claim) -> None:
        execution: ClaimedExecution | None = None
        try:
            if (prepared := await self._prepared(claim)) is not None:
                execution = self._claimed[claim.execution_id] = prepared
                await execution.drive()
        except Fenced:
            logger.warning("execution_fenced", execution_id=str(claim.execution_id), epoch=claim.epoch)
        except asyncio.CancelledError:
            await asyncio.shield(self._journal.release(claim.execution_id, claim.epoch))
            raise
        except DocumentsUnavailable as error:
            # A large output cannot be had or stored: it is tried again when the lease runs out.
            self.missing.note(error, executions_put_off=1)
        except OSError as error:
            # The database was away for longer than it was waited for; the same.
            logger.warning("execution_put_off", execution_id=str(claim.execution_id), error=str(error))
        except Exception:
            # One of the three broad places.
            logger.exception("execution_crashed", execution_id=str(claim.execution_id), epoch=claim.epoch)
            await self._put_off(claim, self._settings.lease_seconds)
        finally:
            if self._claimed.get(claim.execution_id) is execution:
                self._claimed.pop(claim.execution_id, None)
            if claim.limited:
                self._sweep_soon()

    async def _prepared(self, claim: Claim) -> ClaimedExecution | None:
        """The execution, as far as it went before; None when something of its tenant is broken or locked, so
        that it cannot be read. It is put off then, for longer each time."""

        async def read() -> ClaimedExecution:
            async with asyncio.timeout(self._settings.journal_seconds):
                return await self._prepare(claim)

        try:
            return await again(read, seconds=self._settings.lease_seconds, what="execution", passes=_away)
        except Exception as error:
            if _away(error) or isinstance(error, DocumentsUnavailable | Fenced):
                raise
            await self._put_off(claim, self._setbacks.note(claim.scope.tenant_id, error))
            return None

    async def _put_off(self, claim: Claim, seconds: float) -> None:
        try:
            await self._journal.put_off(claim.execution_id, claim.epoch, seconds)
        except OSError as error:
            logger.warning("execution_not_put_off", execution_id=str(claim.execution_id), error=str(error))

    async def _prepare(self, claim: Claim) -> ClaimedExecution:
        plan = await self._plan(claim)
        if claim.control.cancel:
            # What is only to be cancelled needs no outputs, and must not wait for them.
            plan = bare(plan)
        state, lost = await self._known(claim, plan)
        known = state.seq
        seqs: list[int] = []
        async for part in self._parts(claim, state.seq):
            seqs += [event.seq for event in part]
            events = part
            if not claim.control.cancel:
                events = await whole(self._documents, claim.scope, part, rounds=True)
            lost = lost or lost_output(events)
            for event in events:
                apply(state, event)
            # Others have their turns: all of a long execution takes seconds.
            await asyncio.sleep(0)
        whole_trace = claim.epoch == 1 or await self._mend_traces(claim, seqs, known)
        state.seq = claim.last_seq
        execution = ClaimedExecution(
            claim,
            state,
            self._ports,
            self._committer,
            self._settings,
            self._now,
            self._slices,
            lost,
        )
        execution.pending.since_snapshot = claim.last_seq - known
        execution.pending.traced = claim.last_seq if whole_trace else None
        return execution

    async def _parts(self, claim: Claim, after: int) -> AsyncGenerator[Sequence[Event]]:
        """The journal's events after a number, some at a time."""
        if claim.events is not None:
            yield claim.events
            return
        scope, id_ = claim.scope, claim.execution_id
        while True:
            part = await self._journal.events(scope, id_, after=after, limit=_FOLDED_AT_ONCE)
            yield part
            if len(part) < _FOLDED_AT_ONCE:
                return
            after = part[-1].seq

    async def _known(self, claim: Claim, plan: Plan) -> tuple[ExecutionState, str | None]:
        """Where to fold from: the newest snapshot of a long execution, or the beginning; and the node of it
        whose output is gone."""
        if claim.last_seq >= _LONG and plan.obstacle is None:
            text = await self._journal.snapshot(claim.scope, claim.execution_id)
            if text is not None:
                stored = await whole_snapshot(
                    self._documents, claim.scope, claim.execution_id, await unpacked(text), rounds=True
                )
                if (state := await restore_in_parts(plan, stored)) is not None:
                    return state, lost_in_snapshot(stored)
        return ExecutionState.initial(plan), None

    async def _plan(self, claim: Claim) -> Plan:
        """The compiled plan; definitions never change under their digest, so plans are kept."""
        if plan := self._plans.get(claim.plan_digest):
            self._plans.move_to_end(claim.plan_digest)
            return plan
        definition = await self._journal.definition(claim.scope, claim.plan_digest)
        # It was checked within a budget when it was stored, and yet it may take a second.
        plan = await asyncio.to_thread(stored_plan, definition, self._types)
        self._plans[claim.plan_digest] = plan
        if len(self._plans) > _PLANS_KEPT:
            self._plans.popitem(last=False)
        return plan

    async def _mend_traces(self, claim: Claim, folded: Sequence[int], after: int) -> bool:
        """Fill the numbers of trace events that the last worker gave out but could not write; returns whether
        none is missing now. Documents that are away are not waited for: whoever watches gets past the holes
        when the execution is over."""
        scope, id_, key = claim.scope, claim.execution_id, str(claim.execution_id)
        # The trace is written after the journal: what was lost may be older than the snapshot.
        seqs = [seq for seq in folded if seq > claim.traced]
        if claim.traced < after:
            seqs = await self._journal.seqs(scope, id_, after=claim.traced)
        if len(seqs) == claim.last_seq - claim.traced:
            return True
        try:
            stored = await self._documents.seqs(scope, "execution_logs", key, after=claim.traced)
            if notes := notes_of_missing(claim.traced, claim.last_seq, [*seqs, *stored]):
                now = self._now()
                entries = [(key, Document(seq, now, body)) for seq, body in notes.items()]
                await self._documents.append(scope, "execution_logs", entries)
        except DocumentsUnavailable as error:
            self.missing.note(error, traces_not_mended=1)
            return False
        return True

    async def _beating(self, alive: Alive) -> None:
        while True:
            alive()
            await asyncio.sleep(self._settings.heartbeat_seconds)
            try:
                # Only what runs here: the lease of an execution that crashed must run out.
                asked = await self._journal.heartbeat(
                    self._settings.owner, list(self._claimed), lease_seconds=self._settings.lease_seconds
                )
            except OSError as error:
                logger.warning("heartbeat_failed", error=str(error))
                continue
            for execution_id, control in asked.items():
                if execution := self._claimed.get(execution_id):
                    execution.heed(control)


def _away(error: Exception) -> bool:
    """Whether the database does not answer anybody. A lock that cannot be had is a tenant's trouble."""
    return isinstance(error, OSError) and not isinstance(error, TimeoutError | DocumentsUnavailable)
