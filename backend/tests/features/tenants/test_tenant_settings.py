"""What admins set for their tenant: who may, what is refused, what the log says of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from tests.features.tenants.test_tenants import installation
from tests.people import Person, checked, refused
from watchbill.cli import tenants as commands

NOTHING: dict[str, Any] = {"max_running": None, "keep_executions_days": None, "keep_logs_days": None}


async def test_settings_are_seen_by_all_and_set_by_admins(
    admin: Person, member: Person, stranger: Person
) -> None:
    before = checked(await member.http.get("tenant/settings"))
    defaults = {"running": 0, "keep_executions_days": 0, "keep_logs_days": 30}
    assert before == NOTHING | {"defaults": defaults}
    form = {"max_running": 2, "keep_executions_days": 90, "keep_logs_days": 0}
    refused(await member.http.put("tenant/settings", json=form), 403)
    assert checked(await admin.http.put("tenant/settings", json=form)) == form | {"defaults": defaults}
    assert checked(await member.http.get("tenant/settings"))["keep_executions_days"] == 90
    assert checked(await stranger.http.get("tenant/settings"))["keep_executions_days"] is None
    entry = checked(await admin.http.get("audit-log"))["items"][0]
    assert entry["action"] == "put_settings" and entry["target"]["type"] == "tenant_settings"
    checked(await admin.http.put("tenant/settings", json=NOTHING))
    entry = checked(await admin.http.get("audit-log"))["items"][0]
    assert entry["changes"][0]["before"] == form


async def test_what_the_operator_allows_is_told(app: FastAPI, admin: Person) -> None:
    await commands.limit(installation(app), str(admin.tenant_id), None, None, 5)
    assert checked(await admin.http.get("tenant/settings"))["defaults"]["running"] == 5


@pytest.mark.parametrize(
    "change",
    [
        {"max_running": 0},
        {"max_running": 10**7},
        {"keep_executions_days": -1},
        {"keep_logs_days": 36_501},
        {"keep_logs_days": "soon"},
        {"keep_logs_days": 1.5},
        {"keep": 3},
    ],
)
async def test_what_makes_no_sense_is_refused(admin: Person, change: dict[str, Any]) -> None:
    refused(await admin.http.put("tenant/settings", json=NOTHING | change), 422)
    refused(await admin.http.put("tenant/settings", json={"max_running": 1}), 422)


async def test_two_who_set_it_at_once_both_succeed(admin: Person) -> None:
    forms = [NOTHING | {"max_running": n} for n in range(1, 6)]
    answers = await asyncio.gather(*(admin.http.put("tenant/settings", json=form) for form in forms))
    assert [answer.status_code for answer in answers] == [200] * 5
