"""What the audit log says of what was refused, and of what is done to executions."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient

from tests.core.flows import ANSWER
from tests.people import PASSWORD, Person, checked, refused
from watchbill.kit.process.log_rarely import Seldom


async def noted(person: Person, **wanted: str) -> list[dict[str, Any]]:
    return checked(await person.http.get("audit-log", params=wanted))["items"]


async def test_a_wrong_password_is_noted_wherever_it_is_given(visitor: AsyncClient, admin: Person):
    login = {"email": admin.email, "password": "not the right one"}
    refused(await visitor.post("auth/login", json=login), 401)
    change = {"current_password": "not the right one", "new_password": "another good one"}
    refused(await admin.http.put("auth/me/password", json=change), 422, "wrong_password")
    entries = await noted(admin, outcome="denied")
    assert [(entry["action"], entry["reason"]) for entry in entries] == [
        ("change_password", "wrong_password"),
        ("login", "bad_credentials"),
    ]
    assert all(entry["actor"]["name"] == admin.email for entry in entries)
    assert "not the right one" not in str(entries)


async def test_a_page_of_another_site_is_noted(visitor: AsyncClient, admin: Person):
    form = {"email": admin.email, "password": PASSWORD}
    checked(await visitor.post("auth/login", json=form, headers={"Origin": "http://test"}))
    evil = {"Origin": "https://evil.example"}
    refused(await visitor.post("flows", json={"name": "f"}, headers=evil), 403, "wrong_origin")
    refused(await visitor.post("auth/logout", headers=evil), 403, "wrong_origin")
    entries = await noted(admin, outcome="denied")
    assert [(entry["action"], entry["reason"]) for entry in entries] == [
        ("logout", "wrong_origin"),
        ("create_flow", "wrong_origin"),
    ]
    assert {entry["actor"]["user_id"] for entry in entries} == {str(admin.user_id)}


async def test_bad_signatures_of_a_webhook_are_noted_once_a_minute(
    app: FastAPI, visitor: AsyncClient, admin: Person, stranger: Person
):
    flow = checked(await admin.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    form = {"flow_id": flow, "name": "From the shop", "webhook": {}}
    made = checked(await admin.http.post("triggers", json=form), 201)
    for _ in range(3):
        refused(await visitor.post(f"http://test{made['path']}", json={}), 401)
    (entry,) = await noted(admin, outcome="denied")
    assert entry["target"] == {"type": "triggers", "id": made["id"], "name": "From the shop"}
    assert entry["action"] == "call_hook" and entry["reason"]
    assert made["path"].rpartition("/")[2] not in str(entry), "the address is a credential"
    assert await noted(stranger, outcome="denied") == []
    assert checked(await admin.http.get("audit-log/verification"))["ok"] is True


def test_seldom_is_once_in_so_long():
    now = 0.0
    seldom = Seldom(60, lambda: now)
    assert seldom.first("a") and not seldom.first("a") and seldom.first("b")
    now = 60.0
    assert seldom.first("a")


async def test_what_is_done_to_an_execution_says_to_which(admin: Person):
    flow = checked(await admin.http.post("flows", json={"name": "Daily news", "definition": ANSWER}), 201)[
        "id"
    ]
    run = checked(await admin.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)["id"]
    (started,) = await noted(admin, action="execute_flow")
    assert started["target"] == {"type": "executions", "id": run, "name": "Daily news"}
    for action in ("pause", "resume", "cancel"):
        checked(await admin.http.post(f"executions/{run}/{action}"), 202)
        (entry,) = await noted(admin, action=f"{action}_execution")
        assert entry["target"] == {"type": "executions", "id": run, "name": "Daily news"}, action
    assert len(await noted(admin, target_id=run)) >= 3
