"""Executions over HTTP with a real worker: every event once, costs, cancel, bad input, misbehaving models."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import websockets
import yaml
from sqlalchemy import text

from tests.core.flows import branching, chain, edge, flow, input_node, llm, output, transform
from tests.e2e.conftest import Tenant, Worker, new_tenant
from tests.people import checked
from watchbill.core.tenancy import TenantScope
from watchbill.kit.db import Database
from watchbill.kit.resources import data_dir

ASK = flow(
    [input_node("topic"), llm("ask"), output(answer="{{ nodes.ask.output }}")],
    [edge("in", "ask"), edge("ask", "out")],
)
EXAMPLES = {
    file.stem: yaml.safe_load(file.read_text("utf-8"))
    for file in sorted((data_dir("examples") or Path()).glob("*.yaml"))
}


def slow(server: Any) -> None:
    """The model speaks for several seconds."""
    server.script([{"then": {"text": "word " * 200, "token_ms": 30}}])


def is_token(event: dict[str, Any]) -> bool:
    return event["type"] == "llm_token"


@pytest.mark.parametrize("name", EXAMPLES)
async def test_each_example_runs_and_every_event_is_seen_once(tenant: Tenant, name: str) -> None:
    example = EXAMPLES[name]
    id_ = await tenant.execute(example["definition"], **example["inputs_example"])
    seen = await tenant.watch(id_)
    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
    assert await tenant.events(id_) == seen
    execution = await tenant.get(id_)
    assert execution["status"] == "completed", execution["error"]
    assert execution["outputs"]
    assert {node["status"] for node in execution["nodes"]} <= {"completed", "skipped"}


async def test_the_bill_adds_up(tenant: Tenant) -> None:
    example = EXAMPLES["parallel-comparison"]
    id_ = await tenant.execute(example["definition"], **example["inputs_example"])
    calls = [e["data"]["usage"] for e in await tenant.watch(id_) if e["type"] == "llm_completed"]
    execution = await tenant.get(id_)
    for field in ("prompt_tokens", "completion_tokens", "total_tokens", "llm_calls"):
        assert execution["usage"][field] == sum(call[field] for call in calls)
        assert execution["usage"][field] == sum(node["usage"][field] for node in execution["nodes"])
    cost = execution["usage"]["prompt_tokens"] * 2e-6 + execution["usage"]["completion_tokens"] * 8e-6
    assert execution["usage"]["cost_usd"] == pytest.approx(cost)
    assert cost > 0
    assert execution["usage"]["llm_calls"] == 4


async def test_a_watcher_that_comes_back_gets_the_rest_once_and_in_order(tenant: Tenant) -> None:
    slow(tenant.server)
    id_ = await tenant.execute(ASK, topic="tides")
    first = await tenant.watch(id_, until=is_token)
    second = await tenant.watch(id_, after=first[-1]["seq"], until=is_token)
    third = await tenant.watch(id_, after=second[-1]["seq"])
    assert [e["seq"] for e in [*first, *second, *third]] == list(range(1, third[-1]["seq"] + 1))
    text = "".join(e["data"]["text"] for e in [*first, *second, *third] if is_token(e))
    assert text.split() == ["word"] * 200


async def test_a_websocket_sends_the_same_events_and_closes(tenant: Tenant, base_url: str) -> None:
    id_ = await tenant.execute(ASK, topic="tides")
    url = f"{base_url.replace('http', 'ws')}/api/v1/ws/executions/{id_}"
    headers = {"Authorization": f"Bearer {tenant.token}"}
    async with websockets.connect(url, additional_headers=headers) as socket:
        frames = [json.loads(frame) async for frame in socket]
    assert frames == await tenant.events(id_)
    async with websockets.connect(f"{url}?after={frames[-2]['seq']}", additional_headers=headers) as socket:
        assert [json.loads(frame) async for frame in socket] == frames[-1:]


async def test_a_websocket_without_rights_is_closed_with_the_status(tenant: Tenant, base_url: str) -> None:
    id_ = await tenant.execute(ASK, topic="tides")
    url = f"{base_url.replace('http', 'ws')}/api/v1/ws/executions/{id_}"
    async with websockets.connect(url) as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401
    async with new_tenant(base_url, tenant.server) as other:
        headers = {"Authorization": f"Bearer {other.token}"}
        async with websockets.connect(url, additional_headers=headers) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4404


async def test_another_tenant_sees_nothing(tenant: Tenant, base_url: str) -> None:
    id_ = await tenant.execute(ASK, topic="tides")
    async with new_tenant(base_url, tenant.server) as other:
        for path in ("", "/events", "/logs", "/stream"):
            answer = await other.http.get(f"executions/{id_}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "execution_not_found")
        assert (await other.http.post(f"executions/{id_}/cancel")).status_code == 404
        assert checked(await other.http.get("executions"), 200)["items"] == []


async def test_cancel_in_the_middle_of_a_call_closes_the_models_connection(tenant: Tenant) -> None:
    slow(tenant.server)
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
    slow(tenant.server)
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
            {"match": "SECOND", "then": {"text": "never finished " * 50, "token_ms": 100}, "times": 1},
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


async def test_the_same_idempotency_key_runs_once(tenant: Tenant) -> None:
    flow_id = await tenant.flow(ASK)
    send = [
        tenant.http.post(
            f"flows/{flow_id}/execute", json={"inputs": {"topic": "x"}}, headers={"Idempotency-Key": "once"}
        )
        for _ in range(5)
    ]
    answers = await asyncio.gather(*send)
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    await tenant.watch(answers[0].json()["id"])
    assert tenant.server.calls.total == 1
    other = await tenant.flow(ASK)
    reused = await tenant.http.post(
        f"flows/{other}/execute", json={"inputs": {"topic": "x"}}, headers={"Idempotency-Key": "once"}
    )
    assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_key_reused")


BAD_INPUTS: list[tuple[dict[str, Any], str, list[Any]]] = [
    ({}, "missing", ["inputs", "topic"]),
    ({"topic": 5}, "wrong_type", ["inputs", "topic"]),
    ({"topic": "x", "tpoic": "y"}, "unknown_input", ["inputs", "tpoic"]),
]


@pytest.mark.parametrize(("inputs", "code", "loc"), BAD_INPUTS)
async def test_inputs_that_do_not_fit_are_refused_and_nothing_is_stored(
    tenant: Tenant, inputs: dict[str, Any], code: str, loc: list[Any]
) -> None:
    flow_id = await tenant.flow(ASK)
    answer = await tenant.http.post(f"flows/{flow_id}/execute", json={"inputs": inputs})
    assert answer.status_code == 422
    assert [(error["code"], error["loc"]) for error in answer.json()["errors"]] == [(code, loc)]
    assert checked(await tenant.http.get("executions"), 200)["items"] == []


async def test_a_flow_with_problems_is_refused_and_says_where(tenant: Tenant) -> None:
    broken = flow([input_node("topic"), llm("ask", "{{ nodes.ghost.output }}")], [edge("in", "ask")])
    flow_id = await tenant.flow(broken)
    answer = await tenant.http.post(f"flows/{flow_id}/execute", json={"inputs": {"topic": "x"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "flow_invalid")
    assert answer.json()["errors"][0]["loc"] == ["nodes", "ask", "config", "prompt"]


async def test_the_largest_flow_runs(tenant: Tenant) -> None:
    id_ = await tenant.execute(chain(1998), topic="x")
    assert (await tenant.watch(id_))[-1]["type"] == "execution_completed"
    assert len((await tenant.get(id_))["nodes"]) == 2000


async def test_a_definition_beyond_two_megabytes_is_refused(tenant: Tenant) -> None:
    huge = flow(
        [input_node("topic"), transform("a", "x" * (2 * 1024 * 1024)), output()],
        [edge("in", "a"), edge("a", "out")],
    )
    answer = await tenant.http.post("flows", json={"name": "Huge", "definition": huge})
    assert (answer.status_code, answer.json()["code"]) == (422, "definition_too_large")
    validation = checked(await tenant.http.post("flows/validate", json={"definition": huge}), 200)
    assert [problem["code"] for problem in validation["problems"]] == ["definition_too_large"]


async def test_branches_that_are_not_taken_are_skipped(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "no"}}])
    id_ = await tenant.execute(branching(), topic="x")
    await tenant.watch(id_)
    statuses = {node["node_id"]: node["status"] for node in (await tenant.get(id_))["nodes"]}
    assert statuses["long_out"] == "skipped"
    assert statuses["short_out"] == "completed"


async def test_a_plan_that_is_gone_is_stored_again(tenant: Tenant, database: Database) -> None:
    flow_id = await tenant.flow(chain(1))
    ask = {"inputs": {"topic": "x"}, "options": {"wait_seconds": 60}}
    first = checked(await tenant.http.post(f"flows/{flow_id}/execute", json=ask), 202)
    assert (first["status"], first["outputs"]) == ("completed", {"topic": "x"})
    me = checked(await tenant.http.get("auth/me"), 200)
    async with database.transaction(TenantScope(UUID(me["tenant"]["id"]))) as work:
        await work.session.execute(text("DELETE FROM executions"))
        await work.session.execute(text("DELETE FROM plans"))
    again = checked(await tenant.http.post(f"flows/{flow_id}/execute", json=ask), 202)
    assert again["status"] == "completed"


async def test_lists_are_filtered_and_paged(tenant: Tenant) -> None:
    flow_id = await tenant.flow(chain(1))
    ids = []
    for index in range(5):
        form = {"inputs": {"topic": str(index)}}
        ids.append(checked(await tenant.http.post(f"flows/{flow_id}/execute", json=form), 202)["id"])
        await tenant.watch(ids[-1])
    first = checked(await tenant.http.get(f"executions?limit=3&flow_id={flow_id}"), 200)
    second = checked(await tenant.http.get(f"executions?limit=3&cursor={first['next_cursor']}"), 200)
    assert [item["id"] for item in [*first["items"], *second["items"]]] == ids[::-1]
    assert second["next_cursor"] is None
    assert checked(await tenant.http.get("executions?status=failed&status=running"), 200)["items"] == []
    bad = await tenant.http.get("executions?cursor=nonsense")
    assert bad.status_code == 422


async def test_a_crew_can_be_tested_by_itself(tenant: Tenant) -> None:
    agent = {"name": "Ada", "role": "Analyst", "goal": "Explain {{ inputs.topic }}", "backstory": "Patient."}
    agent_id = checked(await tenant.http.post("agents", json=agent), 201)["id"]
    task = {
        "name": "explain",
        "description": "Explain {{ inputs.topic }}",
        "expected_output": "Text",
        "agent_id": agent_id,
    }
    crew = {"name": "Pair", "process": "sequential", "agent_ids": [agent_id], "tasks": [task]}
    crew_id = checked(await tenant.http.post("crews", json=crew), 201)["id"]
    missing = await tenant.http.post(f"crews/{crew_id}/test", json={"inputs": {}})
    assert missing.status_code == 422
    started = checked(
        await tenant.http.post(f"crews/{crew_id}/test", json={"inputs": {"topic": "tides"}}), 202
    )
    seen = await tenant.watch(started["id"])
    assert seen[-1]["type"] == "execution_completed"
    assert {"task_started", "task_completed", "llm_completed"} <= {event["type"] for event in seen}


async def test_a_stored_agent_is_used_as_it_was_when_the_run_began(tenant: Tenant) -> None:
    agent = {"name": "Ada", "role": "Analyst", "goal": "Be early", "backstory": "b"}
    agent_id = checked(await tenant.http.post("agents", json=agent), 201)["id"]
    task = {"description": "Explain {{ inputs.topic }}", "expected_output": "Text"}
    stored = flow(
        [
            input_node("topic"),
            {"id": "a", "type": "agent", "config": {"agent_id": agent_id, "task": task}},
            output(),
        ],
        [edge("in", "a"), edge("a", "out")],
    )
    id_ = await tenant.execute(stored, topic="tides")
    await tenant.watch(id_)
    [node] = [n for n in (await tenant.get(id_))["nodes"] if n["node_id"] == "a"]
    assert node["input"]["agent"]["goal"] == "Be early"
    stored["nodes"][1]["config"]["agent_id"] = "00000000-0000-0000-0000-000000000001"
    answer = await tenant.http.post("flows/validate", json={"definition": stored})
    assert [p["code"] for p in answer.json()["problems"]] == ["reference_unresolved"]


async def test_a_stream_of_a_finished_execution_is_its_history(tenant: Tenant) -> None:
    id_ = await tenant.execute(chain(2), topic="x")
    seen = await tenant.watch(id_)
    assert await tenant.watch(id_) == seen
    assert await tenant.watch(id_, after=seen[-1]["seq"] - 1) == seen[-1:]


async def test_no_secret_is_in_the_workers_log(tenant: Tenant, worker: Worker) -> None:
    tenant.server.script([{"then": {"status": 401}}])
    id_ = await tenant.execute(ASK, topic="x")
    await tenant.watch(id_)
    assert "sk-e2e" not in worker.log()


async def test_the_provider_can_be_tested_from_the_api(tenant: Tenant) -> None:
    [provider] = checked(await tenant.http.get("llm-providers"), 200)["items"]
    answer: httpx.Response = await tenant.http.post(f"llm-providers/{provider['id']}/test", json={})
    assert checked(answer, 200)["ok"] is True
    tenant.server.script([{"then": {"status": 401}}])
    broken = checked(await tenant.http.post(f"llm-providers/{provider['id']}/test", json={}), 200)
    assert broken["ok"] is False
    assert "sk-e2e" not in broken["error"]
