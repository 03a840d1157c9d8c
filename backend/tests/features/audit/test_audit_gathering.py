"""Saves of a draft that follow one another are one entry of the audit log."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.core.flows import ANSWER
from tests.people import Person, checked
from watchbill.kit.database.transactions import Database


def drawn(number: int) -> dict[str, Any]:
    return {**ANSWER, "layout": {"start": {"x": number, "y": 0}}}


async def make_flow(person: Person) -> str:
    return checked(await person.http.post("flows", json={"name": "f", "definition": drawn(0)}), 201)["id"]


async def save(person: Person, flow: str, number: int) -> None:
    version = checked(await person.http.get(f"flows/{flow}"))["version"]
    form = {"definition": drawn(number), "version": version}
    checked(await person.http.patch(f"flows/{flow}", json=form))


async def changes(person: Person) -> list[dict[str, Any]]:
    found = checked(await person.http.get("audit-log", params={"action": "change_flow"}))["items"]
    whole = checked(await person.http.get("audit-log/verification"))
    assert whole["ok"] is True, whole
    return found


async def test_saves_of_one_draft_are_one_entry(admin: Person):
    flow = await make_flow(admin)
    for number in (1, 2, 3):
        await save(admin, flow, number)
    (entry,) = await changes(admin)
    assert entry["saves"] == 3 and entry["since"] < entry["created_at"]
    (change,) = entry["changes"]
    assert change["before"]["definition"] == drawn(0) and change["after"]["definition"] == drawn(3)
    assert (change["before"]["version"], change["after"]["version"]) == (1, 4)
    # What was read stays as it was read: its hash may have been noted elsewhere.
    await save(admin, flow, 4)
    later, first = await changes(admin)
    assert first == entry and later["changes"][0]["before"]["definition"] == drawn(3)


async def test_what_is_between_them_parts_them(admin: Person, member: Person):
    flow, other = await make_flow(admin), await make_flow(admin)
    await save(admin, flow, 1)
    await save(member, flow, 2)
    await save(admin, flow, 3)
    await save(admin, other, 1)
    version = checked(await admin.http.get(f"flows/{flow}"))["version"]
    checked(await admin.http.patch(f"flows/{flow}", json={"name": "renamed", "version": version}))
    found = await changes(admin)
    assert [entry["target"]["id"] for entry in found] == [flow, other, flow, flow, flow]
    assert len({entry["seq"] for entry in found}) == 5
    assert [entry["seq"] for entry in found] == sorted((entry["seq"] for entry in found), reverse=True)


async def test_a_while_later_another_entry_begins(admin: Person, database: Database):
    flow = await make_flow(admin)
    await save(admin, flow, 1)
    async with database.transaction() as work:
        age = f"UPDATE {admin.scope.schema}.audit_gathering SET first_at = first_at - interval '6 minutes'"
        await work.session.execute(text(age))
    await save(admin, flow, 2)
    assert len(await changes(admin)) == 2


async def test_saves_at_once_lose_nothing(admin: Person):
    flows = [await make_flow(admin) for _ in range(8)]
    for number in range(1, 6):
        reading = admin.http.get("audit-log")
        await asyncio.gather(*(save(admin, flow, number) for flow in flows), reading)
    noted = await changes(admin)
    assert sum(entry["saves"] or 1 for entry in noted) == 40
    assert {entry["target"]["id"] for entry in noted} == set(flows)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_gathering",
        "UPDATE audit_gathering SET entry = '{}'",
        "SELECT public.append_audit_entry(current_schema()::text, gen_random_uuid(), '{}', now())",
    ],
)
async def test_a_tenants_own_role_cannot_touch_what_is_gathered(
    admin: Person, database: Database, statement: str
):
    await save(admin, await make_flow(admin), 1)
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction(admin.scope) as work:
            await work.session.execute(text(statement))
