"""fold and decide, case by case; tests/engine/test_any_flow.py plays any flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.core.flows import branching, edge, flow, input_node, llm, output, planned
from watchbill.core import events as e
from watchbill.core.errors import ErrorKind
from watchbill.core.events import Event, ExecutionStatus, NodeFailure, NodeStatus, envelope
from watchbill.core.execution import ExecutionState, Fail, Skip, Start, decide, fold
from watchbill.core.plan import Plan

ID = UUID(int=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Journal:
    """Writes events as a worker would, with a clock that only moves when it is told to."""

    plan: Plan
    events: list[Event] = field(default_factory=list)
    now: datetime = BEGIN

    def add(self, data: e.EventData, node_id: str | None = None) -> None:
        seq = len(self.events) + 1
        self.events.append(envelope(data, seq=seq, execution_id=ID, node_id=node_id, timestamp=self.now))

    def state(self) -> ExecutionState:
        return fold(self.plan, self.events)


def begun(plan: Plan) -> Journal:
    journal = Journal(plan)
    journal.add(e.ExecutionQueued(inputs={"topic": "ships"}))
    journal.add(e.ExecutionStarted(epoch=1))
    return journal


def failure(kind: ErrorKind = ErrorKind.UPSTREAM) -> NodeFailure:
    return NodeFailure(kind=kind, code="broken", message="It broke.")


def test_a_branch_that_is_not_taken_is_skipped_and_a_join_waits_for_the_others() -> None:
    journal = begun(planned(branching()))
    for id_, data in (
        ("in", e.NodeCompleted(attempt=1, output={})),
        ("ask", e.NodeCompleted(attempt=1, output="a long answer")),
        ("check", e.NodeCompleted(attempt=1, output={"branch": "long"}, handle="long")),
    ):
        journal.add(e.NodeStarted(attempt=1), id_)
        journal.add(data, id_)
    assert set(decide(journal.state(), BEGIN)) == {Start("long_out", 1), Skip("short_out")}


def test_a_failed_node_fails_the_execution_and_stops_what_is_in_flight() -> None:
    nodes = [input_node(), llm("a", "x"), llm("b", "x"), output(x="1")]
    journal = begun(
        planned(flow(nodes, [edge("in", "a"), edge("in", "b"), edge("a", "out"), edge("b", "out")]))
    )
    journal.add(e.NodeStarted(attempt=1), "in")
    journal.add(e.NodeCompleted(attempt=1), "in")
    journal.add(e.NodeStarted(attempt=1), "a")
    journal.add(e.NodeStarted(attempt=1), "b")
    journal.add(e.NodeFailed(attempt=1, error=failure()), "a")
    [command] = decide(journal.state(), BEGIN)
    assert isinstance(command, Fail) and command.error.node_id == "a"
    journal.add(e.ExecutionFailed(error=command.error, usage=e.Usage()))
    state = journal.state()
    assert state.nodes["b"].status is NodeStatus.CANCELLED
    assert state.nodes["out"].status is NodeStatus.PENDING
    assert decide(state, BEGIN) == []


def test_the_deadline_fails_the_execution() -> None:
    journal = begun(planned(branching() | {"timeout_seconds": 60}))
    assert not any(isinstance(c, Fail) for c in decide(journal.state(), BEGIN + timedelta(seconds=59)))
    [command] = decide(journal.state(), BEGIN + timedelta(seconds=60))
    assert isinstance(command, Fail) and command.error.kind is ErrorKind.TIMEOUT


def test_nothing_changes_after_the_end() -> None:
    journal = begun(planned(branching()))
    journal.add(e.ExecutionCancelled(usage=e.Usage()))
    before = journal.state()
    journal.add(e.NodeStarted(attempt=1), "in")
    journal.add(e.ExecutionCompleted(outputs={"a": 1}, usage=e.Usage()))
    after = journal.state()
    assert (after.status, after.outputs, after.nodes) == (before.status, before.outputs, before.nodes)
    assert after.status is ExecutionStatus.CANCELLED
