"""Any fork of any flow, also of a fork and of what still runs: what it took over does not run, all else runs
once, in order, and as its edges say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.flows import edge, llm, planned
from tests.engine.test_any_flow import ID, Player, definitions
from watchbill.core import events as e
from watchbill.core.events import Event, ExecutionStatus, NodeStatus
from watchbill.core.execution import fold
from watchbill.core.plan import Plan
from watchbill.core.plan.plan import Graph
from watchbill.features.executions.kept import events_of, kept_nodes, told

_END = ("node_completed", "node_skipped", "node_failed")


def handles_of(one: dict[str, Any]) -> list[str | None]:
    """What edges may begin at."""
    fixed = {"condition": ["yes", "no"], "approval": ["approved", "rejected"]}
    return [*fixed.get(one["type"], [None]), *(["error"] if one.get("on_error") == "branch" else [])]


@st.composite
def edits(draw: st.DrawFn, definition: dict[str, Any]) -> dict[str, Any]:
    """The flow with other edges, configurations, nodes more and nodes less; each still follows one."""
    new = deepcopy(definition)
    nodes: list[dict[str, Any]] = new["nodes"]
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["prompt", "drop", "cut", "tie", "add", "policy"]))
        index = draw(st.integers(1, len(nodes) - 1)) if len(nodes) > 1 else 0
        one = nodes[index]
        if kind == "prompt" and one["type"] == "llm":
            one["config"] = {"prompt": draw(st.sampled_from(["x", "y"]))}
        elif kind == "policy" and one["type"] in ("llm", "map", "loop"):
            one["on_error"] = draw(st.sampled_from(["fail", "continue", "branch"]))
        elif kind == "drop" and index and len(nodes) > 2:
            del nodes[index]
        elif kind == "cut" and new["edges"]:
            del new["edges"][draw(st.integers(0, len(new["edges"]) - 1))]
        elif kind == "tie" and index:
            source = nodes[draw(st.integers(0, index - 1))]
            new["edges"].append(edge(source["id"], one["id"], draw(st.sampled_from(handles_of(source)))))
        elif kind == "add":
            name = f"x{len(nodes)}"
            if all(one["id"] != name for one in nodes):
                source = nodes[draw(st.integers(0, len(nodes) - 1))]
                nodes.append(llm(name, "x"))
                new["edges"].append(edge(source["id"], name, draw(st.sampled_from(handles_of(source)))))
    known = {one["id"]: one for one in nodes}
    kept = {
        one["id"]: one
        for one in new["edges"]
        if one["source"] in known
        and one["target"] in known
        and one["source_handle"] in handles_of(known[one["source"]])
    }
    led = {one["target"] for one in kept.values()}
    missing = [edge("in", id_) for id_ in known if id_ != "in" and id_ not in led]
    new["edges"] = [*kept.values(), *missing]
    return new


class Fork:
    """A new execution by the code that makes one, at any moment of another."""

    def __init__(self, data: st.DataObject, old: Plan, events: list[Event], plan: Plan):
        self.plan = plan
        names = st.sampled_from(sorted(plan.nodes))
        begin = data.draw(st.none() | names, label="from_node")
        chosen = data.draw(st.lists(names, unique=True, max_size=3), label="outputs of")
        self.outputs = {id_: self._output(data, id_) for id_ in chosen}
        state = fold(old, events)
        self.kept = kept_nodes(
            state, plan, from_node=begin, edited=self.outputs.keys(), same_inputs=data.draw(st.booleans())
        )
        self.done = {one.node.id for one in self.kept}
        queued = e.ExecutionQueued(inputs={"topic": "ships"})
        self.events = [told(ID, queued, 1)]
        for one in self.kept:
            self.events += events_of(ID, one, self.outputs, {})
        assert [event.seq for event in self.events] == list(range(1, len(self.events) + 1))

    def _output(self, data: st.DataObject, id_: str) -> Any:
        spec = self.plan.nodes[id_]
        named = [handle for handle in spec.type.handles(spec.node.config) if handle]
        key = "decision" if spec.type.wait else "branch"
        return {key: data.draw(st.sampled_from(named))} if named else "given"

    def play(self, data: st.DataObject) -> Player:
        """Play it to its end and look at what happened."""
        player = Player(self.plan, data.draw, self.events)
        player.play()
        player.commit()
        self._look(player)
        return player

    def _look(self, player: Player) -> None:
        state, new = player.state, player.events[len(self.events) :]
        began = {event.node_id for event in new if event.node_id in self.done}
        assert not began, f"taken over, and something of it happened: {began}"
        for id_, value in self.outputs.items():
            assert state.nodes[id_].output == value
        check_order(self.plan, player.events, self.done)
        assert not (state.ready or state.running or state.retrying or state.skippable or state.waiting)
        if state.status is ExecutionStatus.COMPLETED:
            pending = [id_ for id_ in self.plan.nodes if not _over(state.nodes[id_].status)]
            assert not pending, f"complete with {pending}"
            assert not state.iterating and list(state.frames) == [""]
            self._look_at_ways(state.nodes)

    def _look_at_ways(self, nodes: Mapping[str, Any]) -> None:
        """A node ran if, and only if, one of its edges carried on, unless it was given."""
        ways: dict[str, list[bool]] = {id_: [] for id_ in self.plan.nodes}
        for id_, node in self.plan.nodes.items():
            done = nodes[id_].status in (NodeStatus.COMPLETED, NodeStatus.FAILED)
            for link in node.links:
                ways[link.target].append(done and link.handle == nodes[id_].handle)
        for id_, carried in ways.items():
            if carried and id_ not in self.done:
                assert (nodes[id_].status is not NodeStatus.SKIPPED) == any(carried), id_


def _over(status: NodeStatus) -> bool:
    return status in (NodeStatus.COMPLETED, NodeStatus.FAILED, NodeStatus.SKIPPED)


def check_order(plan: Plan, events: list[Event], done: set[str]) -> None:
    """Every node ends once for each of its lives, and began after all before it were done."""
    before = _befores(plan.graph)
    ended: Counter[str] = Counter()
    for event in events:
        path = event.node_id
        if path is None or path.endswith("]"):
            continue
        frame, _, id_ = path.rpartition(".")
        if event.type in ("node_started", "node_skipped") and path not in done:
            assert not ended[path], f"{path} begins although it is done"
            place = f"{frame}." if frame else ""
            waits = [one for one in before[id_] if not ended[place + one]]
            assert not waits, f"{path} begins before {waits}"
        if event.type == "node_retrying":
            ended = Counter({one: n for one, n in ended.items() if not one.startswith(f"{path}[")})
        if event.type in _END and (event.type != "node_failed" or event.data["handled"]):
            ended[path] += 1
            assert ended[path] == 1, f"{path} ends twice"


def _befores(graph: Graph) -> dict[str, set[str]]:
    """All that come before a node, on its level, for the nodes of all levels: their names are unique."""
    before: dict[str, set[str]] = {id_: set() for id_ in graph.nodes}
    for id_, node in graph.nodes.items():  # in topological order
        for link in node.links:
            before[link.target] |= {id_, *before[id_]}
    for node in graph.nodes.values():
        if node.body is not None:
            before |= _befores(node.body)
    return before


@settings(deadline=None)
@given(definitions(), st.data())
def test_a_fork_runs_what_it_did_not_take_over_once_and_in_order(
    definition: dict[str, Any], data: st.DataObject
) -> None:
    plan = planned(definition)
    player = Player(plan, data.draw)
    player.play()
    player.commit()
    check_order(plan, player.events, set())
    for _ in range(data.draw(st.integers(1, 3), label="forks in a row")):
        new = plan
        if data.draw(st.booleans(), label="edited"):
            definition = data.draw(edits(definition))
            new = planned(definition)
        length = len(player.events)
        moment = data.draw(st.just(length) | st.integers(1, length), label="moment")
        player = Fork(data, plan, player.events[:moment], new).play(data)
        plan = new
