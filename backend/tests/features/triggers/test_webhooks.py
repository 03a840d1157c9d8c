"""Webhooks let the right calls in, once, and tell the others why not."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from tests.app_state import put
from tests.features.triggers.firing import firings, make_trigger
from tests.people import Person, checked, refused
from watchbill.features.identity.limits.requests import RequestLimits
from watchbill.kit.database.transactions import Database
from watchbill.kit.secrets.signatures import sign


async def call(
    client: AsyncClient,
    hook: dict[str, Any],
    body: Any,
    *,
    ago: float = 0,
    secret: str | None = None,
    **headers: str,
):
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    stamp = int(time.time() - ago)
    signed = {
        "X-Watchbill-Timestamp": str(stamp),
        "X-Watchbill-Signature": sign(secret or hook["secret"], stamp, raw),
        "Content-Type": "application/json",
    }
    return await client.post(f"http://test{hook['path']}", content=raw, headers=signed | headers)


async def test_a_signed_call_starts_the_flow_once(member: Person, viewer: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={})
    assert hook["secret"].startswith("whs_")
    answer = checked(await call(visitor, hook, {"topic": "ships"}), 202)
    assert answer["status"] == "pending"
    run = checked(await member.http.get(f"executions/{answer['execution_id']}"))
    assert (run["inputs"], run["flow_id"]) == ({"topic": "ships"}, hook["flow_id"])
    seen = checked(await member.http.get(f"triggers/{hook['id']}"))
    assert "secret" not in seen and seen["path"] == hook["path"]
    assert seen["last"]["execution_id"] == answer["execution_id"]
    assert checked(await viewer.http.get(f"triggers/{hook['id']}"))["path"] is None


async def test_no_log_line_tells_the_address(
    member: Person, visitor: AsyncClient, caplog: pytest.LogCaptureFixture
):
    """Whoever knows it may call, where no signature is asked for."""
    hook = await make_trigger(member, webhook={"signing": "none"})
    # Whatever level another test left.
    caplog.set_level(logging.INFO, logger="watchbill.api")
    caplog.clear()
    checked(await visitor.post(f"http://test{hook['path']}", json={"topic": "x"}), 202)
    refused(await visitor.post(f"http://test{hook['path']}/more", json={}), 404)
    refused(await visitor.put(f"http://test{hook['path']}", json={}), 405)
    assert caplog.text.count("/api/v1/hooks/") == 3
    assert hook["path"].rsplit("/", 1)[1] not in caplog.text


async def test_the_same_call_again_starts_nothing(member: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={})
    raw = orjson.dumps({"topic": "x"})
    stamp = str(int(time.time()))
    headers = {
        "X-Watchbill-Timestamp": stamp,
        "X-Watchbill-Signature": sign(hook["secret"], int(stamp), raw),
        "Content-Type": "application/json",
    }
    url = f"http://test{hook['path']}"
    answers = await asyncio.gather(*(visitor.post(url, content=raw, headers=headers) for _ in range(5)))
    assert len({checked(answer, 202)["execution_id"] for answer in answers}) == 1
    # Somebody who caught the call cannot make it a new one by another key.
    replayed = await visitor.post(url, content=raw, headers=headers | {"Idempotency-Key": "new"})
    assert checked(replayed, 202)["execution_id"] == checked(answers[0], 202)["execution_id"]
    assert len(await firings(member, hook)) == 1


async def test_the_same_key_again_starts_nothing(member: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={})
    answers = [
        await call(visitor, hook, {"topic": "x"}, ago=ago, **{"Idempotency-Key": "order-7"})
        for ago in (3, 2, 1)
    ]
    assert len({checked(answer, 202)["execution_id"] for answer in answers}) == 1
    other = await call(visitor, hook, {"topic": "x"}, **{"Idempotency-Key": "order-8"})
    assert checked(other, 202)["execution_id"] != checked(answers[0], 202)["execution_id"]
    refused(await call(visitor, hook, {"topic": "y"}, **{"Idempotency-Key": "k" * 201}), 422)


async def test_calls_that_are_not_let_in(member: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={"max_body_bytes": 100})
    url = f"http://test{hook['path']}"
    refused(await visitor.post(url, json={"topic": "x"}), 401, "signature_missing")
    refused(await call(visitor, hook, {"topic": "x"}, secret="guess"), 401, "signature_invalid")
    for ago in (301, -301):
        refused(await call(visitor, hook, {"topic": "x"}, ago=ago), 401, "signature_expired")
    for stamp in ("now", "-1", "٣", "1e9", "9" * 40):
        wrong = {"X-Watchbill-Timestamp": stamp.encode(), "X-Watchbill-Signature": b"v1=00"}
        refused(await visitor.post(url, content=b"{}", headers=wrong), 401, "signature_invalid")
    changed = {"X-Watchbill-Signature": sign(hook["secret"], int(time.time()), b'{"topic": "y"}')}
    refused(await call(visitor, hook, {"topic": "x"}, **changed), 401, "signature_invalid")
    refused(await call(visitor, hook, {"topic": "x" * 100}), 413)
    refused(await visitor.post("http://test/api/v1/hooks/unknown", json={}), 404, "hook_not_found")
    assert await firings(member, hook) == []


async def test_an_inactive_or_deleted_webhook(member: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={})
    checked(await member.http.patch(f"triggers/{hook['id']}", json={"is_active": False}))
    refused(await call(visitor, hook, {"topic": "x"}), 409, "trigger_inactive")
    checked(await member.http.delete(f"triggers/{hook['id']}"), 204)
    refused(await call(visitor, hook, {"topic": "x"}), 404, "hook_not_found")


async def test_inputs_that_do_not_fit_are_told_and_noted(member: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={})
    refused(await call(visitor, hook, {"wrong": 1}), 422, "inputs_invalid")
    refused(await call(visitor, hook, [1]), 422, "body_not_object")
    outcomes = [firing["outcome"] for firing in await firings(member, hook)]
    assert outcomes == ["failed", "failed"]
    mapped = await make_trigger(member, webhook={}, inputs={"topic": "{{ inputs.body.none }}"})
    refused(await call(visitor, mapped, {"topic": "x"}), 422, "mapping_failed")


async def test_a_call_is_mapped_to_inputs(member: Person, visitor: AsyncClient):
    parts = "{{ inputs.body.a.b }} {{ inputs.headers['x-kind'] }} {{ inputs.query.q }}"
    hook = await make_trigger(member, webhook={"signing": "none"}, inputs={"topic": parts})
    url = f"http://test{hook['path']}?q=1"
    headers = {"X-Kind": "issue", "Cookie": "secret=1"}
    answer = checked(await visitor.post(url, json={"a": {"b": "é"}}, headers=headers), 202)
    run = checked(await member.http.get(f"executions/{answer['execution_id']}"))
    assert run["inputs"] == {"topic": "é issue 1"}
    whole = await make_trigger(member, webhook={"signing": "none"}, inputs={"topic": "{{ inputs.body }}"})
    plain = checked(await visitor.post(f"http://test{whole['path']}", content=b"just text"), 202)
    run = checked(await member.http.get(f"executions/{plain['execution_id']}"))
    assert run["inputs"] == {"topic": "just text"}
    all_of_it = await make_trigger(
        member, webhook={"signing": "none"}, inputs={"topic": "{{ size(inputs.headers) }} h"}
    )
    sent = await visitor.post(f"http://test{all_of_it['path']}", json={}, headers=headers)
    assert sent.status_code == 202


async def test_a_secret_is_changed_while_callers_learn_the_new_one(member: Person, visitor: AsyncClient):
    hook = await make_trigger(member, webhook={})
    path = f"triggers/{hook['id']}/rotate-secret"
    new = checked(await member.http.post(path))
    assert new["previous_until"] is not None
    for secret in (hook["secret"], new["secret"]):
        checked(await call(visitor, hook, {"topic": secret[-3:]}, secret=secret), 202)
    newest = checked(await member.http.post(path, json={"keep_seconds": 0}))["secret"]
    checked(await call(visitor, hook, {"topic": "x"}, secret=newest), 202)
    for secret in (hook["secret"], new["secret"]):
        refused(await call(visitor, hook, {"topic": "y"}, secret=secret), 401, "signature_invalid")


async def test_secrets_and_addresses_are_not_stored_plainly(member: Person, database: Database):
    hook = await make_trigger(member, webhook={})
    async with database.transaction(member.scope) as work:
        stored = (await work.session.execute(text("SELECT triggers::text FROM triggers"))).scalars().all()
        stored += (await work.session.execute(text("SELECT hooks::text FROM public.hooks"))).scalars().all()
    token = hook["path"].rpartition("/")[2]
    assert not any(hook["secret"] in row or token in row for row in stored)


async def test_an_answer_with_the_result_waits_and_then_gives_up(
    app: FastAPI, member: Person, visitor: AsyncClient
):
    hook = await make_trigger(member, webhook={"answer": "result", "wait_seconds": 1})
    started = time.monotonic()
    answer = checked(await call(visitor, hook, {"topic": "x"}), 202)
    assert answer["status"] == "pending" and answer["outputs"] is None
    assert time.monotonic() - started > 0.9


async def test_refused_calls_count_for_their_address_and_keep_nobody_out(
    app: FastAPI, member: Person, monkeypatch: pytest.MonkeyPatch
):
    hook = await make_trigger(member, webhook={})
    limits = RequestLimits(app.state.limits.rates, user=100, tenant=100, address=2)
    put(monkeypatch, app.state, "limits", limits)
    elsewhere = ASGITransport(app, client=("192.0.2.7", 1), raise_app_exceptions=False)
    async with AsyncClient(transport=elsewhere) as caller:
        refused(await call(caller, hook, {"topic": "x"}, secret="guess"), 401, "signature_invalid")
        refused(await caller.post("http://test/api/v1/hooks/unknown", json={}), 404, "hook_not_found")
        too_many = await call(caller, hook, {"topic": "x"}, secret="another")
        refused(too_many, 429, "too_many_requests")
        assert int(too_many.headers["retry-after"]) > 0 and '"address";r=0' in too_many.headers["ratelimit"]
        refused(await caller.post("http://test/api/v1/hooks/other", json={}), 429)
        checked(await call(caller, hook, {"topic": "x"}), 202)


async def test_calls_count_towards_the_limits(
    app: FastAPI, member: Person, visitor: AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    hook = await make_trigger(member, webhook={})
    limits = RequestLimits(app.state.limits.rates, user=2, tenant=100, address=100)
    put(monkeypatch, app.state, "limits", limits)
    answers = [await call(visitor, hook, {"topic": str(number)}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    refused(await call(visitor, hook, {"topic": "x"}, secret="guess"), 401)
