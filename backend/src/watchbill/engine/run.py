"""Driving one claimed execution from wherever its journal stands to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from watchbill.core import events as e
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import ExecutionFailure, ExecutionStatus
from watchbill.core.execution import Complete, ExecutionState, Fail, Skip, Start, Wait, decide
from watchbill.core.ports.journal import Claim, Fenced
from watchbill.engine.attempt import Attempt, Ended, Services, shown
from watchbill.engine.committer import Committer
from watchbill.engine.record import Record

logger = structlog.get_logger(__name__)

# Pure nodes run on the event loop: after this many in a row others get their turn and the work is committed.
_PURE_IN_A_ROW = 100


class Run:
    """One execution under one claim: decide, start, record, commit, until its state is final."""

    def __init__(
        self,
        claim: Claim,
        state: ExecutionState,
        services: Services,
        committer: Committer,
        now: Callable[[], datetime],
        max_epoch: int,
    ):
        self.claim = claim
        self.state = state
        self.record = Record(claim, state, now)
        self._services = services
        self._committer = committer
        self._now = now
        self._max_epoch = max_epoch
        self._cancel_requested = claim.cancel_requested
        self._wake = asyncio.Event()
        self._ended: list[tuple[str, int, Ended]] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def cancel(self) -> None:
        """Stop it: calls in flight are cut off and nothing new starts."""
        self._cancel_requested = True
        self._wake.set()

    async def drive(self) -> None:
        """Run until the state is final.

        Raises:
            Fenced: another worker took over; everything of this one was stopped.
            asyncio.CancelledError: the worker is stopping; the claim should be released.
        """
        try:
            self._begin()
            while True:
                starts, until = await self._advance()
                self._wake.clear()
                if self._cancel_requested and not self.state.status.final:
                    self._stop()
                    continue
                if await self._committer.commit(self.record):
                    self._cancel_requested = True
                if self.state.status.final:
                    return
                for attempt, config in starts if not self._cancel_requested else ():
                    self._spawn(attempt, config)
                if not self._cancel_requested:
                    await self._sleep(until)
        finally:
            self._committer.forget(self.record)
            await self._stop_tasks()

    def _begin(self) -> None:
        if self.state.status is ExecutionStatus.PENDING:
            self.record.add(e.ExecutionStarted(epoch=self.claim.epoch))
            return
        self.record.add(e.ExecutionResumed(epoch=self.claim.epoch, interrupted=list(self.state.running)))
        if self.claim.epoch > self._max_epoch:
            text = f"The execution was interrupted {self._max_epoch} times; it may be what stops its workers."
            self._fail(ExecutionFailure(kind=ErrorKind.BUG, code="interrupted_too_often", message=text))

    async def _advance(self) -> tuple[list[tuple[Attempt, dict[str, object]]], datetime | None]:
        """Do all that needs no I/O; returns the attempts to start and when a timer is due."""
        starts: list[tuple[Attempt, dict[str, object]]] = []
        in_a_row = 0
        while not self._cancel_requested:
            for node_id, number, ended in self._take_ended():
                self._settle(node_id, number, ended)
            commands = decide(self.state, self._now())
            until = next((command.until for command in commands if isinstance(command, Wait)), None)
            progressed = False
            for command in commands:
                match command:
                    case Skip(node_id):
                        self.record.add(e.NodeSkipped(), node_id)
                        progressed = True
                    case Start():
                        starts += self._start(command)
                        progressed = True
                        in_a_row += 1
                    case Complete(outputs):
                        self.record.add(e.ExecutionCompleted(outputs=outputs, usage=self.state.usage))
                    case Fail(error):
                        self._fail(error)
                    case Wait():
                        pass
            if in_a_row >= _PURE_IN_A_ROW and not starts:
                in_a_row = 0
                await self._committer.commit(self.record)
            if not progressed:
                return starts, until
        return starts, None

    def _start(self, command: Start) -> list[tuple[Attempt, dict[str, object]]]:
        """Record the start. A pure node is finished at once; another one is returned, to be spawned once its
        start is durable."""
        node = self.state.plan.nodes[command.node_id]
        attempt = Attempt(node, command.attempt, self.claim)
        try:
            config = attempt.render(self.state.scope)
        except NodeError as error:
            self.record.add(e.NodeStarted(attempt=command.attempt), node.id)
            self._settle(node.id, command.attempt, attempt.failed(error))
            return []
        seen = shown(config) if node.type.accepts_input else None
        self.record.add(e.NodeStarted(attempt=command.attempt, input=seen), node.id)
        if not node.type.pure:
            return [(attempt, config)]
        self._settle(node.id, command.attempt, attempt.evaluate(config, self.state.inputs, self.state.scope))
        return []

    def _settle(self, node_id: str, number: int, ended: Ended) -> None:
        """Record how an attempt ended: done, worth another try, or failed."""
        node, spec = self.state.nodes[node_id], self.state.plan.nodes[node_id].node
        if ended.result is not None:
            result = ended.result
            self.record.add(
                e.NodeCompleted(
                    attempt=number, output=result.output, handle=result.handle, usage=ended.usage
                ),
                node_id,
            )
            return
        if ended.failure is None:
            raise AssertionError("an attempt ends with a result or a failure")
        failures = node.failures + 1
        if (
            ended.failure.kind in (ErrorKind.UPSTREAM, ErrorKind.TIMEOUT)
            and failures < spec.retry.max_attempts
        ):
            wait = min(spec.retry.backoff_seconds * 2 ** (failures - 1), 3600)
            self.record.add(
                e.NodeRetrying(
                    attempt=number,
                    error=ended.failure,
                    retry_at=self._now() + timedelta(seconds=wait),
                    usage=ended.usage,
                ),
                node_id,
            )
            return
        self.record.add(
            e.NodeFailed(
                attempt=number,
                error=ended.failure,
                handled=spec.on_error != "fail",
                handle="error" if spec.on_error == "branch" else None,
                usage=ended.usage,
            ),
            node_id,
        )

    def _spawn(self, attempt: Attempt, config: dict[str, object]) -> None:
        node_id = attempt.node.id
        name = f"{self.claim.execution_id}:{node_id}"
        task = asyncio.create_task(self._attempt(attempt, config), name=name)
        self._tasks[node_id] = task

    async def _attempt(self, attempt: Attempt, config: dict[str, object]) -> None:
        ended = await attempt.execute(config, self._services, self._trace)
        self._ended.append((attempt.node.id, attempt.number, ended))
        self._tasks.pop(attempt.node.id, None)
        self._wake.set()

    def _trace(self, data: e.EventData, node_id: str) -> None:
        self.record.add(data, node_id)
        self._committer.soon(self.record)

    def _take_ended(self) -> list[tuple[str, int, Ended]]:
        ended, self._ended = self._ended, []
        return ended

    async def _sleep(self, until: datetime | None) -> None:
        """Wait for a node to end, a cancel, a timer or the execution's deadline."""
        started = self.state.started_at or self._now()
        deadline = started + timedelta(seconds=self.state.plan.definition.timeout_seconds)
        seconds = (min(until, deadline) if until else deadline) - self._now()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds.total_seconds())):
                await self._wake.wait()

    def _stop(self) -> None:
        """The cancel: tasks are told to stop before the event says that they did."""
        for task in self._tasks.values():
            task.cancel()
        self.record.add(e.ExecutionCancelled(usage=self._spent()))

    def _fail(self, error: ExecutionFailure) -> None:
        for task in self._tasks.values():
            task.cancel()
        self.record.add(e.ExecutionFailed(error=error, usage=self._spent()))

    def _spent(self) -> e.Usage:
        return self.state.usage

    async def _stop_tasks(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, Fenced):
                logger.error("node_task_failed", exc_info=result)
