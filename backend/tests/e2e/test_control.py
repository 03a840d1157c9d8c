"""Pausing, resuming, forking, answering and going through lists: over HTTP with a real worker."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import text

from tests.core.flows import edge, flow, input_node, llm, node, output, transform
from tests.e2e.conftest import Tenant
from tests.people import checked
from watchbill.core.tenancy import TenantScope

CHAIN = flow(
    [
        input_node("topic"),
        transform("before", "{{ inputs.topic + '!' }}"),
        llm("ask", "{{ nodes.before.output.value }}"),
        output(answer="{{ nodes.ask.output }}", before="{{ nodes.before.output.value }}"),
    ],
    [edge("in", "before"), edge("before", "ask"), edge("ask", "out")],
)
TWO_QUESTIONS = flow(
    [
        input_node("topic"),
        llm("ask", "{{ inputs.topic }}"),
        llm("ask_more", "{{ nodes.ask.output }}"),
        output(answer="{{ nodes.ask_more.output }}"),
    ],
    [edge("in", "ask"), edge("ask", "ask_more"), edge("ask_more", "out")],
)
QUESTION = flow(
    [
        input_node("topic"),
        node(
            "ask",
            "approval",
            {"title": "Send {{ inputs.topic }}?", "fields": [{"name": "amount", "type": "integer"}]},
        ),
        output("yes", amount="{{ nodes.ask.output.values.amount }}", by="{{ nodes.ask.output.by }}"),
        output("no", amount="{{ 0 }}"),
    ],
    [edge("in", "ask"), edge("ask", "yes", "approved"), edge("ask", "no", "rejected")],
)


async def status(tenant: Tenant, id_: str, wanted: str) -> dict[str, Any]:
    """The execution, once it has this status."""
    async with asyncio.timeout(120):
        while (found := await tenant.get(id_))["status"] != wanted:
            assert found["status"] not in ("completed", "failed", "cancelled"), found
            await asyncio.sleep(0.05)
    return found


def refuse_then_answer(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"status": 401}, "times": 1}, {"then": {"text": "Tides turn."}}])


async def test_a_failed_execution_is_resumed_where_it_failed(tenant: Tenant) -> None:
    refuse_then_answer(tenant)
    id_ = await tenant.execute(CHAIN, topic="tides")
    first = await tenant.watch(id_)
    assert first[-1]["type"] == "execution_failed"
    answer = checked(await tenant.http.post(f"executions/{id_}/resume"), 202)
    assert answer["id"] == id_ and answer["error"] is None
    rest = await tenant.watch(id_, after=first[-1]["seq"])
    assert rest[-1]["type"] == "execution_completed"
    whole = await tenant.events(id_)
    assert [event["seq"] for event in whole] == list(range(1, len(whole) + 1))
    assert await tenant.watch(id_) == whole, "a watcher from the beginning sees past the first end"
    started = [event["node_id"] for event in whole if event["type"] == "node_started"]
    assert started.count("before") == 1 and started.count("ask") == 2
    found = await tenant.get(id_)
    assert found["status"] == "completed" and found["outputs"]["answer"] == "Tides turn."
    assert (
        checked(await tenant.http.get(f"executions/{id_}?as_of={first[-1]['seq']}"), 200)["status"]
        == "failed"
    )
    for refused in ("resume", "pause", "cancel"):
        assert (await tenant.http.post(f"executions/{id_}/{refused}")).status_code == 409


async def test_a_cancelled_execution_is_resumed(tenant: Tenant) -> None:
    tenant.server.script(
        [{"then": {"text": "one two", "stall_after": 1}, "times": 1}, {"then": {"text": "Done."}}]
    )
    id_ = await tenant.execute(CHAIN, topic="tides")
    await tenant.watch(id_, until=lambda event: event["type"] == "llm_token")
    assert checked(await tenant.http.post(f"executions/{id_}/cancel"), 202)["status"] == "cancelled"
    checked(await tenant.http.post(f"executions/{id_}/resume"), 202)
    assert (await status(tenant, id_, "completed"))["outputs"]["answer"] == "Done."


async def test_a_fork_takes_over_what_was_done_and_edited_outputs(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "Tides turn."}}])
    id_ = await tenant.execute(CHAIN, topic="tides")
    await tenant.watch(id_)
    calls = (await tenant.get(id_))["usage"]["llm_calls"]
    form = {"from_node": "ask", "outputs": {"before": {"value": "edited"}}}
    made = checked(await tenant.http.post(f"executions/{id_}/fork", json=form), 202)
    assert made["forked_from"] == id_ and made["id"] != id_
    await tenant.watch(made["id"])
    forked = await tenant.get(made["id"])
    assert forked["outputs"] == {"answer": "Tides turn.", "before": "edited"}
    assert forked["usage"]["llm_calls"] == 1 == calls
    end = {"from_node": "out"}
    free = checked(await tenant.http.post(f"executions/{id_}/fork", json=end), 202)
    await tenant.watch(free["id"])
    assert (await tenant.get(free["id"]))["usage"]["llm_calls"] == 0, "what was paid is not paid again"
    wrong = await tenant.http.post(f"executions/{id_}/fork", json={"from_node": "nobody"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_node")


async def test_a_paused_execution_finishes_what_it_is_at_and_goes_on_when_told(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "one two", "stall_after": 1}}])
    id_ = await tenant.execute(TWO_QUESTIONS, topic="tides")
    await tenant.watch(id_, until=lambda event: event["type"] == "llm_token")
    assert checked(await tenant.http.post(f"executions/{id_}/pause"), 202)["paused"] is True
    # The worker hears of it by the commit of this answer at the latest, when it has begun the next.
    tenant.server.go_on()
    paused = await status(tenant, id_, "waiting")
    states = {n["node_id"]: n["status"] for n in paused["nodes"]}
    assert (states["ask"], states["out"]) == ("completed", "pending")
    assert checked(await tenant.http.post(f"executions/{id_}/resume"), 202)["paused"] is False
    await status(tenant, id_, "completed")


async def test_a_question_waits_in_the_inbox_and_its_answer_goes_on(tenant: Tenant) -> None:
    id_ = await tenant.execute(QUESTION, topic="it")
    waiting = await status(tenant, id_, "waiting")
    [asked] = checked(await tenant.http.get("approvals?open=true"), 200)["items"]
    assert (asked["execution_id"], asked["title"], asked["node_id"]) == (id_, "Send it?", "ask")
    assert next(n for n in waiting["nodes"] if n["node_id"] == "ask")["request"]["title"] == "Send it?"
    wrong = await tenant.http.post(f"approvals/{asked['id']}/answer", json={"approved": True, "values": {}})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["loc"] == ["values", "amount"]
    assert wrong.json()["detail"].startswith("The field `amount`")
    form = {"approved": True, "comment": "fine", "values": {"amount": 7}}
    both = await asyncio.gather(
        *(tenant.http.post(f"approvals/{asked['id']}/answer", json=form) for _ in "12")
    )
    assert sorted(answer.status_code for answer in both) == [200, 409]
    done = await status(tenant, id_, "completed")
    assert done["outputs"]["amount"] == 7 and "@" in done["outputs"]["by"]
    assert checked(await tenant.http.get("approvals?open=true"), 200)["items"] == []
    [closed] = checked(await tenant.http.get("approvals?open=false"), 200)["items"]
    assert closed["answer"]["comment"] == "fine" and closed["closed_at"]


async def test_a_question_of_a_cancelled_execution_leaves_the_inbox(tenant: Tenant) -> None:
    id_ = await tenant.execute(QUESTION, topic="it")
    await status(tenant, id_, "waiting")
    [asked] = checked(await tenant.http.get("approvals?open=true"), 200)["items"]
    assert checked(await tenant.http.post(f"executions/{id_}/cancel"), 202)["status"] == "cancelled"
    assert checked(await tenant.http.get("approvals?open=true"), 200)["items"] == []
    late = await tenant.http.post(f"approvals/{asked['id']}/answer", json={"approved": False})
    assert (late.status_code, late.json()["code"]) == (409, "approval_closed")


async def test_a_map_of_model_calls_and_a_stored_sub_flow(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "Tides turn."}}])
    inner = await tenant.flow(CHAIN)
    call = node("call", "subflow", {"flow_id": inner, "inputs": {"topic": "{{ item }}"}})
    each = node(
        "each",
        "map",
        {
            "items": "{{ inputs.topics }}",
            "result": "{{ nodes.call.output.before }}",
            "body": {"nodes": [call], "edges": []},
        },
    )
    fields = {"fields": [{"name": "topics", "type": "list"}]}
    whole = flow(
        [node("in", "input", fields), each, output(all="{{ nodes.each.output }}")],
        [edge("in", "each"), edge("each", "out")],
    )
    id_ = await tenant.execute(whole, topics=["a", "b", "c"])
    await tenant.watch(id_)
    found = await tenant.get(id_)
    assert found["outputs"] == {"all": ["a!", "b!", "c!"]}, found["error"]
    assert found["usage"]["llm_calls"] == 3
    paths = {n["node_id"]: n["status"] for n in found["nodes"]}
    assert paths["each[2].call[0].ask"] == "completed"
    outer = checked(await tenant.http.get(f"executions/{id_}?iterations=false"), 200)["nodes"]
    assert outer == [one for one in found["nodes"] if "[" not in one["node_id"]] and outer


async def test_a_flow_that_contains_itself_is_refused(tenant: Tenant) -> None:
    flow_id = await tenant.flow(CHAIN)
    call = node("call", "subflow", {"flow_id": flow_id, "inputs": {"topic": "x"}})
    looped = flow([input_node("topic"), call, output(x="1")], [edge("in", "call"), edge("call", "out")])
    current = checked(await tenant.http.get(f"flows/{flow_id}"), 200)
    change = {"definition": looped, "version": current["version"]}
    checked(await tenant.http.patch(f"flows/{flow_id}", json=change), 200)
    refused = await tenant.http.post(f"flows/{flow_id}/execute", json={"inputs": {"topic": "x"}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "subflow_cycle"


async def test_a_flow_runs_no_more_at_a_time_than_it_may(tenant: Tenant) -> None:
    tenant.server.script(
        [{"then": {"text": "one two", "stall_after": 1}, "times": 1}, {"then": {"text": "x"}}]
    )
    flow_id = await tenant.flow(CHAIN)
    checked(await tenant.http.patch(f"flows/{flow_id}", json={"max_running": 1}), 200)
    ask = {"inputs": {"topic": "x"}}
    ids = [checked(await tenant.http.post(f"flows/{flow_id}/execute", json=ask), 202)["id"] for _ in range(3)]
    await tenant.watch(ids[0], until=lambda event: event["type"] == "llm_token")
    queued = await tenant.get(ids[2])
    assert queued["queue"] == {"position": 2, "reason": "flow"}
    checked(await tenant.http.post(f"executions/{ids[0]}/cancel"), 202)
    ended = [await status(tenant, ids[0], "cancelled")]
    ended += [await status(tenant, id_, "completed") for id_ in ids[1:]]
    spans = sorted((one["started_at"], one["finished_at"]) for one in ended)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))


async def test_a_tenant_runs_no_more_at_a_time_than_it_wants(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "one two", "stall_after": 1}}])
    form = {"max_running": 2, "keep_executions_days": None, "keep_logs_days": None}
    checked(await tenant.http.put("tenant/settings", json=form), 200)
    ids = [await tenant.execute(CHAIN, topic="x") for _ in range(4)]
    for id_ in ids[:2]:
        await tenant.watch(id_, until=lambda event: event["type"] == "llm_token")
    queued = [(await tenant.get(id_))["queue"] for id_ in ids]
    assert queued[:2] == [None, None]
    assert queued[2:] == [{"position": n, "reason": "tenant"} for n in (1, 2)]
    # A change reaches what waits already.
    checked(await tenant.http.put("tenant/settings", json=form | {"max_running": None}), 200)
    for id_ in ids[2:]:
        await tenant.watch(id_, until=lambda event: event["type"] == "llm_token")
    assert [(await tenant.get(id_))["status"] for id_ in ids] == ["running"] * 4
    for id_ in ids:
        checked(await tenant.http.post(f"executions/{id_}/cancel"), 202)


async def test_a_large_output_is_seen_whole_everywhere(tenant: Tenant) -> None:
    big = "x" * 100_000
    whole = flow(
        [
            input_node("topic"),
            transform("big", "{{ inputs.topic }}"),
            output(size="{{ size(nodes.big.output.value) }}"),
        ],
        [edge("in", "big"), edge("big", "out")],
    )
    id_ = await tenant.execute(whole, topic=big)
    seen = await tenant.watch(id_)
    stored = await tenant.events(id_)
    for events in (seen, stored):
        [done] = [e for e in events if (e["type"], e["node_id"]) == ("node_completed", "big")]
        assert done["data"]["output"] == {"value": big}
    found = await tenant.get(id_)
    assert found["outputs"] == {"size": 100_000}
    assert next(n for n in found["nodes"] if n["node_id"] == "big")["output"] == {"value": big}


async def test_a_fork_does_not_write_large_outputs_into_its_journal(tenant: Tenant, app: FastAPI) -> None:
    big, bigger = "x" * 100_000, "y" * 200_000
    whole = flow(
        [
            input_node("topic"),
            transform("big", "{{ 'x' + inputs.topic }}"),
            transform("other", "{{ 'o' + inputs.topic }}"),
            output(size="{{ size(nodes.big.output.value) + size(nodes.other.output.value) }}"),
        ],
        [edge("in", "big"), edge("in", "other"), edge("big", "out"), edge("other", "out")],
    )
    id_ = await tenant.execute(whole, topic=big[1:])
    await tenant.watch(id_)
    form = {"from_node": "out", "outputs": {"other": {"value": bigger}}}
    made = checked(await tenant.http.post(f"executions/{id_}/fork", json=form), 202)["id"]
    seen = await tenant.watch(made)
    scope = TenantScope(UUID(checked(await tenant.http.get("tenant"), 200)["id"]))
    async with app.state.database.transaction(scope) as work:
        query = text(
            "SELECT max(length(data ->> 'output')), count(*) FILTER (WHERE data ->> 'output_ref' LIKE '0:%')"
            " FROM execution_events WHERE execution_id = :id AND type = 'node_completed'"
        )
        longest, references = (await work.session.execute(query, {"id": made})).one()
        assert longest < 100 and references == 3, "of the input, and of both that come before the end"
        # It has outputs of its own: the first execution may be removed.
        gone = text("DELETE FROM documents WHERE collection = 'execution_outputs' AND key = :id")
        await work.session.execute(gone, {"id": id_})
    done = {e["node_id"]: e["data"]["output"] for e in seen if e["type"] == "node_completed"}
    assert (done["big"], done["other"]) == ({"value": big}, {"value": bigger})
    found = await tenant.get(made)
    assert found["outputs"] == {"size": 300_000}
    assert next(n for n in found["nodes"] if n["node_id"] == "big")["output"] == {"value": big}
    again = checked(await tenant.http.post(f"executions/{made}/fork", json={"from_node": "out"}), 202)["id"]
    assert (await status(tenant, again, "completed"))["outputs"] == {"size": 300_000}


async def test_what_an_older_version_ran_can_be_seen_though_its_flow_is_not_accepted_now(
    tenant: Tenant, app: FastAPI
) -> None:
    tenant.server.script([{"then": {"text": "Tides turn."}}])
    id_ = await tenant.execute(CHAIN, topic="tides of long ago")
    await tenant.watch(id_)
    scope = TenantScope(UUID(checked(await tenant.http.get("tenant"), 200)["id"]))
    async with app.state.database.transaction(scope) as work:
        retired = (
            "UPDATE plans SET definition = jsonb_set(definition::jsonb, '{nodes,2,type}', '\"retired\"')"
            " WHERE digest = (SELECT plan_digest FROM executions WHERE id = :id)"
        )
        await work.session.execute(text(retired), {"id": id_})
    seen = await tenant.get(id_)
    assert (seen["status"], seen["outputs"]["answer"]) == ("completed", "Tides turn.")
    ask = next(n for n in seen["nodes"] if n["node_id"] == "ask")
    assert (ask["status"], ask["output"], ask["usage"]["llm_calls"]) == ("completed", "Tides turn.", 1)
    fork = await tenant.http.post(f"executions/{id_}/fork", json={"from_node": "ask"})
    assert (fork.status_code, fork.json()["code"]) == (409, "plan_invalid")
    assert "`retired`" in fork.json()["detail"]
