"""What an execution does between two commits: everything that needs no I/O, recorded as events."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from watchbill.core import events as e
from watchbill.core.computing_budget import Budget, OverBudget, quick
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import ExecutionFailure, NodeFailure
from watchbill.core.execution import (
    Close,
    Complete,
    Due,
    End,
    ExecutionState,
    Expire,
    Fail,
    Open,
    Skip,
    Start,
    Wait,
    decide,
)
from watchbill.core.execution.decide import outputs_of
from watchbill.core.execution.frames import announced
from watchbill.core.execution.snapshot import dump_rules
from watchbill.core.execution.state import owner_of
from watchbill.core.node_types import BodyType, IterationRules, NodeResult
from watchbill.core.ports.journal import Claim
from watchbill.core.usage import Usage
from watchbill.engine import evaluating
from watchbill.engine.attempt import Attempt, Ended, took_too_long
from watchbill.engine.evaluating import Closing, Rendered
from watchbill.engine.large_outputs import LARGE_BYTES
from watchbill.engine.limits import shown
from watchbill.engine.pending import PendingEvents
from watchbill.engine.retries import backoff
from watchbill.engine.slices import SliceResult
from watchbill.engine.totals import Totals

# Pure nodes run on the event loop: after so many in a row, or when they have computed so much together,
# others get their turn.
_IN_A_ROW = 30
_STEPS_IN_A_ROW = 3_000
_SIZE_IN_A_ROW = 300_000


class CommandRunner:
    """Obeys `decide` for one claim, and records how attempts end."""

    def __init__(
        self,
        claim: Claim,
        state: ExecutionState,
        pending: PendingEvents,
        now: Callable[[], datetime],
        totals: Totals,
    ):
        self._claim = claim
        self._state = state
        self._pending = pending
        self._now = now
        self._totals = totals
        # Iterations whose ends are computed elsewhere.
        self.closing: set[str] = set()
        self._left = Budget(0, 0)

    def advance(self) -> SliceResult:
        """Do what can be done at once, as far as others need not wait for it."""
        result = SliceResult()
        begun = 0
        self._left = Budget(_STEPS_IN_A_ROW, _SIZE_IN_A_ROW)
        while begun < _IN_A_ROW:
            if failure := self._totals.exceeded(self._pending.last_seq):
                self.fail(failure)
                return result
            commands = decide(self._state, self._now())
            result.waits, result.until = False, None
            done = 0
            for command in commands:
                if begun + done >= _IN_A_ROW or self._left.steps <= 0 or self._left.size <= 0:
                    result.more = True
                    return result
                done += self._obey(command, result)
            begun += done
            if not done or self._state.status.final:
                return result
        result.more = True
        return result

    @contextmanager
    def _quickly(self) -> Generator[Budget]:
        """A budget for one computation on the event loop, which counts towards what all of a row may use."""
        budget = quick()
        steps, size = budget.steps, budget.size
        try:
            yield budget
        finally:
            self._left.steps -= steps - max(0, budget.steps)
            self._left.size -= size - max(0, budget.size)

    def answer(self, path: str, answer: Mapping[str, Any]) -> None:
        """A person answered what the node asked; nothing happens if it does not wait any more."""
        if path not in self._state.waiting or self._state.status.final:
            return
        node = self._state.spec(path)
        attempt = Attempt(node, path, self._state.nodes[path].attempt, self._claim)
        if node.type.wait is None or node.type.wait.answered is None:
            return
        self.settle(path, attempt.guarded(lambda: node.type.wait.answered(answer)))  # type: ignore[union-attr]

    def settle(self, path: str, ended: Ended) -> None:
        """Note how an attempt ended: done, worth another try, or failed."""
        node, spec = self._state.nodes[path], self._state.spec(path).node
        if ended.seen is not None and node.input is None:
            self._pending.add(e.NodeStarted(attempt=node.attempt, input=ended.seen), path)
        if ended.result is not None:
            result = ended.result
            self._totals.note(path, result.size)
            self._pending.add(
                e.NodeCompleted(
                    attempt=node.attempt, output=result.output, handle=result.handle, usage=ended.usage
                ),
                path,
                large=result.size > LARGE_BYTES,
            )
            return
        if ended.failure is None:
            raise AssertionError("an attempt ends with a result or a failure")
        failures = node.failures + 1
        if ended.failure.kind in spec.retry.kinds and failures < spec.retry.max_attempts:
            self._pending.add(
                e.NodeRetrying(
                    attempt=node.attempt,
                    error=ended.failure,
                    retry_at=self._now() + backoff(spec.retry, failures, random.random()),  # noqa: S311
                    usage=ended.usage,
                ),
                path,
            )
            return
        self._pending.add(
            e.NodeFailed(
                attempt=node.attempt,
                error=ended.failure,
                handled=spec.on_error != "fail",
                handle="error" if spec.on_error == "branch" else None,
                output=spec.default if spec.on_error == "continue" else None,
                usage=ended.usage,
            ),
            path,
        )

    def fail(self, error: ExecutionFailure) -> None:
        """End the execution as failed."""
        self._pending.add(e.ExecutionFailed(error=error, usage=self._state.usage))

    def proceed(self, path: str, rendered: Rendered) -> None:
        """A node whose configuration was computed elsewhere begins to run its body, or to wait."""
        node = self._state.spec(path)
        attempt = Attempt(node, path, self._state.nodes[path].attempt, self._claim)
        if node.type.body:
            self._begin_body(attempt, node.type.body, rendered.config, rendered.seen)
        else:
            self._pending.add(e.NodeStarted(attempt=attempt.number, input=rendered.seen), path)
            self._suspend(attempt, rendered.config)

    def _obey(self, command: Any, result: SliceResult) -> bool:
        """Do what is to be done; returns whether that was anything."""
        match command:
            case Skip(path):
                self._pending.add(e.NodeSkipped(), path)
            case Start(path, number):
                self._start(path, number, result)
            case Open(path, index):
                self._open(path, index)
            case Close(path):
                return self._close(path, result)
            case End(path):
                self._end(path)
            case Expire(path):
                self._expire(path)
            case Due(path):
                self._due(path)
            case Complete(outputs):
                self._complete(outputs)
            case Fail(error):
                self.fail(error)
            case Wait(until):
                result.waits, result.until = True, until
                return False
            case _:
                raise AssertionError(f"an unknown command: {command!r}")
        return True

    def _complete(self, outputs: dict[str, Any]) -> None:
        places = (
            self._state.root.place(id_)
            for id_, n in self._state.plan.nodes.items()
            if n.type.kind == "output"
        )
        if failure := self._totals.too_large(outputs, places):
            self.fail(failure)
        else:
            self._pending.add(e.ExecutionCompleted(outputs=outputs, usage=self._state.usage))

    def _start(self, path: str, number: int, result: SliceResult) -> None:
        """Note the start. What does I/O is added to the slice, to be started when the start is durable; so is
        what computes too much to be done here."""
        node, frame = self._state.spec(path), self._state.frame_of(path)
        attempt = Attempt(node, path, number, self._claim)
        at = self._now()
        # What expressions take for now is in the journal: each attempt, and whoever folds it, has the same.
        now = self._state.nodes[path].started_at or at
        try:
            with self._quickly() as budget:
                if node.type.pure:
                    ended, seen = attempt.evaluate(frame.scope, budget, now)
                    self._pending.add(e.NodeStarted(attempt=number, input=seen), path, at=at)
                    self.settle(path, ended)
                    return
                rendered = evaluating.render(node, frame.scope, budget, now, light=True)
        except OverBudget:
            self._pending.add(e.NodeStarted(attempt=number), path, at=at)
            result.starts.append((attempt, None))
            return
        except Exception as error:  # noqa: BLE001  # see Attempt.broken
            self._pending.add(e.NodeStarted(attempt=number), path, at=at)
            self.settle(path, attempt.broken(error))
            return
        if node.type.body:
            self._begin_body(attempt, node.type.body, rendered.config, rendered.seen)
            return
        self._pending.add(e.NodeStarted(attempt=number, input=rendered.seen), path, at=at)
        if node.type.wait:
            self._suspend(attempt, rendered.config)
        else:
            result.starts.append((attempt, rendered.config))

    def _begin_body(self, attempt: Attempt, body: BodyType, config: dict[str, Any], seen: Any) -> None:
        try:
            rules = body.rules(config)
            self._totals.admit(self._state, rules)
            size = self._totals.size_of(rules)
        except Exception as error:  # noqa: BLE001  # see Attempt.broken
            self._pending.add(e.NodeStarted(attempt=attempt.number, input=seen), attempt.path)
            self.settle(attempt.path, attempt.broken(error))
            return
        started = e.NodeStarted(
            attempt=attempt.number,
            input=seen,
            iterations=rules.total,
            rounds=dump_rules(rules, items=True),
        )
        self._pending.add(started, attempt.path, large=size > LARGE_BYTES)

    def _open(self, path: str, index: int) -> None:
        rules = self._state.iterating[path].rules
        if not announced(self._state, path):
            try:
                self._totals.admit(self._state, IterationRules(1))
            except NodeError as error:
                attempt = Attempt(self._state.spec(path), path, self._state.nodes[path].attempt, self._claim)
                self.settle(path, attempt.failed(error))
                return
        item = rules.items[index] if rules.items is not None else None
        self._pending.add(e.NodeStarted(attempt=1, input=shown(item)), f"{path}[{index}]")

    def _suspend(self, attempt: Attempt, config: dict[str, Any]) -> None:
        wait = attempt.node.type.wait
        if wait is None:
            raise AssertionError("only a type that waits is suspended")
        try:
            suspension = wait.begin(config, self._now())
        except Exception as error:  # noqa: BLE001  # see Attempt.broken
            self.settle(attempt.path, attempt.broken(error))
            return
        request = dict(suspension.request) if suspension.request is not None else None
        self._pending.add(e.NodeWaiting(until=suspension.until, request=request), attempt.path)

    def _expire(self, path: str) -> None:
        node = self._state.spec(path)
        attempt = Attempt(node, path, self._state.nodes[path].attempt, self._claim)
        self.settle(path, attempt.failed(took_too_long(node.node.timeout_seconds)))

    def _due(self, path: str) -> None:
        node = self._state.spec(path)
        attempt = Attempt(node, path, self._state.nodes[path].attempt, self._claim)
        wait = node.type.wait
        if wait is None:
            raise AssertionError("only a type that waits becomes due")
        self.settle(path, attempt.guarded(lambda: wait.due(node.node.config)))

    def _close(self, path: str, result: SliceResult) -> bool:
        """End an iteration with its result, or with the failure of one of its nodes. What takes longer is
        left to `result.closes`; returns whether anything was done."""
        if path in self.closing:
            return False
        owner, _ = owner_of(path)
        frame, spec = self._state.frames[path], self._state.spec(owner)
        if frame.failed is not None:
            self._fail_iteration(path, owner, self._failure(frame.failed))
            return True
        try:
            with self._quickly() as budget:
                closing = evaluating.close(
                    spec, frame.scope, self.fallback(path), budget, self._now(), light=True
                )
        except OverBudget:
            self.closing.add(path)
            result.closes.append(path)
        except NodeError as error:
            self.closed(path, error)
        else:
            self.closed(path, closing)
        return True

    def closed(self, path: str, how: Closing | NodeError) -> None:
        """Note how an iteration ended; nothing happens if it does not wait for that any more."""
        self.closing.discard(path)
        if path not in self._state.closable or self._state.status.final:
            return
        owner, _ = owner_of(path)
        if isinstance(how, NodeError):
            failure = NodeFailure(kind=how.kind, code=how.error_code, message=how.detail)
            self._fail_iteration(path, owner, failure)
            return
        handle = e.ENOUGH if how.enough else None
        self._totals.note(path, how.size)
        completed = e.NodeCompleted(attempt=1, output=how.result, handle=handle)
        self._pending.add(completed, path, large=how.size > LARGE_BYTES)
        if announced(self._state, owner) and (error := self._totals.gathered(owner, how.size)):
            attempt = Attempt(self._state.spec(owner), owner, self._state.nodes[owner].attempt, self._claim)
            self.settle(owner, attempt.failed(error))

    def fallback(self, path: str) -> Any:
        """What an iteration gives where its node does not say: the outputs of a flow, or what the last nodes
        of a body gave."""
        owner, _ = owner_of(path)
        frame, body = self._state.frames[path], self._state.spec(owner).type.body
        if body is not None and body.isolated:
            return outputs_of(frame, self._state)
        ends = [id_ for id_ in frame.graph.ends if self._state.nodes[frame.place(id_)].status == "completed"]
        gave = {id_: self._state.nodes[frame.place(id_)].output for id_ in ends}
        return gave if len(gave) > 1 else next(iter(gave.values()), None)

    def _failure(self, path: str) -> NodeFailure:
        error = self._state.nodes[path].error
        if error is None:
            return NodeFailure(kind=ErrorKind.BUG, code="node_failed", message="A node failed.")
        return error

    def _fail_iteration(self, path: str, owner: str, failure: NodeFailure) -> None:
        handled = self._state.iterating[owner].rules.tolerant
        self._pending.add(e.NodeFailed(attempt=1, error=failure, handled=handled), path)

    def _end(self, path: str) -> None:
        node, iterations = self._state.spec(path), self._state.iterating[path]
        attempt = Attempt(node, path, self._state.nodes[path].attempt, self._claim)
        body = node.type.body
        if body is None:
            raise AssertionError("only a node that runs a body has iterations")
        if iterations.failed is not None:
            self.settle(path, Ended(None, iterations.failed, Usage()))
            return
        results = [iterations.results[index] for index in sorted(iterations.results)]
        # Each was looked through when its iteration ended; together they are one level deeper.
        self.settle(path, self._gathered(attempt, body, results))

    def _gathered(self, attempt: Attempt, body: BodyType, results: list[Any]) -> Ended:
        try:
            output = body.gather(results)
            size = self._totals.of_output(
                attempt.path, len(results), all_=announced(self._state, attempt.path)
            )
            return Ended(NodeResult(output, None, size), None, Usage())
        except Exception as error:  # noqa: BLE001  # see Attempt.broken
            return attempt.broken(error)
