"""What a run does between two commits: everything that needs no I/O, recorded as events."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchbill.core import events as e
from watchbill.core.budget import Budget, OverBudget, full
from watchbill.core.errors import ErrorKind
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
from watchbill.core.execution.state import Frame, owner_of
from watchbill.core.expressions import ExpressionError
from watchbill.core.expressions.template import replaced
from watchbill.core.flow.definition import RetryPolicy
from watchbill.core.node_types import BodyType, NodeResult
from watchbill.core.plan import PlanNode
from watchbill.core.ports.journal import Claim
from watchbill.core.usage import Usage
from watchbill.engine.attempt import Attempt, Ended, over_budget, shown, took_too_long
from watchbill.engine.outputs import LARGE_BYTES
from watchbill.engine.record import Record

# Pure nodes run on the event loop: after so many in a row others get their turn and the work is committed.
_IN_A_ROW = 100


@dataclass(slots=True)
class Step:
    """What came of it: attempts to start once all is durable, when a timer is due (`waits` without `until`:
    never), and whether there is more to do at once."""

    starts: list[tuple[Attempt, dict[str, Any]]] = field(default_factory=list[tuple[Attempt, dict[str, Any]]])
    waits: bool = False
    until: datetime | None = None
    more: bool = False


class Steps:
    """Obeys `decide` for one claim, and records how attempts end."""

    def __init__(self, claim: Claim, state: ExecutionState, record: Record, now: Callable[[], datetime]):
        self._claim = claim
        self._state = state
        self._record = record
        self._now = now

    def advance(self) -> Step:
        """Do all that can be done at once."""
        step = Step()
        begun = 0
        while begun < _IN_A_ROW:
            commands = decide(self._state, self._now())
            step.waits, step.until = False, None
            for command in commands:
                self._obey(command, step)
            done = sum(not isinstance(command, Wait) for command in commands)
            begun += done
            if not done or self._state.status.final:
                return step
        step.more = True
        return step

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
        """Record how an attempt ended: done, worth another try, or failed."""
        node, spec = self._state.nodes[path], self._state.spec(path).node
        if ended.result is not None:
            result = ended.result
            self._record.add(
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
            self._record.add(
                e.NodeRetrying(
                    attempt=node.attempt,
                    error=ended.failure,
                    retry_at=self._now() + backoff(spec.retry, failures, random.random()),  # noqa: S311
                    usage=ended.usage,
                ),
                path,
            )
            return
        self._record.add(
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
        self._record.add(e.ExecutionFailed(error=error, usage=self._state.usage))

    def _obey(self, command: Any, step: Step) -> None:
        match command:
            case Skip(path):
                self._record.add(e.NodeSkipped(), path)
            case Start(path, number):
                self._start(path, number, step)
            case Open(path, index):
                rounds = self._state.iterating[path].rounds
                item = rounds.items[index] if rounds.items is not None else None
                self._record.add(e.NodeStarted(attempt=1, input=shown(item)), f"{path}[{index}]")
            case Close(path):
                self._close(path)
            case End(path):
                self._end(path)
            case Expire(path):
                self._expire(path)
            case Due(path):
                self._due(path)
            case Complete(outputs):
                self._record.add(e.ExecutionCompleted(outputs=outputs, usage=self._state.usage))
            case Fail(error):
                self.fail(error)
            case Wait(until):
                step.waits, step.until = True, until
            case _:
                raise AssertionError(f"an unknown command: {command!r}")

    def _start(self, path: str, number: int, step: Step) -> None:
        """Record the start. What does I/O is added to the step, to be started when the start is durable."""
        node, frame = self._state.spec(path), self._state.frame_of(path)
        attempt = Attempt(node, path, number, self._claim)
        at = self._now()
        # What expressions take for now is in the journal: each attempt, and whoever folds it, has the same.
        now = self._state.nodes[path].started_at or at
        try:
            config = attempt.render(frame.scope, now)
        except Exception as error:  # noqa: BLE001  # see Attempt.broken
            self._record.add(e.NodeStarted(attempt=number), path, at=at)
            self.settle(path, attempt.broken(error))
            return
        seen = shown(_visible(node, config)) if node.type.accepts_input else None
        if node.type.body:
            self._begin_body(attempt, node.type.body, config, seen, at)
            return
        self._record.add(e.NodeStarted(attempt=number, input=seen), path, at=at)
        if node.type.wait:
            self._suspend(attempt, config)
        elif node.type.pure:
            self.settle(path, attempt.evaluate(config, frame.scope["inputs"], frame.scope, now))
        else:
            step.starts.append((attempt, config))

    def _begin_body(
        self, attempt: Attempt, body: BodyType, config: dict[str, Any], seen: Any, at: datetime
    ) -> None:
        ended, rounds = None, 0
        try:
            rounds = body.rounds(config).total
        except Exception as error:  # noqa: BLE001  # see Attempt.broken
            ended = attempt.broken(error)
        iterations = rounds if ended is None else None
        self._record.add(
            e.NodeStarted(attempt=attempt.number, input=seen, iterations=iterations), attempt.path, at=at
        )
        if ended:
            self.settle(attempt.path, ended)

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
        self._record.add(e.NodeWaiting(until=suspension.until, request=request), attempt.path)

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

    def _close(self, path: str) -> None:
        """End an iteration with its result, or with the failure of one of its nodes."""
        owner, _ = owner_of(path)
        frame, spec = self._state.frames[path], self._state.spec(owner)
        try:
            if frame.failed is not None:
                raise _Broken(self._failure(frame.failed))
            now, budget = self._now(), full()
            result = self._result(frame, spec, budget, now)
            handle = e.ENOUGH if _holds(spec, frame, budget, now) else None
            self._record.add(e.NodeCompleted(attempt=1, output=result, handle=handle), path)
        except _Broken as broken:
            self._fail_iteration(path, owner, broken.failure)
        except OverBudget as error:
            limit = over_budget(error)
            failure = NodeFailure(kind=limit.kind, code=limit.error_code, message=limit.detail)
            self._fail_iteration(path, owner, failure)
        except ExpressionError as error:
            failure = NodeFailure(kind=ErrorKind.USER, code=error.code, message=error.message)
            self._fail_iteration(path, owner, failure)

    def _failure(self, path: str) -> NodeFailure:
        error = self._state.nodes[path].error
        if error is None:
            return NodeFailure(kind=ErrorKind.BUG, code="node_failed", message="A node failed.")
        return error

    def _fail_iteration(self, path: str, owner: str, failure: NodeFailure) -> None:
        handled = self._state.iterating[owner].rounds.tolerant
        self._record.add(e.NodeFailed(attempt=1, error=failure, handled=handled), path)

    def _result(self, frame: Frame, spec: PlanNode, budget: Budget, now: datetime) -> Any:
        body = spec.type.body
        if body is not None and body.isolated:
            return outputs_of(frame, self._state)
        if body is not None and body.result in spec.node.config:
            value: Any = {body.result: spec.node.config[body.result]}
            for path, template in spec.result:
                value = replaced(value, path, template.render(frame.scope, budget, now))
            if value[body.result] is not None:
                return value[body.result]
        ends = [id_ for id_ in frame.graph.ends if self._state.nodes[frame.place(id_)].status == "completed"]
        gave = {id_: self._state.nodes[frame.place(id_)].output for id_ in ends}
        return gave if len(gave) > 1 else next(iter(gave.values()), None)

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
        self.settle(path, attempt.guarded(lambda: NodeResult(body.gather(results))))


class _Broken(Exception):
    """A node in the iteration failed."""

    def __init__(self, failure: NodeFailure):
        super().__init__(failure.message)
        self.failure = failure


def backoff(policy: RetryPolicy, failures: int, chance: float) -> timedelta:
    """How long to wait after so many failures (1 or more); `chance` is between 0 and 1."""
    whole = min(policy.backoff_seconds * policy.multiplier ** (failures - 1), policy.max_backoff_seconds)
    return timedelta(seconds=whole * (1 - policy.jitter * chance))


def _visible(node: PlanNode, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without the body's own part."""
    if node.type.body is None:
        return config
    return {key: value for key, value in config.items() if key not in node.type.body.inner}


def _holds(spec: PlanNode, frame: Frame, budget: Budget, now: datetime) -> bool:
    if spec.until is None:
        return False
    value = spec.until.evaluate(frame.scope, budget, now)
    if not isinstance(value, bool):
        text = f"The condition that ends the loop gave {value!r:.80} instead of true or false."
        raise ExpressionError("not_boolean", text)
    return value
