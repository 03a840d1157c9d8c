"""Any flow, played by the engine's own steps: for any outcomes, answers, crashes and resumptions every node
finishes once, the states agree, and nothing gets stuck."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.flows import edge, flow, input_node, node, planned
from watchbill.core import events as e
from watchbill.core.errors import ErrorKind
from watchbill.core.events import Event, ExecutionStatus, NodeFailure, NodeStatus
from watchbill.core.execution import (
    ExecutionState,
    decide,
    dump,
    fold,
    freeze,
    packed,
    restore,
    restore_in_parts,
    unpacked,
)
from watchbill.core.execution.decide import next_deadline
from watchbill.core.node_types import NodeResult
from watchbill.core.plan import Plan
from watchbill.core.ports.journal import Claim
from watchbill.core.tenancy import TenantScope
from watchbill.core.usage import Usage
from watchbill.engine.attempt import Ended
from watchbill.engine.command_runner import CommandRunner
from watchbill.engine.pending import PendingEvents
from watchbill.engine.settings import EngineSettings
from watchbill.engine.totals import Totals

ID = UUID(int=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def failure() -> NodeFailure:
    return NodeFailure(kind=ErrorKind.UPSTREAM, code="broken", message="It broke.")


@st.composite
def levels(draw: st.DrawFn, depth: int, prefix: str, sources: list[str]) -> tuple[list[Any], list[Any]]:
    """Random acyclic nodes and edges: each node follows one or more earlier ones; some branch, some handle
    errors, some wait, some run a body. Without `sources` the first ones follow nothing, as in a body."""
    nodes: list[Any] = []
    edges: list[Any] = []
    handles: dict[str, list[str | None]] = {source: [None] for source in sources}
    for index in range(draw(st.integers(1, 6 if depth == 0 else 3))):
        id_ = f"{prefix}{index}"
        kinds = ["llm", "llm", "condition", "wait", "approval"] + (["map", "loop"] if depth < 2 else [])
        kind = draw(st.sampled_from(kinds))
        choices: list[str | None] = [None]
        on_error = draw(st.sampled_from(["fail", "continue", "branch"]))
        policy = {"on_error": on_error, "retry": {"max_attempts": draw(st.integers(1, 3)), "kinds": KINDS}}
        if kind == "condition":
            config: dict[str, Any] = {"cases": [{"handle": "yes", "when": "true"}], "else": "no"}
            choices = ["yes", "no"]
            policy = {}
        elif kind == "wait":
            config, policy = {"seconds": 1}, {}
        elif kind == "approval":
            config, policy = {}, {}
            choices = ["approved", "rejected"]
        elif kind == "llm":
            config = {"prompt": "x"}
        else:
            inner_nodes, inner_edges = draw(levels(depth + 1, f"{id_}_", []))
            config = {"body": {"nodes": inner_nodes, "edges": inner_edges}, "result": "1"}
            if draw(st.booleans()):
                policy = {**policy, "timeout_seconds": draw(st.integers(1, 60))}
            if kind == "map":
                config |= {
                    "items": "{{ " + str(list(range(draw(st.integers(0, 4))))) + " }}",
                    "max_parallel": draw(st.integers(1, 3)),
                    "on_item_error": draw(st.sampled_from(["fail", "continue"])),
                }
            else:
                config |= {"until": "index >= 1", "max_iterations": draw(st.integers(1, 3))}
        if on_error == "branch" and policy:
            choices = [*choices, "error"]
        nodes.append(node(id_, kind, config, **policy))
        count = st.lists(st.sampled_from(sorted(handles)), min_size=bool(sources), max_size=3, unique=True)
        chosen = draw(count) if handles else []
        edges += [edge(source, id_, draw(st.sampled_from(handles[source]))) for source in chosen]
        handles[id_] = choices
    return nodes, edges


KINDS = ["user", "upstream", "timeout", "limit", "bug"]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A random flow as it is executed."""
    return planned(draw(definitions()))


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A random flow as it is drawn, with bodies in bodies."""
    nodes, edges = draw(levels(0, "n", ["in"]))
    return flow([input_node("topic"), *nodes], edges)


class Player:
    """Plays an execution with the engine's own steps; outcomes, their order, answers, crashes, pauses and
    resumptions come from Hypothesis."""

    def __init__(
        self, plan: Plan, draw: Callable[[st.SearchStrategy[Any]], Any], taken_over: Sequence[Event] = ()
    ):
        self.plan, self.draw = plan, draw
        self.now = BEGIN
        self.events: list[Event] = list(taken_over)
        self.state = ExecutionState.initial(plan)
        self.epoch = 0
        self.resumptions = draw(st.integers(0, 2))
        self.flying: dict[str, int] = {}
        self._take_over()
        if not taken_over:
            self.record.add(e.ExecutionQueued(inputs={"topic": "ships"}))
        self.record.add(e.ExecutionStarted(epoch=1))

    def _take_over(self) -> None:
        """Another worker, which knows only what is written."""
        self.epoch += 1
        scope = TenantScope(UUID(int=2))
        claim = Claim(scope, ID, self.epoch, len(self.events), "digest")
        self.state = fold(self.plan, self.events)
        self.record = PendingEvents(claim, self.state, lambda: self.now)
        totals = Totals(self.state, EngineSettings(owner="worker"), 0)
        self.steps = CommandRunner(claim, self.state, self.record, lambda: self.now, totals)
        self.flying.clear()

    def commit(self) -> None:
        self.events += self.record.take().all

    def play(self) -> ExecutionState:
        for _ in range(3_000):
            if self.state.status.final and not self.again():
                return self.state
            assert decide(self.state, self.now) == decide(self.state, self.now)
            step = self.steps.advance()
            self.commit()
            if not self.draw(st.integers(0, 4)):
                self.check_snapshot()
            if self.draw(st.integers(0, 30)) == 30 and not self.state.status.final:
                self.crash()
                continue
            for path in [path for path in self.flying if path not in self.state.running]:
                del self.flying[path]
            for attempt, _ in step.starts:
                if attempt.path in self.state.running:
                    assert attempt.path not in self.flying, "started while it runs"
                    self.flying[attempt.path] = attempt.number
            if not step.more and not self.state.status.final:
                self.happen(step)
        raise AssertionError("the execution does not end")

    def check_snapshot(self) -> None:
        """At any moment: what is dumped is restored, through JSON."""
        self.state.seq = len(self.events)
        restored = restore(self.plan, json.loads(json.dumps(dump(self.state, self.state.seq))))
        packed_too = asyncio.run(self._packed())
        assert packed_too == restored
        for part in fields(ExecutionState):
            assert getattr(restored, part.name) == getattr(self.state, part.name), part.name

    async def _packed(self) -> ExecutionState | None:
        text = await packed(freeze(self.state, self.state.seq))
        return await restore_in_parts(self.plan, await unpacked(text or ""))

    def happen(self, step: Any) -> None:
        """One thing from outside: a node ends, somebody answers, or time passes."""
        asked = [path for path in self.state.waiting if self.state.nodes[path].request is not None]
        choices = [*self.flying, *asked]
        times = [step.until, next_deadline(self.state) if self.state.timed else None]
        due = min((at for at in times if at is not None), default=None)
        if due is not None:
            choices.append("")
        assert choices, "nothing to do, nothing in flight, nothing awaited: stuck"
        path = self.draw(st.sampled_from(sorted(choices)))
        if not path:
            self.now = max(self.now, due or self.now)
        elif path in self.flying:
            del self.flying[path]
            self.steps.settle(path, self.ended(path))
        else:
            self.steps.answer(path, {"approved": self.draw(st.booleans())})

    def ended(self, path: str) -> Ended:
        if self.draw(st.integers(0, 3)):
            spec = self.state.spec(path)
            handle = self.draw(st.sampled_from(spec.type.handles(spec.node.config) or [None]))
            return Ended(NodeResult("ok", handle), None, Usage(llm_calls=1))
        return Ended(None, failure(), Usage(llm_calls=1))

    def crash(self) -> None:
        self._take_over()
        self.record.add(e.ExecutionResumed(epoch=self.epoch, interrupted=list(self.state.running)))

    def again(self) -> bool:
        """Perhaps go on with an execution that failed."""
        if self.state.status is not ExecutionStatus.FAILED or not self.resumptions:
            return False
        self.resumptions -= 1
        self.commit()
        self.crash()
        return True


@settings(deadline=None)
@given(plans(), st.data())
def test_every_execution_ends_and_no_node_finishes_twice(plan: Plan, data: st.DataObject) -> None:
    player = Player(plan, data.draw)
    state = player.play()
    player.commit()
    finished = Counter(
        (event.node_id, lives)
        for lives, event in _lives(player.events)
        if event.type in ("node_completed", "node_skipped") and "[" not in str(event.node_id)
    )
    twice = [node_id for (node_id, _), count in finished.items() if count > 1]
    assert not twice
    assert not (state.ready or state.running or state.retrying or state.skippable or state.waiting)
    if state.status is ExecutionStatus.COMPLETED:
        # In an iteration that failed and was tolerated some nodes never began.
        unfinished = [path for path, n in state.nodes.items() if n.status is NodeStatus.PENDING]
        assert all("[" in path for path in unfinished)
        assert all(n.status is not NodeStatus.RUNNING for n in state.nodes.values())
        assert not state.iterating and list(state.frames) == [""]
    calls = sum(
        event.data["usage"]["llm_calls"]
        for event in player.events
        if "attempt" in event.data and "usage" in event.data
    )
    assert state.usage.llm_calls == calls


def _lives(events: list[Event]) -> list[tuple[int, Event]]:
    """Each event with how often its node had failed for good before: a resumption begins it anew."""
    failed: Counter[str | None] = Counter()
    seen: list[tuple[int, Event]] = []
    for event in events:
        seen.append((failed[event.node_id], event))
        failed[event.node_id] += event.type == "node_failed"
    return seen


@settings(deadline=None)
@given(plans(), st.data())
def test_a_state_is_the_same_whether_folded_whole_in_parts_or_with_repeats(
    plan: Plan, data: st.DataObject
) -> None:
    player = Player(plan, data.draw)
    player.play()
    player.commit()
    events = player.events
    whole = fold(plan, events)
    repeated = [event for event in events for _ in range(data.draw(st.integers(1, 2)))]
    assert fold(plan, repeated) == whole
    assert fold(plan, [*events, *events]) == whole
    player.state.seq = whole.seq
    assert player.state == whole, "what a worker has in mind is what is written"
