"""The engine on in-memory ports: order, durability, retries, cancel, take-over and hand-over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.core.flows import branching, chain, edge, flow, input_node, llm, node, output
from tests.engine.conftest import Ship, types
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import ExecutionResumed, ExecutionStarted, ExecutionStatus, envelope
from watchbill.engine.command_runner import CommandRunner
from watchbill.engine.slices import SliceResult

ASK = flow(
    [input_node("topic"), llm("ask"), output(answer="{{ nodes.ask.output }}")],
    [edge("in", "ask"), edge("ask", "out")],
)


def ask(**settings: Any) -> dict[str, Any]:
    return ASK | {"nodes": [{**n, **settings} if n["id"] == "ask" else n for n in ASK["nodes"]]}


async def test_a_flow_runs_to_its_outputs_with_every_event_once_and_in_order(ship: Ship) -> None:
    ship.engine()
    id_ = ship.submit(branching(), topic="ships")
    events = await ship.finish(id_)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert ship.live.published[id_] == events[1:]
    outcome = ship.journal.outcomes[id_]
    assert outcome.status is ExecutionStatus.COMPLETED
    assert outcome.outputs == {"answer": "an answer"}
    assert outcome.usage is not None and outcome.usage["total_tokens"] == 5
    assert types(events, "ask") == [
        "node_started",
        "llm_started",
        "llm_token",
        "llm_completed",
        "node_completed",
    ]
    assert types(events, "short_out") == ["node_skipped"]


async def test_a_chain_of_pure_nodes_is_one_commit(ship: Ship) -> None:
    commits = 0
    append = ship.journal.append

    async def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal commits
        commits += 1
        return await append(*args, **kwargs)

    ship.journal.append = counted  # type: ignore[method-assign]
    ship.engine()
    await ship.finish(ship.submit(chain(10), topic="x"))
    assert commits == 1


async def test_an_upstream_failure_is_tried_again_and_a_users_is_not(ship: Ship) -> None:
    ship.engine()
    broken = NodeError(ErrorKind.UPSTREAM, "The provider is away.", code="provider_unavailable")
    retry = {"retry": {"max_attempts": 3, "backoff_seconds": 0.01}}
    ship.model.answers["ask"] = [broken, broken, "at last"]
    events = await ship.finish(id_ := ship.submit(ask(**retry), topic="x"))
    assert types(events, "ask").count("node_retrying") == 2
    assert ship.journal.outcomes[id_].outputs == {"answer": "at last"}

    ship.model.answers["ask"] = NodeError(ErrorKind.USER, "There is no such model.", code="unknown_model")
    events = await ship.finish(id_ := ship.submit(ask(**retry), topic="x"))
    assert "node_retrying" not in types(events)
    error = ship.journal.outcomes[id_].error
    assert error == {
        "kind": "user",
        "code": "unknown_model",
        "message": "There is no such model.",
        "node_id": "ask",
    }


async def test_a_node_that_takes_too_long_fails_with_kind_timeout(ship: Ship) -> None:
    ship.engine()
    ship.model.gates["ask"] = asyncio.Event()
    # The model is asked before the clock is looked at again, so that this little is enough on any machine.
    await ship.finish(id_ := ship.submit(ask(timeout_seconds=0.000_001), topic="x"))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("timeout", "node_timeout")
    assert ship.model.cancelled == ["ask"]


async def test_an_execution_that_takes_too_long_fails(ship: Ship) -> None:
    ship.engine()
    ship.model.gates["ask"] = asyncio.Event()
    id_ = ship.submit(ASK | {"timeout_seconds": 600}, topic="x")
    await ship.model.waiting.wait()
    ship.later(601, id_)
    await ship.finish(id_)
    error = ship.journal.outcomes[id_].error
    assert error is not None and error["code"] == "execution_timeout"
    await ship.until(lambda: ship.model.cancelled == ["ask"])


async def test_a_bug_in_a_node_is_a_failed_node_not_a_stuck_execution(ship: Ship) -> None:
    ship.engine()
    ship.model.answers["ask"] = ZeroDivisionError("secret detail")
    await ship.finish(id_ := ship.submit(ASK, topic="x"))
    error = ship.journal.outcomes[id_].error
    assert error is not None and error["kind"] == "bug"
    assert "secret detail" not in error["message"]


async def test_a_bug_between_two_nodes_fails_the_execution_instead_of_being_tried_for_ever(
    ship: Ship, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_steps: CommandRunner) -> SliceResult:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(CommandRunner, "advance", broken)
    ship.engine()
    await ship.finish(id_ := ship.submit(ASK, topic="x"))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("bug", "internal_error")
    assert "secret detail" not in error["message"]


@pytest.mark.parametrize("levels", [199, 205])
async def test_what_is_nested_too_deeply_fails_its_node(ship: Ship, levels: int) -> None:
    deep: Any = "x"
    for _ in range(levels):
        deep = [deep]
    ship.engine()
    read = flow([input_node("topic"), output(x="{{ inputs.topic }}")], [edge("in", "out")])
    await ship.finish(id_ := ship.submit(read, topic=deep))
    error = ship.journal.outcomes[id_].error
    code, node_id = ("input_too_deep", "out") if levels == 199 else ("output_too_deep", "in")
    assert error is not None and (error["code"], error["node_id"]) == (code, node_id)


async def test_an_expression_that_fails_while_running_is_the_users(ship: Ship) -> None:
    ship.engine()
    broken = flow([input_node("topic"), output(x="{{ inputs.topic.deeper }}")], [edge("in", "out")])
    await ship.finish(id_ := ship.submit(broken, topic="x"))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["node_id"]) == ("user", "out")


async def test_a_handled_failure_goes_on_by_the_error_branch(ship: Ship) -> None:
    ship.engine()
    ship.model.answers["ask"] = NodeError(ErrorKind.UPSTREAM, "Away.")
    nodes = [
        input_node("topic"),
        llm("ask", on_error="branch"),
        output("good", x="1"),
        output("bad", x="{{ nodes.ask.status }}"),
    ]
    branches = flow(nodes, [edge("in", "ask"), edge("ask", "good"), edge("ask", "bad", "error")])
    await ship.finish(id_ := ship.submit(branches, topic="x"))
    assert ship.journal.outcomes[id_].outputs == {"x": "failed"}


async def test_cancel_cuts_the_call_off_and_nothing_starts_after_it(ship: Ship) -> None:
    engine = ship.engine()
    ship.model.gates["ask"] = asyncio.Event()
    id_ = ship.submit(ASK, topic="x")
    await ship.model.waiting.wait()
    engine.cancel(id_)
    events = await ship.finish(id_)
    assert ship.model.cancelled == ["ask"]
    assert events[-1].type == "execution_cancelled"
    assert ship.journal.outcomes[id_].status is ExecutionStatus.CANCELLED
    assert types(events, "out") == []


async def test_a_cancel_whose_message_was_lost_is_seen_at_the_next_heartbeat(ship: Ship) -> None:
    ship.engine()
    ship.model.gates["ask"] = asyncio.Event()
    id_ = ship.submit(ASK, topic="x")
    await ship.model.waiting.wait()
    ship.journal.request_cancel(id_)
    assert (await ship.finish(id_))[-1].type == "execution_cancelled"


async def test_a_dead_workers_execution_goes_on_elsewhere_from_its_last_finished_node(ship: Ship) -> None:
    two = flow(
        [
            input_node("topic"),
            llm("first"),
            llm("second", "{{ nodes.first.output }}"),
            output(x="{{ nodes.second.output }}"),
        ],
        [edge("in", "first"), edge("first", "second"), edge("second", "out")],
    )
    dead = ship.engine("dead")
    ship.model.gates["second"] = asyncio.Event()
    id_ = ship.submit(two, topic="x")
    await ship.model.waiting.wait()
    await ship.until(
        lambda: any(e.type == "llm_started" and e.node_id == "second" for e in ship.live.published[id_])
    )
    # No heartbeat and no farewell: what a kill -9 leaves behind.
    await dead._supervisor.stop()
    for task in dead._tasks:
        task.cancel()
    ship.journal.release = _nothing  # type: ignore[method-assign]
    ship.engines.clear()
    ship.model.gates.clear()
    ship.engine("heir")
    ship.journal.rows[id_].lease_until = datetime.now(UTC)
    events = await ship.finish(id_)
    assert ship.model.asked == ["first", "second", "second"]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [e.data["interrupted"] for e in events if e.type == "execution_resumed"] == [["second"]]
    assert types(events, "first").count("node_completed") == 1


async def _nothing(*_: Any) -> None:
    return None


async def test_a_zombie_writes_nothing_after_it_was_taken_over(ship: Ship) -> None:
    zombie = ship.engine("zombie", heartbeat_seconds=1000, sweep_seconds=1000)
    ship.model.gates["ask"] = asyncio.Event()
    id_ = ship.submit(ASK, topic="x")
    await ship.model.waiting.wait()
    gate = ship.model.gates.pop("ask")
    ship.later(60)
    ship.engine("heir")
    events = await ship.finish(id_)
    gate.set()
    await ship.until(lambda: zombie.running == 0)
    assert ship.history(id_) == events
    assert types(events).count("execution_completed") == 1
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


async def test_a_stopping_worker_hands_over_at_once(ship: Ship) -> None:
    first = ship.engine("first", lease_seconds=100)
    ship.model.gates["ask"] = asyncio.Event()
    id_ = ship.submit(ASK, topic="x")
    await ship.model.waiting.wait()
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    ship.model.gates.clear()
    ship.engine("second", lease_seconds=100)
    assert (await ship.finish(id_))[-1].type == "execution_completed"


async def test_an_execution_that_kills_its_workers_is_given_up(ship: Ship) -> None:
    id_ = ship.submit(ASK, topic="x")
    ship.journal.rows[id_].epoch = 3
    ship.journal.rows[id_].last_seq = 4
    ship.journal.written[id_] += _interrupted(id_)
    ship.engine(max_interruptions=2)
    await ship.finish(id_)
    error = ship.journal.outcomes[id_].error
    assert error is not None and error["code"] == "interrupted_too_often"


def _interrupted(id_: Any) -> list[Any]:
    beginnings = (ExecutionStarted(epoch=1), ExecutionResumed(epoch=2), ExecutionResumed(epoch=3))
    now = datetime.now(UTC)
    return [
        envelope(data, seq=seq, execution_id=id_, node_id=None, timestamp=now)
        for seq, data in enumerate(beginnings, start=2)
    ]


async def test_an_execution_that_crashed_here_is_taken_up_again_when_its_lease_ends(ship: Ship) -> None:
    append, failures = ship.journal.append, [RuntimeError("the first write fails")]

    async def failing(*args: Any, **kwargs: Any) -> Any:
        if failures:
            raise failures.pop()
        return await append(*args, **kwargs)

    ship.journal.append = failing  # type: ignore[method-assign]
    engine = ship.engine()
    id_ = ship.submit(ASK, topic="x")
    await ship.until(lambda: not failures and engine.running == 0)
    ship.later(60)
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED


async def test_text_that_no_database_holds_does_not_stop_an_execution(ship: Ship) -> None:
    ship.engine()
    ship.model.answers["ask"] = "nul \x00 and half \ud83d a smiley"
    events = await ship.finish(id_ := ship.submit(ASK, topic="x"))
    answers = [e.data["output"] for e in events if e.type == "node_completed" and e.node_id == "ask"]
    assert answers == ["nul \ufffd and half \ufffd a smiley"]
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED


async def test_many_at_once_all_complete_within_the_capacity(ship: Ship) -> None:
    engine = ship.engine(capacity=20)
    ids = [ship.submit(ASK, topic=str(index)) for index in range(100)]
    most = 0
    while any(id_ in ship.journal.rows for id_ in ids):
        most = max(most, engine.running)
        await asyncio.sleep(0.002)
    assert most <= 20
    assert all(ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED for id_ in ids)


async def test_a_condition_that_is_not_boolean_is_the_users_mistake(ship: Ship) -> None:
    ship.engine()
    check = node("c", "condition", {"cases": [{"handle": "yes", "when": "inputs.topic"}], "else": "no"})
    await ship.finish(id_ := ship.submit(flow([input_node("topic"), check], [edge("in", "c")]), topic="x"))
    error = ship.journal.outcomes[id_].error
    assert error is not None and error["code"] == "not_boolean"


async def test_a_trace_that_could_not_be_written_is_mended_by_whoever_takes_over(
    ship: Ship, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, losses = ship.documents.append, ["the first one"]

    async def lossy(*args: Any) -> None:
        if losses:
            losses.pop()
            raise ConnectionError("the documents are away")
        await append(*args)

    monkeypatch.setattr(ship.documents, "append", lossy)
    engine = ship.engine()
    definition = flow(
        [input_node("topic"), llm("one"), llm("two"), output()],
        [edge("in", "one"), edge("one", "two"), edge("two", "out")],
    )
    id_ = ship.submit(definition, topic="x")
    await ship.until(lambda: not losses and engine.running == 0)
    ship.later(60)
    seen = await ship.finish(id_)
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert types(seen)[-1] == "execution_completed"
    assert "execution_resumed" in types(seen)


async def test_what_is_wrong_with_one_execution_does_not_end_those_that_commit_with_it(ship: Ship) -> None:
    append, refused, failures = ship.journal.append, "", list[int]()

    async def choosy(scope: Any, batches: Any, **kwargs: Any) -> Any:
        if any(str(batch.execution_id) == refused for batch in batches):
            failures.append(len(batches))
            raise ValueError("this one cannot be written")
        return await append(scope, batches, **kwargs)

    ship.journal.append = choosy  # type: ignore[method-assign]
    ids = [ship.submit(chain(3), topic="x") for _ in range(5)]
    refused = str(ids[2])
    ship.engine()
    others = [id_ for id_ in ids if str(id_) != refused]
    histories = [await ship.finish(id_) for id_ in others]
    assert failures[0] > 1, "it was with others in a group"
    assert all("execution_resumed" not in types(history) for history in histories)
    assert all(ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED for id_ in others)


async def test_a_plan_that_is_not_accepted_any_more_ends_its_execution_and_keeps_its_bill(ship: Ship) -> None:
    first = ship.engine("first")
    definition = flow(
        [input_node("topic"), llm("one"), llm("two"), output()],
        [edge("in", "one"), edge("one", "two"), edge("two", "out")],
    )
    ship.model.gates["two"] = asyncio.Event()
    id_ = ship.submit(definition, topic="x")
    await ship.model.waiting.wait()
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    definition["nodes"][2]["type"] = "retired"
    ship.engine("second")
    events = await ship.finish(id_)
    outcome = ship.journal.outcomes[id_]
    assert (outcome.status, types(events)[-1]) == (ExecutionStatus.FAILED, "execution_failed")
    assert outcome.error is not None
    assert (outcome.error["code"], outcome.error["node_id"]) == ("plan_invalid", "two")
    assert "`retired`" in outcome.error["message"]
    assert outcome.usage is not None and outcome.usage["total_tokens"] == 5, "what was used stays on the bill"
