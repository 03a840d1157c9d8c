"""Starting a flow that was started before: quickly, and always as it is now."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from tests.features.audit.test_audit import entries
from tests.features.flows.test_flows import FLOW, make_flow
from tests.people import Person, checked, refused
from watchbill.kit.database.transactions import Database


@pytest.fixture
async def statements(app: FastAPI):
    """The SQL that was sent, one statement after the other."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def asking(field: str) -> dict[str, Any]:
    """The flow, with another input."""
    flow = deepcopy(FLOW)
    flow["nodes"][0]["config"]["fields"] = [{"name": field}]
    flow["nodes"][1]["config"]["values"] = {"topic": f"{{{{ inputs.{field} }}}}"}
    return flow


async def run(person: Person, flow_id: str, version: Any = None, **inputs: Any):
    form = {"inputs": inputs or {"topic": "tides"}} | ({"version": version} if version else {})
    return await person.http.post(f"flows/{flow_id}/execute", json=form)


async def test_a_flow_that_was_started_before_is_not_read_again(member: Person, statements: list[str]):
    flow = await make_flow(member)
    checked(await run(member, flow["id"]), 202)
    assert any("FROM flows" in one and "INSERT" not in one for one in statements)
    statements.clear()
    checked(await run(member, flow["id"]), 202)
    # Who asks, and everything else at once, with what the audit log says of it.
    _, insert = statements
    assert "INSERT INTO executions" in insert and "INSERT INTO audit_pending" in insert


async def test_each_start_is_one_entry_of_the_audit_log(database: Database, member: Person):
    flow = await make_flow(member)
    ids = [checked(await run(member, flow["id"]), 202)["id"] for _ in range(2)]
    noted = [one for one in await entries(database, member) if one["action"] == "execute_flow"]
    assert [one["target"]["id"] for one in noted] == ids
    assert {one["actor"]["name"] for one in noted} == {member.email}
    assert [[change["operation"] for change in one["changes"]] for one in noted] == [["create"]] * 2


async def test_an_edited_draft_is_what_runs(member: Person):
    flow = await make_flow(member)
    path = f"flows/{flow['id']}"
    checked(await run(member, flow["id"]), 202)
    checked(await member.http.patch(path, json={"definition": asking("subject"), "version": 1}))
    checked(await run(member, flow["id"], subject="tides"), 202)
    problem = refused(await run(member, flow["id"], topic="tides"), 422, "inputs_invalid")
    assert "topic" in str(problem["errors"])


async def test_the_newest_published_version_is_what_runs(member: Person):
    flow = await make_flow(member)
    path = f"flows/{flow['id']}"
    checked(await run(member, flow["id"]), 202)
    for number, field in ((1, "topic"), (2, "subject")):
        current = checked(await member.http.get(path))["version"]
        change = {"definition": asking(field), "version": current}
        checked(await member.http.patch(path, json=change))
        checked(await member.http.post(f"{path}/publish"), 201)
        started = checked(await run(member, flow["id"], **{field: "tides"}), 202)
        assert started["version"] == number
    # A version that was named stays what it was.
    assert checked(await run(member, flow["id"], 1), 202)["version"] == 1


async def test_a_flow_that_was_switched_off_or_deleted_does_not_run(member: Person):
    flow = await make_flow(member)
    path = f"flows/{flow['id']}"
    checked(await run(member, flow["id"]), 202)
    checked(await member.http.patch(path, json={"is_active": False, "version": 1}))
    refused(await run(member, flow["id"]), 409, "flow_inactive")
    version = checked(await member.http.get(path))["version"]
    checked(await member.http.patch(path, json={"is_active": True, "version": version}))
    checked(await run(member, flow["id"]), 202)
    checked(await member.http.delete(path), 204)
    refused(await run(member, flow["id"]), 404)


async def test_what_one_tenant_started_is_nothing_to_another(member: Person, stranger: Person):
    flow = await make_flow(member)
    checked(await run(member, flow["id"]), 202)
    refused(await run(stranger, flow["id"]), 404)


async def test_a_repeated_key_finds_the_first_one_also_of_a_flow_that_is_known(member: Person):
    flow = await make_flow(member)
    checked(await run(member, flow["id"]), 202)
    path, form = f"flows/{flow['id']}/execute", {"inputs": {"topic": "tides"}}
    same = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(member.http.post(path, json=form, headers=same) for _ in range(4)))
    assert len({checked(answer, 202)["id"] for answer in answers}) == 1
