"""Triggers: making, changing, running by hand and deleting them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.features.flows.test_flows import make_flow
from tests.features.triggers.firing import CRON, make_schedule, make_trigger
from tests.people import Person, checked, refused


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


async def test_the_audit_log_says_that_signing_was_switched_off(admin: Person):
    hook = await make_trigger(admin, webhook={})
    rules = {"webhook": {"signing": "none"}}
    checked(await admin.http.patch(f"triggers/{hook['id']}", json=rules))
    log = await admin.http.get("audit-log")
    assert hook["secret"] not in log.text and hook["path"].rpartition("/")[2] not in log.text
    changes = [entry["changes"] for entry in checked(log)["items"]]
    assert '"signing": "none"' in json.dumps(changes[0]) and '"signing": "required"' in json.dumps(changes[0])
