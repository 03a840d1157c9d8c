"""Map, Loop, Sub-flow, Wait, Approval, and pausing: on the engine with in-memory ports."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from tests.core.flows import edge, flow, input_node, llm, node, output, transform
from tests.engine.conftest import Ship, types
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import ExecutionStatus


def around(one: dict[str, Any], *more: dict[str, Any], **values: Any) -> dict[str, Any]:
    """input -> the node -> output, with further nodes between."""
    names = ["in", one["id"], *(n["id"] for n in more), "out"]
    edges = [edge(a, b) for a, b in pairwise(names)]
    gives = values or {"result": "{{ nodes." + one["id"] + ".output }}"}
    return flow([input_node("topic"), one, *more, output(**gives)], edges)


def body(*nodes: dict[str, Any]) -> dict[str, Any]:
    ids = [n["id"] for n in nodes]
    return {"nodes": list(nodes), "edges": [edge(a, b) for a, b in pairwise(ids)]}


def each(*nodes: dict[str, Any], items: str = "{{ [1, 2, 3] }}", **config: Any) -> dict[str, Any]:
    return node("each", "map", {"items": items, "body": body(*nodes), **config})


async def test_a_map_gives_the_results_in_the_items_order_and_its_body_reads_around_it(ship: Ship) -> None:
    ship.engine()
    first = transform("first", "{{ item * 10 + index }}")
    second = transform(
        "second", "{{ string(nodes.first.output.value) + inputs.topic + nodes.before.output.value }}"
    )
    definition = flow(
        [
            input_node("topic"),
            transform("before", "!"),
            each(first, second, result="{{ nodes.second.output.value }}"),
            output(result="{{ nodes.each.output }}"),
        ],
        [edge("in", "before"), edge("before", "each"), edge("each", "out")],
    )
    seen = await ship.finish(id_ := ship.submit(definition, topic="x"))
    assert ship.journal.outcomes[id_].outputs == {"result": ["10x!", "21x!", "32x!"]}
    assert types(seen, "each[1].second") == ["node_started", "node_completed"]
    assert types(seen, "each[1]") == ["node_started", "node_completed"]


async def test_a_map_of_nothing_gives_an_empty_list(ship: Ship) -> None:
    ship.engine()
    await ship.finish(id_ := ship.submit(around(each(transform("x"), items="{{ [] }}")), topic="x"))
    assert ship.journal.outcomes[id_].outputs == {"result": []}


async def test_items_that_are_no_list_are_the_users_mistake(ship: Ship) -> None:
    ship.engine()
    await ship.finish(id_ := ship.submit(around(each(transform("x"), items="{{ inputs.topic }}")), topic="x"))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("user", "items_not_a_list")


async def test_a_map_runs_no_more_at_a_time_than_it_may(ship: Ship) -> None:
    ship.engine()
    ship.model.gates["each[0].ask"] = ship.model.gates["each[1].ask"] = gate = asyncio.Event()
    id_ = ship.submit(around(each(llm("ask"), max_parallel=2)), topic="x")
    await ship.until(lambda: len(ship.model.asked) == 2)
    gate.set()
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED
    assert sorted(ship.model.asked) == ["each[0].ask", "each[1].ask", "each[2].ask"]


async def test_an_item_that_fails_ends_the_map_and_stops_the_others(ship: Ship) -> None:
    ship.engine()
    ship.model.answers["each[1].ask"] = NodeError(ErrorKind.USER, "Wrong.")
    ship.model.gates["each[0].ask"] = asyncio.Event()
    seen = await ship.finish(id_ := ship.submit(around(each(llm("ask"))), topic="x"))
    outcome = ship.journal.outcomes[id_]
    assert outcome.status is ExecutionStatus.FAILED and outcome.error is not None
    assert (outcome.error["node_id"], outcome.error["message"]) == ("each", "Wrong.")
    assert "node_completed" not in types(seen, "each[0].ask")
    assert "each[0].ask" in ship.model.cancelled


async def test_a_map_may_go_on_without_the_items_that_fail(ship: Ship) -> None:
    ship.engine()
    ship.model.answers["each[1].ask"] = NodeError(ErrorKind.USER, "Wrong.")
    await ship.finish(id_ := ship.submit(around(each(llm("ask"), on_item_error="continue")), topic="x"))
    outputs = ship.journal.outcomes[id_].outputs
    assert outputs is not None and outputs["result"][1] is None and outputs["result"][0] is not None


async def test_a_loop_repeats_until_its_condition_holds_and_reads_what_it_gave_before(ship: Ship) -> None:
    ship.engine()
    grow = transform("grow", "{{ (index == 0 ? inputs.topic : previous) + 'x' }}")
    again = node(
        "again",
        "loop",
        {
            "until": "size(nodes.grow.output.value) >= 4",
            "max_iterations": 9,
            "result": "{{ nodes.grow.output.value }}",
            "body": body(grow),
        },
    )
    seen = await ship.finish(id_ := ship.submit(around(again), topic="x"))
    assert ship.journal.outcomes[id_].outputs == {"result": "xxxx"}
    assert types(seen, "again[2]") == ["node_started", "node_completed"]
    assert not types(seen, "again[3]")


async def test_a_loop_ends_after_as_many_passes_as_it_may_make(ship: Ship) -> None:
    ship.engine()
    again = node(
        "again", "loop", {"until": "false", "max_iterations": 3, "body": body(transform("x", "{{ index }}"))}
    )
    await ship.finish(id_ := ship.submit(around(again), topic="x"))
    assert ship.journal.outcomes[id_].outputs == {"result": {"value": 2}}


async def test_a_sub_flow_sees_only_what_it_is_given(ship: Ship) -> None:
    ship.engine()
    inner = flow([input_node("name"), output(hello="Hello {{ inputs.name }}")], [edge("in", "out")])
    call = node("call", "subflow", {"flow": inner, "inputs": {"name": "{{ inputs.topic }}"}})
    seen = await ship.finish(id_ := ship.submit(around(call), topic="Ann"))
    assert ship.journal.outcomes[id_].outputs == {"result": {"hello": "Hello Ann"}}
    assert types(seen, "call[0].out") == ["node_started", "node_completed"]


async def test_a_map_in_a_worker_that_dies_goes_on_where_it_was(ship: Ship) -> None:
    first = ship.engine("first")
    ship.model.gates["each[1].ask"] = asyncio.Event()
    id_ = ship.submit(around(each(llm("ask"), max_parallel=1)), topic="x")
    await ship.until(lambda: "each[1].ask" in ship.model.asked)
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    ship.model.gates.clear()
    ship.engine("second")
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED
    assert ship.model.asked.count("each[0].ask") == 1 and ship.model.asked.count("each[1].ask") == 2


async def test_a_wait_lasts_and_a_long_one_gives_the_execution_back_meanwhile(ship: Ship) -> None:
    ship.engine()
    id_ = ship.submit(around(node("nap", "wait", {"seconds": 200})), topic="x")
    await ship.parked(id_)
    ship.later(201)
    seen = await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED
    assert [t for t in types(seen) if t in ("execution_waiting", "execution_resumed")] == [
        "execution_waiting",
        "execution_resumed",
    ]
    [started, waiting, done] = [event for event in seen if event.node_id == "nap"]
    assert waiting.type == "node_waiting" and (done.timestamp - started.timestamp).total_seconds() >= 200


@pytest.mark.parametrize("config", [{"seconds": "{{ 1e12 }}"}, {"until": "9999-12-31T23:59:59-23:59"}])
async def test_a_wait_that_is_longer_than_any_calendar_is_refused(ship: Ship, config: dict[str, Any]) -> None:
    ship.engine()
    await ship.finish(id_ := ship.submit(around(node("nap", "wait", config)), topic="x"))
    error = ship.journal.outcomes[id_].error
    assert error is not None and error["code"] == "wait_too_long"


async def test_an_approval_waits_for_an_answer_without_a_worker(ship: Ship) -> None:
    ship.engine()
    ask = node("ask", "approval", {"title": "Send {{ inputs.topic }}?"})
    definition = flow(
        [input_node("topic"), ask, output("yes", x="{{ nodes.ask.output.comment }}"), output("no", x="no")],
        [edge("in", "ask"), edge("ask", "yes", "approved"), edge("ask", "no", "rejected")],
    )
    id_ = ship.submit(definition, topic="it")
    await ship.until(lambda: ship.journal.rows[id_].due_at is None)
    assert ship.journal.rows[id_].owner is None
    assert ship.journal.outcomes[id_].status is ExecutionStatus.WAITING
    ship.journal.answer(id_, "ask", {"approved": True, "by": "Ann", "comment": "fine"})
    seen = await ship.finish(id_)
    assert ship.journal.outcomes[id_].outputs == {"x": "fine"}
    [asked] = [event for event in seen if event.type == "node_waiting"]
    assert asked.data["request"]["title"] == "Send it?"


async def test_an_answer_reaches_an_execution_that_is_busy_elsewhere(ship: Ship) -> None:
    engine = ship.engine(heartbeat_seconds=30)
    ship.model.gates["slow"] = gate = asyncio.Event()
    definition = flow(
        [
            input_node("topic"),
            node("ask", "approval", {}),
            llm("slow"),
            output("yes", x="1"),
            output("end", y="2"),
        ],
        [edge("in", "ask"), edge("in", "slow"), edge("ask", "yes", "approved"), edge("slow", "end")],
    )
    id_ = ship.submit(definition, topic="it")
    await ship.until(lambda: "slow" in ship.model.asked)
    ship.journal.answer(id_, "ask", {"approved": True})
    engine.wake(id_)
    await ship.until(lambda: "node_completed" in types(ship.history(id_), "yes"))
    gate.set()
    await ship.finish(id_)


async def test_an_approval_that_nobody_answers_ends_as_its_node_says(ship: Ship) -> None:
    ship.engine()
    ask = node("ask", "approval", {"deadline_seconds": 100, "on_deadline": "fail"})
    definition = flow(
        [input_node("topic"), ask, output(x="1")], [edge("in", "ask"), edge("ask", "out", "approved")]
    )
    id_ = ship.submit(definition, topic="it")
    await ship.parked(id_)
    ship.later(101)
    await ship.finish(id_)
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("timeout", "approval_overdue")


async def test_a_paused_execution_starts_nothing_until_it_may_go_on(ship: Ship) -> None:
    id_ = ship.submit(around(llm("one"), llm("two")), topic="x")
    ship.journal.ask(id_, pause=True)
    engine = ship.engine()
    await ship.until(lambda: ship.journal.rows[id_].due_at is None)
    assert ship.model.asked == [] and ship.journal.outcomes[id_].status is ExecutionStatus.WAITING
    ship.model.gates["one"] = gate = asyncio.Event()
    ship.journal.ask(id_, pause=False)
    await ship.until(lambda: "one" in ship.model.asked)
    ship.journal.ask(id_, pause=True)
    engine.wake(id_)
    gate.set()
    await ship.until(lambda: ship.journal.rows[id_].due_at is None)
    ship.journal.ask(id_, pause=False)
    await ship.finish(id_)
    assert ship.model.asked == ["one", "two"]


async def test_an_execution_that_waits_can_be_cancelled(ship: Ship) -> None:
    ship.engine()
    id_ = ship.submit(around(node("nap", "wait", {"seconds": 3600})), topic="x")
    await ship.until(lambda: ship.journal.rows[id_].owner is None and ship.journal.rows[id_].epoch == 1)
    ship.journal.request_cancel(id_)
    assert (await ship.finish(id_))[-1].type == "execution_cancelled"


async def test_waiting_does_not_count_towards_the_time_out(ship: Ship) -> None:
    ship.engine()
    definition = around(node("nap", "wait", {"seconds": 1200})) | {"timeout_seconds": 1000}
    id_ = ship.submit(definition, topic="x")
    await ship.parked(id_)
    ship.later(1201)
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED


async def test_a_node_may_go_on_with_a_default_and_choose_what_is_worth_another_try(ship: Ship) -> None:
    ship.engine()
    ship.model.answers["ask"] = NodeError(ErrorKind.USER, "Wrong.")
    policy = {"max_attempts": 2, "backoff_seconds": 0, "kinds": ["user"]}
    ask = llm("ask", retry=policy, on_error="continue", default="none")
    seen = await ship.finish(id_ := ship.submit(around(ask), topic="x"))
    assert ship.journal.outcomes[id_].outputs == {"result": "none"}
    told = [type_ for type_ in types(seen, "ask") if type_.startswith("node_")]
    assert told == ["node_started", "node_retrying", "node_started", "node_failed"]


async def test_a_long_execution_goes_on_from_its_snapshot(ship: Ship) -> None:
    first = ship.engine("first")
    ship.model.gates["ask"] = asyncio.Event()
    many = "{{ [" + ", ".join("1" for _ in range(300)) + "] }}"
    definition = around(each(transform("x", "{{ item }}"), items=many), llm("ask"))
    id_ = ship.submit(definition, topic="x")
    await ship.until(lambda: "ask" in ship.model.asked and id_ in ship.journal.snapshots)
    assert ship.journal.snapshots[id_][0] > 1000
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    ship.model.gates.clear()
    ship.journal.written[id_] = [
        e for e in ship.journal.written[id_] if e.seq > ship.journal.snapshots[id_][0]
    ]
    ship.engine("second")
    await ship.finish(id_)
    outputs = ship.journal.outcomes[id_].outputs
    assert outputs is not None and outputs["result"] == [{"value": 1}] * 300


async def test_a_pass_whose_last_node_was_skipped_gives_nothing(ship: Ship) -> None:
    ship.engine()
    check = node("big", "condition", {"cases": [{"handle": "yes", "when": "item > 1"}], "else": "no"})
    only = {
        "nodes": [check, transform("x", "{{ item }}")],
        "edges": [edge("big", "x", "yes")],
    }
    mapping = node("each", "map", {"items": "{{ [1, 2, 3] }}", "body": only})
    await ship.finish(id_ := ship.submit(around(mapping), topic="x"))
    outputs = ship.journal.outcomes[id_].outputs
    assert outputs == {"result": [None, {"value": 2}, {"value": 3}]}


async def test_snapshots_of_a_growing_execution_come_ever_more_rarely(ship: Ship) -> None:
    append, at = ship.journal.append, list[int]()

    async def noted(scope: Any, batches: Any, **kwargs: Any) -> Any:
        at.extend(batch.last_seq for batch in batches if batch.snapshot is not None)
        return await append(scope, batches, **kwargs)

    ship.journal.append = noted  # type: ignore[method-assign]
    ship.engine()
    each_one = each(transform("x", "{{ item }}"), items="{{ inputs.topic }}")
    id_ = ship.submit(around(each_one), topic=list(range(2500)))
    end = (await ship.finish(id_))[-1].seq
    assert end > 9_000 and at[0] < 3_000 and at[-1] == end
    assert sum(at) < 5 * end, "the work of all snapshots is in proportion to the history"
    assert max(later - earlier for earlier, later in pairwise(at)) < end / 2


async def test_a_large_output_is_stored_by_itself_and_read_back_in_its_place(ship: Ship) -> None:
    first = ship.engine("first")
    ship.model.gates["ask"] = asyncio.Event()
    big = transform("big", "{{ inputs.topic }}")
    definition = around(big, llm("ask"), size="{{ size(nodes.big.output.value) }}")
    id_ = ship.submit(definition, topic="x" * 70_000)
    await ship.until(lambda: "ask" in ship.model.asked)
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    [done] = [e for e in ship.journal.written[id_] if (e.type, e.node_id) == ("node_completed", "big")]
    assert (done.data["output"], done.data["output_ref"]) == (None, f"1:{done.seq}")
    ship.model.gates.clear()
    ship.engine("second")
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].outputs == {"size": 70_000}
