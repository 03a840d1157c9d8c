"""Driving one claimed execution from wherever its journal stands until it ends or has to wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from watchbill.core import events as e
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import ExecutionFailure, ExecutionStatus
from watchbill.core.exchange import Exchange
from watchbill.core.execution import ExecutionState
from watchbill.core.execution.decide import next_deadline
from watchbill.core.execution.state import owner_of
from watchbill.core.ports import Ports
from watchbill.core.ports.journal import Claim, Control, Fenced, Park
from watchbill.engine.attempt import Attempt, Ended
from watchbill.engine.command_runner import CommandRunner
from watchbill.engine.committer import Committer
from watchbill.engine.computing import Computing
from watchbill.engine.evaluating import Closing, Rendered
from watchbill.engine.large_outputs import LARGE_BYTES
from watchbill.engine.pending import PendingEvents
from watchbill.engine.settings import EngineSettings
from watchbill.engine.slices import SliceResult, Slices
from watchbill.engine.totals import Totals
from watchbill.kit.database.faults import again

logger = structlog.get_logger(__name__)
# After so many slices of work what was done is committed, even if more could be done at once.
_SLICES = 4
# How the work for a node or iteration ended.
_How = Ended | Rendered | Closing | NodeError
_Work = Callable[[], Coroutine[Any, Any, _How]]


class ClaimedExecution:
    """One execution under one claim: decide, start, record, commit, until its state is final or nothing can
    be done for a while."""

    def __init__(
        self,
        claim: Claim,
        state: ExecutionState,
        ports: Ports,
        committer: Committer,
        settings: EngineSettings,
        now: Callable[[], datetime],
        slices: Slices,
        lost: str | None = None,
    ):
        self.claim = claim
        self.state = state
        self.pending = PendingEvents(claim, state, now)
        held = sum(LARGE_BYTES for node in state.nodes.values() if node.output_ref)
        self._commands = CommandRunner(claim, state, self.pending, now, Totals(state, settings, held))
        self._ports = ports
        self._computing = Computing(ports.compute, claim.scope)
        self._committer = committer
        self._settings = settings
        self._now = now
        self._slices = slices
        # Whether the last slice of it was not all.
        self._more = False
        # The node whose large output is gone from the documents.
        self._lost = lost
        self._control = claim.control
        self._seen_wakes = -1
        self._wake = asyncio.Event()
        self._ended: list[tuple[asyncio.Task[None], str, _How]] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def cancel(self) -> None:
        """Stop it: calls in flight are cut off and nothing new starts."""
        self.heed(Control(True, self._control.pause, self._control.wakes))

    def heed(self, control: Control) -> None:
        """Take in what is asked of the execution now. A cancel is never taken back."""
        cancel = control.cancel or self._control.cancel
        if (cancel, control.pause, control.wakes) != (
            self._control.cancel,
            self._control.pause,
            self._control.wakes,
        ):
            self._control = Control(cancel, control.pause, max(control.wakes, self._control.wakes))
            self._wake.set()
            self.pending.stopping = cancel

    async def look(self) -> None:
        """Somebody asked something of the execution: find out what."""
        control = await self._ports.journal.control(self.claim.execution_id, self.claim.epoch)
        if control is not None:
            self.heed(control)

    async def drive(self) -> None:
        """Run until the state is final, or nothing can be done and the claim is given back.

        Raises:
            Fenced: another worker took over; everything of this one was stopped.
            asyncio.CancelledError: the worker is stopping; the claim should be released.
        """
        try:
            self._begin()
            while not await self._turn():
                pass
        finally:
            self._committer.forget(self.pending)
            await self._stop_tasks()

    async def _turn(self) -> bool:
        """One turn of the loop: take in what happened, do what follows, make it durable, start what is to
        start. Returns whether that was the last one."""
        self._wake.clear()
        result = await self._advanced()
        self._stop_strays()
        parked = self._park(result)
        self.heed(await self._committer.commit(self.pending))
        if self.state.status.final or parked:
            return True
        if self._control.cancel:
            return False
        for attempt, config in result.starts:
            self._spawn(attempt, config)
        for path in result.closes:
            # Its node may have ended right after it.
            if path in self._commands.closing:
                self._task(path, partial(self._close, path))
        if not result.more:
            await self._sleep(result)
        return False

    def _begin(self) -> None:
        if self.state.status is ExecutionStatus.PENDING:
            self.pending.add(e.ExecutionStarted(epoch=self.claim.epoch))
        else:
            self.pending.add(e.ExecutionResumed(epoch=self.claim.epoch, interrupted=list(self.state.running)))
        plan = self.state.plan
        if plan.obstacle and plan.refusal and not self._control.cancel:
            place = plan.obstacle.node_id
            self._commands.fail(
                ExecutionFailure(
                    kind=ErrorKind.USER, code="plan_invalid", message=plan.refusal, node_id=place
                )
            )
        elif self._lost is not None and not self._control.cancel:
            text = f"The stored output of `{self._lost}` is gone, so the execution cannot go on from there."
            self._commands.fail(
                ExecutionFailure(
                    kind=ErrorKind.UPSTREAM, code="output_lost", message=text, node_id=self._lost
                )
            )
        elif self.state.interruptions > self._settings.max_interruptions:
            text = (
                f"The execution was interrupted {self.state.interruptions} times;"
                " it may be the reason why its workers stop."
            )
            self._commands.fail(
                ExecutionFailure(kind=ErrorKind.BUG, code="interrupted_too_often", message=text)
            )

    async def _answers(self) -> Mapping[str, Mapping[str, Any]]:
        """What people answered, by node; asked for only when somebody did something since the last look."""
        if self._control.wakes == self._seen_wakes or not self.state.waiting:
            return {}
        self._seen_wakes = self._control.wakes
        read = partial(self._ports.journal.answers, self.claim.scope, self.claim.execution_id)
        return await again(read, seconds=self._settings.journal_seconds, what="answers")

    async def _advanced(self) -> SliceResult:
        """Do what can be done at once, a slice at a time. Whoever has more to do than one waits for its turn
        before each, and everybody else's is first."""
        answers: Mapping[str, Any] = await self._answers()
        result = SliceResult(more=True)
        for _ in range(_SLICES):
            if self._more:
                async with self._slices.turn(self.claim.scope):
                    result = result.then(self._advance(answers))
            else:
                self._slices.small(self.claim.scope)
                result = result.then(self._advance(answers))
            answers = dict[str, Any]()
            self._more = result.more
            if not result.more or self._control.cancel or self.state.status.final:
                break
        return result

    def _advance(self, answers: Mapping[str, Mapping[str, Any]]) -> SliceResult:
        """Take in what happened, and do what follows. Nothing of it is I/O: what breaks here would break
        under every other worker too, so the execution fails instead of being tried for ever."""
        try:
            for path, answer in answers.items():
                self._commands.answer(path, answer)
            self._take_ended()
            if self._control.cancel and not self.state.status.final:
                self._stop()
            elif not self._control.pause and not self.state.status.final:
                return self._commands.advance()
        except Exception as error:
            logger.exception("execution_bug", execution_id=str(self.claim.execution_id))
            kind = type(error).__name__
            text = f"Watchbill failed between two nodes ({kind}); the worker's log has the details."
            self._commands.fail(ExecutionFailure(kind=ErrorKind.BUG, code="internal_error", message=text))
        return SliceResult()

    def _take_ended(self) -> None:
        ended, self._ended = self._ended, []
        for task, path, how in ended:
            # A node that was stopped meanwhile, and perhaps started anew, has another task or none.
            if self._tasks.get(path) is task:
                del self._tasks[path]
                self._take(path, how)

    def _take(self, path: str, how: _How) -> None:
        if isinstance(how, Closing | NodeError):
            self._commands.closed(path, how)
        elif path in self.state.running and not self.state.status.final:
            if isinstance(how, Rendered):
                self._commands.proceed(path, how)
            else:
                self._commands.settle(path, how)

    def _park(self, result: SliceResult) -> bool:
        """Give the claim back when nothing can be done for a while; returns whether to."""
        if self.state.status.final or self._tasks or result.starts or result.more or self._control.cancel:
            return False
        if self._control.pause:
            self.pending.add(e.ExecutionWaiting(reason="paused"))
            self.pending.park = Park(None, self._control.wakes)
            return True
        idle = result.waits and (
            result.until is None
            or result.until - self._now() > timedelta(seconds=self._settings.park_seconds)
        )
        if idle:
            self.pending.add(e.ExecutionWaiting(until=result.until))
            self.pending.park = Park(result.until, self._control.wakes)
        return idle

    def _spawn(self, attempt: Attempt, config: dict[str, Any] | None) -> None:
        if attempt.path in self.state.running:
            self._task(attempt.path, partial(self._attempt, attempt, config))

    def _task(self, path: str, work: _Work) -> None:
        """Do this for a node or iteration, and take in how it ended. A task that is cancelled before its
        first step does nothing, so its work is not begun before."""
        self._tasks[path] = asyncio.create_task(
            self._noted(path, work), name=f"{self.claim.execution_id}:{path}"
        )

    async def _noted(self, path: str, work: _Work) -> None:
        how = await work()
        task = asyncio.current_task()
        if task is not None:
            self._ended.append((task, path, how))
        self._wake.set()

    async def _attempt(self, attempt: Attempt, config: dict[str, Any] | None) -> _How:
        if config is None:
            scope = self.state.frame_of(attempt.path).scope
            now = self.state.nodes[attempt.path].started_at or self._now()
            how = await attempt.compute(scope, now, self._computing)
            if isinstance(how, Ended) or attempt.node.type.execute is None:
                return how
            config = how.config
            self._trace(e.NodeStarted(attempt=attempt.number, input=how.seen), attempt.path)
        return await attempt.execute(config, self._ports.nodes, self._trace)

    async def _close(self, path: str) -> _How:
        """Compute how an iteration ends."""
        owner, _ = owner_of(path)
        try:
            scope = self.state.frames[path].scope
            spec, fallback = self.state.spec(owner), self._commands.fallback(path)
            return await self._computing.close(spec, scope, fallback, self._now())
        except NodeError as error:
            return error
        except Exception as error:
            logger.exception("iteration_bug", execution_id=str(self.claim.execution_id), node_id=path)
            kind = type(error).__name__
            text = (
                f"Watchbill failed at the end of this iteration ({kind}); the worker's log has the details."
            )
            return NodeError(ErrorKind.BUG, text, code="internal_error")

    def _trace(self, data: e.EventData | Exchange, path: str) -> None:
        if isinstance(data, Exchange):
            self.pending.keep(data, path)
        else:
            self.pending.add(data, path)
        self._committer.soon(self.pending)

    async def _sleep(self, result: SliceResult) -> None:
        """Wait for a node to end, a timer, the execution's deadline, or somebody."""
        if self._control.pause:
            # Nothing is done about timers until it may go on.
            await self._wake.wait()
            return
        due = min((at for at in (result.until, next_deadline(self.state)) if at is not None), default=None)
        seconds = None if due is None else max(0.0, (due - self._now()).total_seconds())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    def _stop(self) -> None:
        """The cancel: tasks are told to stop before the event says that they did."""
        for task in self._tasks.values():
            task.cancel()
        self.pending.add(e.ExecutionCancelled(usage=self.state.usage))

    def _stop_strays(self) -> None:
        """Stop what the state does not count as running any more: the other iterations of a Map that failed,
        or everything when the execution did."""
        going = self.state.running.keys() | (self._commands.closing & self.state.closable.keys())
        for path in [path for path in self._tasks if path not in going]:
            self._tasks.pop(path).cancel()
        self._commands.closing.intersection_update(self.state.closable)

    async def _stop_tasks(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, Fenced):
                logger.error("node_task_failed", exc_info=result)
