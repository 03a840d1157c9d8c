"""Triggers and notifications with a real worker: from a call or a time to an execution that is told of."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiohttp import web
from fastapi import FastAPI
from sqlalchemy import text

from tests.core import flows
from tests.e2e.conftest import Tenant
from tests.people import checked
from watchbill.kit.secrets.signatures import sign, verify

FLOW = flows.flow([flows.input_node("topic"), flows.output()], [flows.edge("in", "out")])


@pytest.fixture
async def told() -> AsyncIterator[tuple[str, asyncio.Queue[tuple[dict[str, str], bytes]]]]:
    """A URL, and what it is told."""
    heard: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def hear(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        heard.put_nowait((headers, await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/told", hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/told", heard
    await runner.cleanup()


async def make_trigger(tenant: Tenant, **form: Any) -> dict[str, Any]:
    form = {"flow_id": await tenant.flow(FLOW), "name": "t"} | form
    return checked(await tenant.http.post("triggers", json=form), 201)


async def call(tenant: Tenant, hook: dict[str, Any], body: Any):
    raw, stamp = orjson.dumps(body), int(time.time())
    headers = {
        "X-Watchbill-Timestamp": str(stamp),
        "X-Watchbill-Signature": sign(hook["secret"], stamp, raw),
        "Content-Type": "application/json",
    }
    url = str(tenant.http.base_url).partition("/api/")[0] + hook["path"]
    return await tenant.http.post(url, content=raw, headers=headers)


async def test_a_webhook_answers_with_the_result(tenant: Tenant):
    hook = await make_trigger(tenant, webhook={"answer": "result"})
    answer = checked(await call(tenant, hook, {"topic": "ships"}), 200)
    assert (answer["status"], answer["outputs"]) == ("completed", {"topic": "ships"})
    [fired] = checked(await tenant.http.get(f"triggers/{hook['id']}/firings"))["items"]
    assert (fired["execution_id"], fired["execution_status"]) == (answer["execution_id"], "completed")


async def test_a_webhook_answers_as_its_flow_says(tenant: Tenant):
    async def answer(topic: Any, **reply: Any):
        hook = await make_trigger(tenant, webhook={"answer": "result", "reply": reply})
        return await call(tenant, hook, {"topic": topic})

    plain = await answer(
        "<script>alert(1)</script>", content_type="text/xml", body="<r>{{ inputs.outputs.topic }}</r>"
    )
    assert (plain.status_code, plain.text) == (200, "<r><script>alert(1)</script></r>")
    assert plain.headers["content-type"] == "text/xml; charset=utf-8"
    assert plain.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert plain.headers["x-content-type-options"] == "nosniff"
    made = await answer("é", status=201, body={"said": "{{ inputs.outputs.topic }}", "n": [1, None]})
    assert (made.status_code, made.json()) == (201, {"said": "é", "n": [1, None]})
    assert made.headers["content-type"] == "application/json"
    typed = await answer("é", body='{"n": 9223372036854775807, "said": ["{{ inputs.outputs.topic }}"]}')
    assert typed.json() == {"n": 2**63 - 1, "said": ["é"]}
    status = "{{ inputs.outputs.topic == 'x' ? 404 : 200 }}"
    assert ((missing := await answer("x", status=status)).status_code, missing.json()) == (
        404,
        {"topic": "x"},
    )
    empty = await answer("x", status=204)
    assert (empty.status_code, empty.content) == (204, b"")
    for reply in (
        {"status": "{{ inputs.outputs.topic }}"},
        {"status": "{{ 302 }}"},
        {"body": "{{ inputs.outputs.none }}"},
        {"body": "{{ 0.0 / 0.0 }}"},
    ):
        problem = await answer("x", **reply)
        assert (problem.status_code, problem.json()["code"]) == (500, "reply_failed"), problem.text


async def test_a_failure_is_told_by_its_status_where_a_reply_is_wanted(tenant: Tenant):
    definition = flows.flow(
        [flows.input_node("topic"), flows.output("out", x="{{ int(inputs.topic) }}")],
        [flows.edge("in", "out")],
    )
    webhook = {"answer": "result", "reply": {}}
    hook = await make_trigger(tenant, flow_id=await tenant.flow(definition), webhook=webhook)
    answer = await call(tenant, hook, {"topic": "x"})
    assert (answer.status_code, answer.json()["status"]) == (500, "failed")


async def test_a_schedule_runs_and_its_end_is_told(app: FastAPI, tenant: Tenant, told: Any):
    url, heard = told
    trigger = await make_trigger(
        tenant, schedule={"cron": "0 0 1 1 *"}, inputs={"topic": "{{ inputs.scheduled_at }}"}
    )
    form = {"name": "n", "channel": "webhook", "recipients": [url], "statuses": ["completed"]}
    form["flow_id"] = trigger["flow_id"]
    notification = checked(await tenant.http.post("notifications", json=form), 201)
    due = datetime.now(UTC) - timedelta(seconds=5)
    me = checked(await tenant.http.get("auth/me"))
    values = {"due": due, "id": UUID(trigger["id"])}
    async with app.state.database.transaction() as work:
        schema = f"tenant_{UUID(me['tenant']['id']).hex}"
        stored = text(f'UPDATE "{schema}".triggers SET resume_at = :due WHERE id = :id')
        await work.session.execute(stored, values)
        shared = text("UPDATE public.due_work SET due_at = :due WHERE kind = 'schedule' AND key = :id")
        await work.session.execute(shared, {"due": due, "id": trigger["id"]})
    async with asyncio.timeout(120):
        headers, body = await heard.get()
    message = json.loads(body)
    assert message["type"] == "execution_completed"
    assert message["execution"]["outputs"] == {"topic": due.isoformat()}
    stamp, signature = headers["x-watchbill-timestamp"], headers["x-watchbill-signature"]
    verify([notification["secret"]], stamp, signature, body, now=time.time(), window=60)
    [fired] = checked(await tenant.http.get(f"triggers/{trigger['id']}/firings"))["items"]
    assert fired["execution_id"] == message["execution"]["id"]


async def test_a_flow_calls_another_service(tenant: Tenant, told: Any):
    url, heard = told
    config = {"method": "POST", "url": url, "body_type": "json", "values": {"topic": "{{ inputs.topic }}"}}
    run = await tenant.execute(
        flows.flow(
            [flows.input_node("topic"), flows.node("tell", "http_request", config), flows.output()],
            [flows.edge("in", "tell"), flows.edge("tell", "out")],
        ),
        topic="é",
    )
    events = await tenant.watch(run)
    assert events[-1]["type"] == "execution_completed", events[-1]
    headers, body = heard.get_nowait()
    assert json.loads(body) == {"topic": "é"} and headers["idempotency-key"] == f"{run}:tell"
