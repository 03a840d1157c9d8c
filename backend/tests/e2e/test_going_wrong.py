"""Executions that are cancelled, lose their worker, or meet a model that misbehaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.core.flows import edge, flow, input_node, llm, output
from tests.e2e.conftest import Tenant, Worker
from tests.e2e.flows import ASK, EXAMPLES, is_token
from tests.people import checked


async def test_cancel_in_the_middle_of_a_call_closes_the_models_connection(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "one two", "stall_after": 1}}])
    id_ = await tenant.execute(ASK, topic="tides")
    await tenant.watch(id_, until=is_token)
    answer = checked(await tenant.http.post(f"executions/{id_}/cancel"), 202)
    assert answer["status"] == "cancelled"
    await tenant.server.calls.wait_for(lambda calls: [c.outcome for c in calls] == ["client_closed"])
    seen = await tenant.watch(id_)
    assert seen[-1]["type"] == "execution_cancelled"
    assert (await tenant.get(id_))["status"] == "cancelled"
    again = await tenant.http.post(f"executions/{id_}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "execution_over")


async def test_cancel_in_the_middle_of_a_crew_ends_it(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "one two", "stall_after": 1}}])
    example = EXAMPLES["research-brief"]
    id_ = await tenant.execute(example["definition"], **example["inputs_example"])
    await tenant.watch(id_, until=is_token)
    assert checked(await tenant.http.post(f"executions/{id_}/cancel"), 202)["status"] == "cancelled"
    await tenant.server.calls.wait_for(lambda calls: [c.outcome for c in calls] == ["client_closed"])
    assert tenant.server.calls.total == 1


async def test_a_worker_that_is_killed_is_replaced_and_finished_nodes_stay_finished(
    tenant: Tenant, worker: Worker
) -> None:
    two = flow(
        [
            input_node("topic"),
            llm("first", "FIRST"),
            llm("second", "SECOND {{ nodes.first.output }}"),
            output(x="{{ nodes.second.output }}"),
        ],
        [edge("in", "first"), edge("first", "second"), edge("second", "out")],
    )
    tenant.server.script(
        [
            {"match": "SECOND", "then": {"text": "never finished", "stall_after": 1}, "times": 1},
            {"match": "SECOND", "then": {"text": "the end"}},
            {"match": "FIRST", "then": {"text": "the beginning"}},
        ]
    )
    id_ = await tenant.execute(two, topic="x")
    before = await tenant.watch(id_, until=lambda e: is_token(e) and e["node_id"] == "second")
    await worker.stop(9)
    await worker.start()
    rest = await tenant.watch(id_, after=before[-1]["seq"])
    assert [e["seq"] for e in [*before, *rest]] == list(range(1, rest[-1]["seq"] + 1))
    execution = await tenant.get(id_)
    assert (execution["status"], execution["outputs"]) == ("completed", {"x": "the end"})
    prompts = [call.prompt.split()[0] for call in tenant.server.calls]
    assert prompts == ["FIRST", "SECOND", "SECOND"]
    starts = [e["node_id"] for e in await tenant.events(id_) if e["type"] == "node_started"]
    assert starts == ["in", "first", "second", "second", "out"]


async def test_a_worker_that_left_crewai_out_loads_it_for_the_first_call(
    tenant: Tenant, worker: Worker
) -> None:
    await worker.stop()
    await worker.start(WATCHBILL_WORKER_PRELOAD="false")
    plain = flow([input_node("topic"), output(x="{{ inputs.topic }}")], [edge("in", "out")])
    assert (await tenant.watch(await tenant.execute(plain, topic="x")))[-1]["type"] == "execution_completed"
    assert "tiktoken" not in worker.libraries(), "LiteLLM's"
    tenant.server.script([{"then": {"text": "Tides turn."}}])
    assert (await tenant.watch(await tenant.execute(ASK, topic="x")))[-1]["type"] == "execution_completed"
    assert "tiktoken" in worker.libraries()


async def test_an_execution_nobody_runs_can_still_be_cancelled(tenant: Tenant, worker: Worker) -> None:
    await worker.stop()
    try:
        id_ = await tenant.execute(ASK, topic="x")
        assert checked(await tenant.http.post(f"executions/{id_}/cancel"), 202)["status"] == "cancelled"
        assert [e["type"] for e in await tenant.watch(id_)] == ["execution_queued", "execution_cancelled"]
        waiting = await tenant.execute(ASK, topic="x")
    finally:
        await worker.start()
    assert (await tenant.watch(waiting))[-1]["type"] == "execution_completed"
    assert tenant.server.calls.total == 1


MISBEHAVIOUR: list[tuple[str, dict[str, Any], str, str]] = [
    ("a rate limit", {"status": 429}, "upstream", "rate_limited"),
    ("an error", {"status": 500}, "upstream", "provider_unavailable"),
    ("a refused key", {"status": 401}, "user", "provider_key_refused"),
    (
        "a stream that breaks off",
        {"text": "one two three four", "break_after": 2},
        "upstream",
        "stream_broken",
    ),
    ("an empty answer", {"empty": True}, "upstream", "empty_answer"),
    ("a refusal", {"refusal": "I would rather not."}, "user", "refused"),
    ("silence", {"hang": True}, "timeout", "node_timeout"),
]


@pytest.mark.parametrize(
    ("then", "kind", "code"), [m[1:] for m in MISBEHAVIOUR], ids=[m[0] for m in MISBEHAVIOUR]
)
async def test_a_misbehaving_model_is_a_failed_node_with_its_kind(
    tenant: Tenant, then: dict[str, Any], kind: str, code: str
) -> None:
    tenant.server.script([{"then": then}])
    # Only silence is waited out; a worker that just started may still be importing its libraries.
    limit = {"timeout_seconds": 2 if then.get("hang") else 60}
    limited = ASK | {"nodes": [{**n, **limit} if n["id"] == "ask" else n for n in ASK["nodes"]]}
    id_ = await tenant.execute(limited, topic="x")
    assert (await tenant.watch(id_))[-1]["type"] == "execution_failed"
    error = (await tenant.get(id_))["error"]
    assert (error["kind"], error["code"], error["node_id"]) == (kind, code, "ask")
    assert "sk-e2e" not in json.dumps(await tenant.events(id_))


async def test_nonsense_instead_of_json_is_a_failed_node(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"nonsense": True}}])
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    wanting = llm("ask")
    wanting["config"]["output_schema"] = schema
    id_ = await tenant.execute(ASK | {"nodes": [input_node("topic"), wanting, ASK["nodes"][2]]}, topic="x")
    assert (await tenant.watch(id_))[-1]["type"] == "execution_failed"
    assert (await tenant.get(id_))["error"]["code"] == "invalid_output"


async def test_a_failure_is_tried_again_and_both_attempts_are_paid_for(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"status": 500}, "times": 1}, {"then": {"text": "fine"}}])
    retrying = ASK | {
        "nodes": [
            {**n, "retry": {"max_attempts": 2, "backoff_seconds": 0.05}} if n["id"] == "ask" else n
            for n in ASK["nodes"]
        ]
    }
    id_ = await tenant.execute(retrying, topic="x")
    seen = await tenant.watch(id_)
    assert [e["type"] for e in seen].count("node_retrying") == 1
    assert (await tenant.get(id_))["outputs"] == {"answer": "fine"}


async def test_no_secret_is_in_the_workers_log(tenant: Tenant, worker: Worker) -> None:
    tenant.server.script([{"then": {"status": 401}}])
    id_ = await tenant.execute(ASK, topic="x")
    await tenant.watch(id_)
    assert "sk-e2e" not in worker.log()
