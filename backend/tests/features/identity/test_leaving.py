"""Removing a member: what they had at work goes on or stops, as is asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from tests import people
from tests.core.flows import ANSWER
from tests.people import Person, checked, http_client, refused


@pytest.fixture
async def busy(app: FastAPI, admin: Person) -> Person:
    """An admin beside the first one, with a schedule, a webhook, an execution and a key at work."""
    person = await people.join(app, admin.tenant_id, "admin")
    flow = checked(await person.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    for kind in ({"schedule": {"cron": "0 8 * * *"}}, {"webhook": {}}):
        checked(await person.http.post("triggers", json={"flow_id": flow, "name": "t"} | kind), 201)
    off = {"flow_id": flow, "name": "off", "schedule": {"cron": "0 8 * * *"}, "is_active": False}
    checked(await person.http.post("triggers", json=off), 201)
    checked(await person.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)
    form = {"name": "Theirs", "scopes": ["flows:read"]}
    person.http.headers["X-Key"] = checked(await person.http.post("api-keys", json=form), 201)["key"]
    # Somebody else's are nobody's business.
    checked(await admin.http.post("triggers", json={"flow_id": flow, "name": "mine", "webhook": {}}), 201)
    checked(await admin.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)
    return person


async def at_work(app: FastAPI, admin: Person) -> dict[str, Any]:
    triggers = checked(await admin.http.get("triggers"))["items"]
    async with app.state.database.transaction() as work:
        marks = text("SELECT cancel_requested FROM public.active_executions WHERE tenant_id = :id")
        cancelled = (await work.session.scalars(marks, {"id": admin.tenant_id})).all()
        due = text("SELECT count(*) FROM public.due_work WHERE kind = 'schedule' AND tenant_id = :id")
        return {
            "active": sorted((one["name"], one["kind"]) for one in triggers if one["is_active"]),
            "cancelled": sorted(cancelled),
            "due": await work.session.scalar(due, {"id": admin.tenant_id}),
        }


async def test_what_a_member_has_at_work_is_said(admin: Person, busy: Person, viewer: Person):
    path = f"members/{busy.user_id}/belongings"
    said = checked(await admin.http.get(path))
    assert (said["schedules"], said["webhooks"], said["executions"]) == (1, 1, 1)
    assert [key["name"] for key in said["keys"]] == ["Theirs"]
    assert checked(await viewer.http.get(path))["keys"] == []


KEPT = {
    "active": [("mine", "webhook"), ("t", "schedule"), ("t", "webhook")],
    "cancelled": [False, False],
    "due": 1,
}


@pytest.mark.parametrize(
    ("choice", "changed"),
    [
        ({}, {}),
        ({"schedules": "keep", "webhooks": "keep", "executions": "keep"}, {}),
        ({"schedules": "pause"}, {"active": [("mine", "webhook"), ("t", "webhook")], "due": 0}),
        ({"webhooks": "pause"}, {"active": [("mine", "webhook"), ("t", "schedule")]}),
        ({"executions": "cancel"}, {"cancelled": [False, True]}),
    ],
)
async def test_what_goes_on_is_the_admins_choice(
    app: FastAPI, admin: Person, busy: Person, choice: dict[str, str], changed: dict[str, Any]
):
    checked(await admin.http.delete(f"members/{busy.user_id}", params=choice), 204)
    assert await at_work(app, admin) == KEPT | changed
    async with http_client(app, busy.http.headers["X-Key"]) as program:
        refused(await program.get("flows"), 401, "bad_key")
    (entry,) = checked(await admin.http.get("audit-log", params={"action": "remove_member"}))["items"]
    assert entry["target"]["name"] == busy.email
    paused = [change for change in entry["changes"] if change["table"] == "triggers"]
    assert [change["after"] for change in paused] == [{"is_active": False}] * (
        len(choice) == 1 and "executions" not in choice
    )


async def test_nobody_is_half_removed(app: FastAPI, admin: Person, busy: Person, stranger: Person):
    everything = {"schedules": "pause", "webhooks": "pause", "executions": "cancel"}
    refused(await admin.http.delete(f"members/{busy.user_id}", params={"schedules": "burn"}), 422)
    refused(await stranger.http.delete(f"members/{busy.user_id}", params=everything), 404)
    answers = await asyncio.gather(
        admin.http.delete(f"members/{busy.user_id}", params=everything),
        busy.http.delete(f"members/{admin.user_id}", params=everything),
        admin.http.delete(f"members/{busy.user_id}", params=everything),
    )
    assert sorted(answer.status_code for answer in answers).count(204) == 1
    async with app.state.database.transaction() as work:
        left = text("SELECT count(*) FROM public.memberships WHERE tenant_id = :id AND role = 'admin'")
        assert await work.session.scalar(left, {"id": admin.tenant_id}) == 1
