"""fold and decide: for any flow, outcomes and crashes, every node is decided once and nothing gets stuck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.core.flows import branching, edge, flow, input_node, llm, node, output
from watchbill.core import events as e
from watchbill.core.errors import ErrorKind
from watchbill.core.events import Event, ExecutionStatus, NodeFailure, NodeStatus, envelope
from watchbill.core.execution import Complete, ExecutionState, Fail, Skip, Start, Wait, decide, fold
from watchbill.core.plan import Plan, compile_flow
from watchbill.nodes.registry import NODE_TYPES

ID = UUID(int=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def planned(definition: dict[str, Any]) -> Plan:
    compilation = compile_flow(definition, NODE_TYPES)
    assert compilation.plan is not None, compilation.problems
    return compilation.plan


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


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A random acyclic flow: each node follows one or more earlier ones; some branch, some handle errors."""
    count = draw(st.integers(1, 9))
    nodes, edges = [input_node("topic")], []
    handles: dict[str, list[str | None]] = {"in": [None]}
    for index in range(count):
        id_ = f"n{index}"
        if draw(st.booleans()):
            config = {"cases": [{"handle": "yes", "when": "true"}], "else": "no"}
            nodes.append(node(id_, "condition", config))
            choices: list[str | None] = ["yes", "no"]
        else:
            on_error = draw(st.sampled_from(["fail", "continue", "branch"]))
            retry = {"max_attempts": draw(st.integers(1, 3)), "backoff_seconds": 1}
            nodes.append(llm(id_, "x", on_error=on_error, retry=retry))
            choices = [None, "error"] if on_error == "branch" else [None]
        sources = draw(st.lists(st.sampled_from(sorted(handles)), min_size=1, max_size=3, unique=True))
        edges += [edge(source, id_, draw(st.sampled_from(handles[source]))) for source in sources]
        handles[id_] = choices
    return planned(flow(nodes, edges))


class Player:
    """Plays an execution: outcomes, their order and crashes come from Hypothesis."""

    def __init__(self, plan: Plan, draw: Callable[[st.SearchStrategy[Any]], Any]):
        self.journal = begun(plan)
        self.plan = plan
        self.draw = draw
        self.flying: dict[str, int] = {}
        self.finished: dict[str, int] = {}

    def play(self) -> ExecutionState:
        for _ in range(2_000):
            if self.draw(st.integers(0, 20)) == 20:
                self.crash()
            state = self.journal.state()
            if state.status.final:
                return state
            commands = decide(state, self.journal.now)
            assert commands == decide(state, self.journal.now), "the same state gives the same commands"
            assert commands or self.flying, "nothing to do and nothing in flight: stuck"
            for command in commands:
                self.obey(command)
            started = any(isinstance(command, Start | Skip) for command in commands)
            if not started and self.flying and not self.journal.state().status.final:
                self.land(self.draw(st.sampled_from(sorted(self.flying))))
        raise AssertionError("the execution does not end")

    def obey(self, command: Any) -> None:
        match command:
            case Start(node_id, attempt):
                assert node_id not in self.finished, "a finished node is started again"
                self.journal.add(e.NodeStarted(attempt=attempt), node_id)
                self.flying[node_id] = attempt
            case Skip(node_id):
                assert node_id not in self.finished
                self.finished[node_id] = 0
                self.journal.add(e.NodeSkipped(), node_id)
            case Wait(until):
                if not self.flying:
                    self.journal.now = until
            case Complete(outputs):
                assert not self.flying
                self.journal.add(e.ExecutionCompleted(outputs=outputs, usage=e.Usage()))
            case Fail(error):
                self.journal.add(e.ExecutionFailed(error=error, usage=e.Usage()))

    def land(self, node_id: str) -> None:
        attempt = self.flying.pop(node_id)
        planned_node = self.plan.nodes[node_id]
        if planned_node.type.kind == "condition":
            handle = self.draw(st.sampled_from(["yes", "no"]))
            self.finish(node_id, e.NodeCompleted(attempt=attempt, handle=handle))
        elif planned_node.type.kind == "input" or self.draw(st.booleans()):
            self.finish(node_id, e.NodeCompleted(attempt=attempt, output="ok"))
        elif self.journal.state().nodes[node_id].failures + 1 < planned_node.node.retry.max_attempts:
            at = self.journal.now + timedelta(seconds=1)
            self.journal.add(e.NodeRetrying(attempt=attempt, error=failure(), retry_at=at), node_id)
        else:
            on_error = planned_node.node.on_error
            handle = "error" if on_error == "branch" else None
            handled = on_error != "fail"
            self.finish(
                node_id, e.NodeFailed(attempt=attempt, error=failure(), handled=handled, handle=handle)
            )

    def finish(self, node_id: str, data: e.EventData) -> None:
        self.finished[node_id] = self.finished.get(node_id, 0) + 1
        self.journal.add(data, node_id)

    def crash(self) -> None:
        self.journal.add(e.ExecutionResumed(epoch=2, interrupted=sorted(self.flying)))
        self.flying.clear()


@given(plans(), st.data())
def test_every_execution_ends_and_no_node_finishes_twice(plan: Plan, data: st.DataObject) -> None:
    player = Player(plan, data.draw)
    state = player.play()
    assert all(count <= 1 for count in player.finished.values())
    assert not (state.ready or state.running or state.retrying or state.skippable)
    if state.status is ExecutionStatus.COMPLETED:
        assert all(n.status not in (NodeStatus.PENDING, NodeStatus.RUNNING) for n in state.nodes.values())


@given(plans(), st.data())
def test_a_state_is_the_same_whether_folded_whole_in_parts_or_with_repeats(
    plan: Plan, data: st.DataObject
) -> None:
    player = Player(plan, data.draw)
    player.play()
    events = player.journal.events
    whole = fold(plan, events)
    repeated = [event for event in events for _ in range(data.draw(st.integers(1, 2)))]
    assert fold(plan, repeated) == whole
    assert fold(plan, [*events, *events]) == whole


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
