"""Executions over HTTP with a real worker: examples, costs, inputs, large flows, lists, crews."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from tests.core.flows import branching, chain, edge, flow, input_node, llm, output, transform
from tests.e2e.conftest import Tenant
from tests.e2e.flows import ASK, EXAMPLES
from tests.people import checked
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.transactions import Database


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
    assert started["flow_name"] == "Pair"
    seen = await tenant.watch(started["id"])
    assert seen[-1]["type"] == "execution_completed"
    assert {"task_started", "task_completed", "llm_completed"} <= {event["type"] for event in seen}
    execution = await tenant.get(started["id"])
    assert (execution["flow_id"], execution["flow_name"]) == (None, "Pair")
    [listed] = checked(await tenant.http.get("executions"), 200)["items"]
    assert listed["flow_name"] == "Pair"


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


async def test_the_provider_can_be_tested_from_the_api(tenant: Tenant) -> None:
    [provider] = checked(await tenant.http.get("llm-providers"), 200)["items"]
    answer: httpx.Response = await tenant.http.post(f"llm-providers/{provider['id']}/test", json={})
    assert checked(answer, 200)["ok"] is True
    tenant.server.script([{"then": {"status": 401}}])
    broken = checked(await tenant.http.post(f"llm-providers/{provider['id']}/test", json={}), 200)
    assert broken["ok"] is False
    assert "sk-e2e" not in broken["error"]
