"""Triggers: schedules that fire once with any number of workers, webhooks that let the right calls in."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from tests.features.test_flows import FLOW, make_flow
from tests.people import Person, checked, refused
from watchbill.features.identity.limits import RequestLimits
from watchbill.features.triggers import queries
from watchbill.features.triggers.scheduler import Scheduler, Turn
from watchbill.kit.db import Database
from watchbill.kit.signatures import sign

CRON = {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}


class Hints:
    """What workers were told."""

    def __init__(self) -> None:
        self.executed: list[UUID] = []
        self.cancelled: list[UUID] = []

    async def execute(self, scope: object, execution_id: UUID) -> None:
        self.executed.append(execution_id)

    async def cancel(self, execution_id: UUID) -> None:
        self.cancelled.append(execution_id)


async def make_trigger(person: Person, flow_id: str | None = None, **form: Any) -> dict[str, Any]:
    flow_id = flow_id or (await make_flow(person))["id"]
    return checked(await person.http.post("triggers", json={"flow_id": flow_id, "name": "t", **form}), 201)


async def make_schedule(person: Person, flow_id: str | None = None, **rules: Any) -> dict[str, Any]:
    inputs = {"topic": "at {{ inputs.scheduled_at }}"}
    return await make_trigger(person, flow_id, schedule=CRON | rules, inputs=inputs)


async def fire(database: Database, now: datetime, workers: int = 1) -> Hints:
    """Let workers fire everything that is due at this time."""
    hints = Hints()

    async def work() -> None:
        scheduler = Scheduler(database, hints, now=lambda: now)
        while await scheduler.fire_next():
            pass

    await asyncio.gather(*(work() for _ in range(workers)))
    return hints


async def firings(person: Person, trigger: dict[str, Any]) -> list[dict[str, Any]]:
    """Oldest first."""
    found = checked(await person.http.get(f"triggers/{trigger['id']}/firings"))["items"]
    return sorted(found, key=lambda firing: firing["at"])


def at(trigger: dict[str, Any], **later: float) -> datetime:
    return datetime.fromisoformat(trigger["next_at"]) + timedelta(**later)


async def end(database: Database, person: Person, execution_id: str, status: str = "completed") -> None:
    """What a worker does at the end, as far as others see it."""
    async with database.transaction(person.scope) as work:
        values = {"id": execution_id, "status": status}
        await work.session.execute(text("UPDATE executions SET status = :status WHERE id = :id"), values)
        gone = text("DELETE FROM public.active_executions WHERE execution_id = :id")
        await work.session.execute(gone, {"id": execution_id})


async def test_a_schedule_from_making_to_deleting(member: Person):
    made = await make_schedule(member)
    assert made["kind"] == "schedule" and made["secret"] is None and made["path"] is None
    assert made["description"] == "At 09:00 every day"
    assert datetime.fromisoformat(made["next_at"]) > datetime.now(UTC)
    path = f"triggers/{made['id']}"
    del made["secret"]
    assert checked(await member.http.get(path)) == made
    flow = {"flow_id": made["flow_id"]}
    assert checked(await member.http.get("triggers", params=flow))["items"] == [made]
    assert checked(await member.http.get("triggers", params={"flow_id": str(uuid4())}))["items"] == []
    off = checked(await member.http.patch(path, json={"is_active": False, "name": "off"}))
    assert (off["is_active"], off["next_at"], off["name"]) == (False, None, "off")
    on = checked(
        await member.http.patch(path, json={"is_active": True, "schedule": CRON | {"cron": "5 * * * *"}})
    )
    assert datetime.fromisoformat(on["next_at"]).minute == 5
    refused(await member.http.patch(path, json={"webhook": {}}), 422)
    refused(await member.http.post(f"{path}/rotate-secret"), 409, "no_secret")
    checked(await member.http.delete(path), 204)
    refused(await member.http.get(path), 404)


async def test_each_time_is_fired_once_by_many_workers(admin: Person, database: Database):
    triggers = [await make_schedule(admin) for _ in range(5)]
    now = at(triggers[0], seconds=1)
    hints = await fire(database, now, workers=4)
    for trigger in triggers:
        [fired] = await firings(admin, trigger)
        assert (fired["outcome"], fired["cause"], fired["at"]) == ("started", "schedule", trigger["next_at"])
        assert UUID(fired["execution_id"]) in hints.executed
        run = checked(await admin.http.get(f"executions/{fired['execution_id']}"))
        assert run["inputs"] == {"topic": f"at {trigger['next_at'].replace('Z', '+00:00')}"}
        seen = checked(await admin.http.get(f"triggers/{trigger['id']}"))
        assert datetime.fromisoformat(seen["next_at"]) > now
        assert seen["last"]["execution_status"] == "pending"
    assert (await fire(database, now, workers=2)).executed == []


@pytest.mark.parametrize(
    ("missed", "times"), [("skip", []), ("run_once", [3]), ("run_all", [1, 2, 3]), ("run_all_capped", [2, 3])]
)
async def test_times_that_nobody_was_there_for(
    admin: Person, database: Database, missed: str, times: list[int]
):
    most = 2 if missed == "run_all_capped" else 10
    rules = {"missed": missed.removesuffix("_capped"), "most_missed": most, "timezone": "UTC"}
    trigger = await make_schedule(admin, **rules)
    await fire(database, at(trigger, days=2, hours=3))
    found = await firings(admin, trigger)
    first = datetime.fromisoformat(trigger["next_at"])
    started = [f["at"] for f in found if f["outcome"] == "started"]
    assert [(datetime.fromisoformat(moment) - first).days + 1 for moment in started] == times
    skipped = [f["message"] for f in found if f["outcome"] == "skipped"]
    assert len(skipped) == (len(times) < 3) and all("No worker ran" in message for message in skipped)
    seen = checked(await admin.http.get(f"triggers/{trigger['id']}"))
    assert (datetime.fromisoformat(seen["next_at"]) - first).days == 3


async def test_overlaps_are_skipped(admin: Person, database: Database):
    trigger = await make_schedule(admin, overlap="skip", timezone="UTC")
    await fire(database, at(trigger))
    await fire(database, at(trigger, days=1))
    first, second = await firings(admin, trigger)
    assert (first["outcome"], second["outcome"]) == ("started", "skipped")
    await end(database, admin, first["execution_id"])
    await fire(database, at(trigger, days=2))
    assert [f["outcome"] for f in await firings(admin, trigger)] == ["started", "skipped", "started"]


async def test_overlaps_wait_for_their_turn(admin: Person, database: Database):
    trigger = await make_schedule(admin, overlap="queue", timezone="UTC")
    for day in range(3):
        await fire(database, at(trigger, days=day))
    outcomes = [f["outcome"] for f in await firings(admin, trigger)]
    assert outcomes == ["started", "queued", "queued"]
    await fire(database, at(trigger, days=2, seconds=3))
    assert [f["outcome"] for f in await firings(admin, trigger)] == outcomes
    for turn in (1, 2):
        before = (await firings(admin, trigger))[turn - 1]
        await end(database, admin, before["execution_id"])
        await fire(database, at(trigger, days=2, seconds=10 * turn))
        assert [f["outcome"] for f in await firings(admin, trigger)].count("queued") == 2 - turn
    again = [f["execution_id"] for f in await firings(admin, trigger)]
    assert len(set(again)) == 3 and None not in again


async def test_what_waits_is_given_up_when_it_is_switched_off(admin: Person, database: Database):
    trigger = await make_schedule(admin, overlap="queue", timezone="UTC")
    await fire(database, at(trigger))
    await fire(database, at(trigger, days=1))
    checked(await admin.http.patch(f"triggers/{trigger['id']}", json={"is_active": False}))
    assert [f["outcome"] for f in await firings(admin, trigger)] == ["started", "skipped"]


async def test_overlaps_cancel_the_one_before(admin: Person, database: Database):
    trigger = await make_schedule(admin, overlap="cancel_previous", timezone="UTC")
    await fire(database, at(trigger))
    hints = await fire(database, at(trigger, days=1))
    first, second = await firings(admin, trigger)
    assert second["outcome"] == "started"
    assert UUID(first["execution_id"]) in hints.cancelled
    assert checked(await admin.http.get(f"executions/{first['execution_id']}"))["cancel_requested"]


async def test_a_flow_that_cannot_run_is_told_and_does_not_stop_others(admin: Person, database: Database):
    broken = await make_flow(admin, {**FLOW, "nodes": []})
    one = await make_schedule(admin, broken["id"])
    other = await make_schedule(admin)
    now = at(other, seconds=1)
    await fire(database, now)
    [failed] = await firings(admin, one)
    assert failed["outcome"] == "failed" and failed["message"]
    assert (await firings(admin, other))[0]["outcome"] == "started"


async def test_a_flow_that_is_switched_off_is_left_alone(admin: Person, database: Database):
    trigger = await make_schedule(admin)
    checked(await admin.http.patch(f"flows/{trigger['flow_id']}", json={"is_active": False}))
    await fire(database, at(trigger))
    [skipped] = await firings(admin, trigger)
    assert skipped["outcome"] == "skipped" and "switched off" in skipped["message"]


async def test_a_worker_that_dies_in_the_middle_loses_and_doubles_nothing(admin: Person, database: Database):
    trigger = await make_schedule(admin)
    now = at(trigger, seconds=1)
    work = database.transaction()
    dying = await work.__aenter__()
    while (due := await queries.take_due(dying.session, now)) is not None:
        if due.trigger_id == UUID(trigger["id"]):
            break
        await queries.postpone(dying.session, due.trigger_id, now + timedelta(days=1))
    await dying.enter(admin.scope)
    turn = Turn(dying.session, admin.scope, now)
    await turn.take(UUID(trigger["id"]))
    assert len(turn.started) == 1
    # While it holds the schedule nobody else takes it; when it dies, its work is gone as a whole.
    assert turn.started[0] not in (await fire(database, now)).executed
    assert await firings(admin, trigger) == []
    await work.__aexit__(ConnectionResetError, ConnectionResetError("died"), None)
    await fire(database, now, workers=3)
    [fired] = await firings(admin, trigger)
    assert fired["outcome"] == "started" and fired["execution_id"] != str(turn.started[0])


async def test_a_deleted_flow_is_not_started_any_more(admin: Person, database: Database):
    trigger = await make_schedule(admin)
    checked(await admin.http.delete(f"flows/{trigger['flow_id']}"), 204)
    await fire(database, at(trigger))
    assert not checked(await admin.http.get(f"triggers/{trigger['id']}"))["is_active"]
    assert checked(await admin.http.get("triggers"))["items"] == []


async def test_the_preview(viewer: Person):
    query = {"cron": "30 8 * * 1", "timezone": "Asia/Tokyo", "count": 3}
    seen = checked(await viewer.http.get("schedule-preview", params=query))
    assert seen["description"] == "At 08:30 on Monday"
    assert len(seen["times"]) == 3 and all(moment.endswith("T08:30:00+09:00") for moment in seen["times"])
    for wrong, field in (({"cron": "nonsense"}, "cron"), ({"timezone": "Nowhere"}, "timezone")):
        problem = refused(await viewer.http.get("schedule-preview", params=query | wrong), 422)
        assert problem["errors"][0]["loc"] == ["query", field]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"schedule": CRON, "webhook": {}},
        {"schedule": {"cron": "bad"}},
        {"schedule": CRON | {"timezone": "Nowhere"}},
        {"schedule": CRON | {"most_missed": 1000}},
        {"webhook": {"window_seconds": 1}},
        {"webhook": {}, "inputs": {"a": "{{ 1 + }}"}},
        {"webhook": {}, "inputs": {"a": "{{ nodes.x.output }}"}},
        {"webhook": {}, "version": "newest"},
        {"webhook": {}, "name": ""},
    ],
)
async def test_forms_that_are_refused(member: Person, form: dict[str, Any]):
    flow = await make_flow(member)
    refused(await member.http.post("triggers", json={"flow_id": flow["id"], "name": "t"} | form), 422)


async def test_versions_and_flows_must_exist(member: Person, stranger: Person):
    flow = await make_flow(member)
    form = {"flow_id": flow["id"], "name": "t", "webhook": {}}
    refused(await member.http.post("triggers", json=form | {"version": 3}), 404)
    refused(await member.http.post("triggers", json=form | {"flow_id": str(uuid4())}), 404)
    refused(await stranger.http.post("triggers", json=form), 404)


async def test_running_by_hand(member: Person):
    trigger = await make_schedule(member)
    fired = checked(await member.http.post(f"triggers/{trigger['id']}/run"), 202)
    assert (fired["cause"], fired["execution_status"]) == ("manual", "pending")
    hook = await make_trigger(member, webhook={})
    ran = checked(await member.http.post(f"triggers/{hook['id']}/run", json={"body": {"topic": "x"}}), 202)
    run = checked(await member.http.get(f"executions/{ran['execution_id']}"))
    assert run["inputs"] == {"topic": "x"}
    refused(await member.http.post(f"triggers/{hook['id']}/run", json={"body": [1]}), 422, "body_not_object")


# Webhooks


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
    assert 0.9 < time.monotonic() - started < 5


async def test_calls_count_towards_the_limits(
    app: FastAPI, member: Person, visitor: AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    hook = await make_trigger(member, webhook={})
    limits = RequestLimits(app.state.limits.rates, user=2, tenant=100, address=100)
    monkeypatch.setitem(app.state._state, "limits", limits)
    answers = [await call(visitor, hook, {"topic": str(number)}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    refused(await call(visitor, hook, {"topic": "x"}, secret="guess"), 401)


async def test_the_audit_log_says_that_signing_was_switched_off(admin: Person):
    hook = await make_trigger(admin, webhook={})
    rules = {"webhook": {"signing": "none"}}
    checked(await admin.http.patch(f"triggers/{hook['id']}", json=rules))
    log = await admin.http.get("audit-log")
    assert hook["secret"] not in log.text and hook["path"].rpartition("/")[2] not in log.text
    changes = [entry["changes"] for entry in checked(log)["items"]]
    assert '"signing": "none"' in json.dumps(changes[0]) and '"signing": "required"' in json.dumps(changes[0])
