"""Saving a draft while it is drawn: stored first, then checked in the same request; and publishing it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from tests.features.api.test_neighbours import Noted, large, noted
from tests.features.flows.test_flows import FLOW, make_flow
from tests.people import Person, ask_and_leave, checked, refused
from watchbill.core.ports.compute import ComputeBusy
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.limits.crowds import Crowd, Most

__all__ = ["noted"]
BROKEN = FLOW | {"edges": [{"id": "e", "source": "start", "target": "nobody"}]}


async def save(person: Person, made: dict[str, Any], definition: object, version: int = 1, **more: Any):
    form = {"definition": definition, "version": version} | more
    return checked(await person.http.patch(f"flows/{made['id']}", json=form))


async def test_a_save_tells_the_problems(member: Person):
    made = await make_flow(member)
    saved = await save(member, made, BROKEN, check=True)
    assert saved["definition"] == BROKEN and saved["version"] == 2
    same = checked(await member.http.post("flows/validate", json={"definition": BROKEN}))
    assert saved["validation"] == same and not same["valid"] and same["problems"]
    assert (await save(member, made, FLOW, 2, check=True))["validation"] == {"valid": True, "problems": []}
    # Who does not ask is not made to wait.
    assert (await save(member, made, BROKEN, 3))["validation"] is None
    assert (await save(member, made, BROKEN, 4, check=False))["validation"] is None
    # What is checked is the draft, also where only its name was changed.
    named = await member.http.patch(f"flows/{made['id']}", json={"name": "New", "check": True})
    assert checked(named)["validation"] == same
    refused(await member.http.patch(f"flows/{made['id']}", json={"name": "x", "check": None}), 422)


class Busy:
    """Processes that are all taken."""

    async def run(self, scope: TenantScope, job: str, argument: Any) -> Any:
        raise ComputeBusy


@pytest.fixture
def busy(app: FastAPI) -> Iterator[None]:
    before, app.state.compute = app.state.compute, Busy()
    yield
    app.state.compute = before


@pytest.mark.usefixtures("busy")
async def test_what_cannot_be_checked_just_now_is_saved(member: Person):
    made = await make_flow(member)
    saved = await save(member, made, large(), check=True)
    assert saved["version"] == 2 and saved["validation"] is None
    assert checked(await member.http.get(f"flows/{made['id']}"))["definition"] == large()
    refused(await member.http.post("flows/validate", json={"definition": large()}), 429)


async def test_who_has_too_many_checks_saves_all_the_same(app: FastAPI, member: Person):
    made, crowds = await make_flow(member), app.state.crowds
    slow = Crowd("slow requests", Most(person=1))
    app.state.crowds = replace(crowds, slow=slow)
    try:
        with slow.place_of(member.tenant_id, member.user_id):
            assert (await save(member, made, FLOW, check=True))["validation"] is None
        assert (await save(member, made, FLOW, 2, check=True))["validation"]["valid"]
    finally:
        app.state.crowds = crowds


async def test_what_was_saved_stays_when_the_client_leaves_during_the_check(
    app: FastAPI, member: Person, noted: Noted
):
    made = await make_flow(member)
    noted.held = True
    path, body = f"flows/{made['id']}", {"definition": large(), "version": 1, "check": True}
    answers = await ask_and_leave(app, member, "PATCH", path, body, noted.begun)
    assert answers[0]["status"] == 499 and noted.cancelled.is_set()
    assert checked(await member.http.get(path))["definition"] == large()


async def test_publishing_without_a_change_makes_no_version(member: Person):
    made = await make_flow(member)
    path = f"flows/{made['id']}"
    assert made["changed_since_published"] is None
    first = checked(await member.http.post(f"{path}/publish"), 201)
    assert checked(await member.http.get(path))["changed_since_published"] is False
    # A new name is none of the draft's.
    checked(await member.http.patch(path, json={"name": "Other"}))
    assert checked(await member.http.post(f"{path}/publish"), 200) == first
    refused(await member.http.post(f"{path}/publish", json={"version": 1}), 409, "stale_version")
    assert len(checked(await member.http.get(f"{path}/versions"))["items"]) == 1
    moved = FLOW | {"layout": {"start": {"x": 1.0, "y": 2}}}
    assert (await save(member, made, moved, 2))["changed_since_published"] is True
    assert (await save(member, made, FLOW, 3))["changed_since_published"] is False
    assert checked(await member.http.post(f"{path}/publish"), 200) == first
    await save(member, made, moved, 4)
    assert checked(await member.http.post(f"{path}/publish"), 201)["number"] == 2
    # What Python takes for equal is a change.
    await save(member, made, FLOW | {"layout": {"start": {"x": 1, "y": 2}}}, 5)
    assert checked(await member.http.get(path))["changed_since_published"] is True
    assert checked(await member.http.post(f"{path}/publish"), 201)["number"] == 3


async def test_two_who_publish_at_once_make_one_version(member: Person):
    made = await make_flow(member)
    path = f"flows/{made['id']}/publish"
    answers = await asyncio.gather(*(member.http.post(path) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert {answer.json()["number"] for answer in answers} == {1}


async def test_a_refusal_names_the_node_and_the_field(member: Person):
    task = {"description": "Write", "expected_output": ""}
    agent = {"id": "work", "type": "agent", "config": {"agent": {"role": "r", "goal": "g"}, "task": task}}
    edges = [("start", "work"), ("work", "end")]
    wrong = FLOW | {
        "nodes": [FLOW["nodes"][0], agent, FLOW["nodes"][1]],
        "edges": [{"id": f"e{index}", "source": a, "target": b} for index, (a, b) in enumerate(edges)],
    }
    made = await make_flow(member, wrong)
    for path, form in (("execute", {"inputs": {}}), ("publish", {})):
        problem = refused(
            await member.http.post(f"flows/{made['id']}/{path}", json=form), 422, "flow_invalid"
        )
        # Who publishes is also told that nobody offers a model yet.
        empty = ["nodes", "work", "config", "task", "expected_output"]
        assert empty in [error["loc"] for error in problem["errors"]]
        named = problem["errors"][0]["loc"][3:]
        assert f"node `work`, field `{'.'.join(named)}`: " in problem["detail"]
    made = await make_flow(member, BROKEN)
    problem = refused(await member.http.post(f"flows/{made['id']}/publish"), 422, "flow_invalid")
    assert "edge `e`" in problem["detail"]
