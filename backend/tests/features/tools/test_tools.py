"""Tools over HTTP: keeping them, judging them, and who may."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from tests.people import Person, checked, refused

CODE = "def run(city: str, days: int = 1):\n    return {'city': city, 'days': days}\n"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}


def form(**changes: Any) -> dict[str, Any]:
    plain = {"name": "Weather", "kind": "python", "input_schema": SCHEMA, "config": {"code": CODE}}
    return plain | changes


async def test_a_tool_from_making_to_deleting(member: Person):
    made = checked(await member.http.post("tools", json=form(description="Tells the weather.")), 201)
    path = f"tools/{made['id']}"
    assert (made["function"], made["version"], made["updated_by"]) == ("weather", 1, str(member.user_id))
    assert made["limits"] == {
        "timeout_seconds": 60.0,
        "memory_mb": 512,
        "cpus": 0.5,
        "output_kb": 1024,
        "network": "none",
    }
    assert checked(await member.http.get(path)) == made
    changed = checked(await member.http.patch(path, json={"is_active": False, "version": 1}))
    assert (changed["is_active"], changed["version"], changed["config"]) == (False, 2, made["config"])
    replaced = checked(await member.http.put(path, json=form(name="Sun", limits={"memory_mb": 64})))
    assert (replaced["name"], replaced["is_active"], replaced["limits"]["memory_mb"]) == ("Sun", True, 64)
    assert replaced["description"] == ""
    assert [one["id"] for one in checked(await member.http.get("tools"))["items"]] == [made["id"]]
    assert checked(await member.http.get("tools", params={"kind": "builtin"}))["items"] == []
    checked(await member.http.delete(path), 204)
    refused(await member.http.get(path), 404, "not_found")


async def test_the_order_of_properties_is_kept(member: Person):
    """Models answer in the order of the schema."""
    properties = {name: {"type": "string"} for name in ("zebra", "apple", "mango")}
    schema = {"type": "object", "properties": properties}
    code = "def run(**given):\n    return given\n"
    made = checked(
        await member.http.post("tools", json=form(input_schema=schema, config={"code": code})), 201
    )
    assert list(made["input_schema"]["properties"]) == ["zebra", "apple", "mango"]


async def test_a_builtin_tool_has_its_own_schema(member: Person):
    listed = {one["name"]: one for one in checked(await member.http.get("tools/builtin"))}
    assert {"calculator", "date_time", "http_request", "web_search", "website_fetch"} <= listed.keys()
    made = checked(
        await member.http.post(
            "tools", json={"name": "Sums", "kind": "builtin", "config": {"builtin": "calculator"}}
        ),
        201,
    )
    assert made["input_schema"] == listed["calculator"]["input_schema"]


WRONG = [
    ({"name": "  "}, "name"),
    ({"kind": "docker"}, "kind"),
    ({"config": {"code": ""}}, "config"),
    ({"config": {"builtin": "calculator"}}, ""),
    ({"config": {"code": "def run(city:"}}, "config.code"),
    ({"config": {"code": "def other(): pass"}}, "config.code"),
    ({"config": {"code": "def run(): pass"}}, "config.code"),
    ({"config": {"code": "def run(city, /): pass"}}, "config.code"),
    ({"config": {"code": "def run(city, days, more): pass"}}, "config.code"),
    ({"config": {"code": CODE, "requirements": ["requests"]}}, "config"),
    ({"config": {"code": CODE, "requirements": ["x @ https://evil.test/x.whl"]}}, "config"),
    ({"input_schema": {"type": "array"}}, "input_schema"),
    ({"input_schema": {"type": "odd"}}, "input_schema"),
    ({"input_schema": {"type": "object", "properties": {"x": {"$ref": "https://a.test"}}}}, "input_schema"),
    ({"output_schema": {"type": "odd"}}, "output_schema"),
    ({"limits": {"memory_mb": 1}}, "limits.memory_mb"),
    ({"limits": {"timeout_seconds": 0}}, "limits.timeout_seconds"),
    ({"limits": {"network": "all"}}, "limits.network"),
    ({"limits": {"network": ["http://a.test/"]}}, "limits.network"),
    ({"surprise": 1}, "surprise"),
]


@pytest.mark.parametrize(("changes", "place"), WRONG)
async def test_what_could_never_be_called_is_refused_with_the_place(
    member: Person, changes: dict[str, Any], place: str
):
    problem = refused(await member.http.post("tools", json=form(**changes)), 422)
    places = [".".join(str(part) for part in one["loc"][1:]) for one in problem["errors"]]
    assert any(found.startswith(place) for found in places), places
    assert checked(await member.http.get("tools"))["items"] == []


async def test_settings_are_judged(member: Person):
    wrong = {"name": "Search", "kind": "builtin", "config": {"builtin": "web_search", "settings": {}}}
    problem = refused(await member.http.post("tools", json=wrong), 422, "setting_invalid")
    assert problem["errors"][0]["loc"] == ["body", "config", "settings", "address"]
    wrong["config"] = {"builtin": "crystal_ball"}
    assert "`calculator`" in refused(await member.http.post("tools", json=wrong), 422)["detail"]


async def test_names_are_taken_once_whatever_their_case(member: Person):
    checked(await member.http.post("tools", json=form()), 201)
    refused(await member.http.post("tools", json=form(name="WEATHER")), 409, "name_taken")


async def test_two_who_change_at_once(member: Person):
    made = checked(await member.http.post("tools", json=form()), 201)
    path = f"tools/{made['id']}"
    answers = await asyncio.gather(
        *(member.http.patch(path, json={"description": name, "version": 1}) for name in ("one", "two"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    stale = next(answer for answer in answers if answer.status_code == 409)
    refused(stale, 409, "version_stale")


async def test_validate_tells_every_problem(member: Person):
    made = checked(await member.http.post("tools", json=form()), 201)
    assert checked(await member.http.post(f"tools/{made['id']}/validate")) == {"valid": True, "problems": []}


async def test_who_may(member: Person, viewer: Person, stranger: Person):
    made = checked(await member.http.post("tools", json=form()), 201)
    path = f"tools/{made['id']}"
    assert checked(await viewer.http.get(path)) == made
    refused(await viewer.http.post("tools", json=form(name="Mine")), 403)
    refused(await viewer.http.patch(path, json={"name": "Mine"}), 403)
    refused(await viewer.http.post(f"{path}/run", json={"input": {}}), 403)
    refused(await viewer.http.delete(path), 403)
    for answer in (
        await stranger.http.get(path),
        await stranger.http.patch(path, json={"name": "Mine"}),
        await stranger.http.put(path, json=form()),
        await stranger.http.post(f"{path}/run", json={"input": {}}),
        await stranger.http.post(f"{path}/validate"),
        await stranger.http.delete(path),
    ):
        refused(answer, 404, "not_found")


async def test_agents_and_crews_name_tools_of_their_tenant(member: Person, stranger: Person):
    own = checked(await member.http.post("tools", json=form()), 201)["id"]
    other = checked(await stranger.http.post("tools", json=form()), 201)["id"]
    agent = {"name": "Ann", "role": "R", "goal": "G"}
    for id_ in (other, str(uuid4())):
        problem = refused(await member.http.post("agents", json=agent | {"tool_ids": [own, id_]}), 422)
        assert problem["errors"][0]["loc"] == ["body", "tool_ids", 1]
    made = checked(await member.http.post("agents", json=agent | {"tool_ids": [own]}), 201)
    assert made["tool_ids"] == [own]
    task = {"name": "t", "description": "d", "expected_output": "e", "agent_id": made["id"]}
    crew = {"name": "C", "agent_ids": [made["id"]], "tasks": [task | {"tool_ids": [other]}]}
    problem = refused(await member.http.post("crews", json=crew), 422)
    assert problem["errors"][0]["loc"] == ["body", "tasks", 0, "tool_ids", 0]


async def test_a_flow_is_told_of_tools_that_cannot_be_called(member: Person, stranger: Person):
    own = checked(await member.http.post("tools", json=form()), 201)["id"]
    other = checked(await stranger.http.post("tools", json=form()), 201)["id"]

    def definition(id_: str | None) -> dict[str, Any]:
        config = {"arguments": {"city": "Rome"}} | ({"tool_id": id_} if id_ else {})
        return {
            "nodes": [
                {"id": "in", "type": "input", "config": {"fields": []}},
                {"id": "look", "type": "tool", "config": config},
                {"id": "out", "type": "output", "config": {"values": {"x": "{{ nodes.look.output }}"}}},
            ],
            "edges": [
                {"id": "a", "source": "in", "target": "look"},
                {"id": "b", "source": "look", "target": "out"},
            ],
        }

    async def said(id_: str | None) -> list[tuple[str, str]]:
        answer = checked(await member.http.post("flows/validate", json={"definition": definition(id_)}))
        return [(one["code"], one["field"]) for one in answer["problems"]]

    assert await said(own) == []
    assert await said(None) == [("config_missing", "config.tool_id")]
    assert await said(other) == [("tool_unknown", "config.tool_id")]
    checked(await member.http.patch(f"tools/{own}", json={"is_active": False}))
    assert await said(own) == [("tool_inactive", "config.tool_id")]


def naming(ids: list[str], nodes: int = 1) -> dict[str, Any]:
    """A flow whose agents have so many tools."""
    each = len(ids) // nodes
    task = {"description": "d", "expected_output": "e"}
    agents = [
        {
            "id": f"a{index}",
            "type": "agent",
            "config": {
                "agent": {"role": "r", "goal": "g", "tool_ids": ids[index * each : (index + 1) * each]},
                "task": task,
            },
        }
        for index in range(nodes)
    ]
    start = {"id": "in", "type": "input", "config": {"fields": []}}
    edges = [{"id": f"e{index}", "source": "in", "target": f"a{index}"} for index in range(nodes)]
    return {"nodes": [start, *agents], "edges": edges}


async def test_very_many_unknown_tools_are_told_up_to_a_point(member: Person):
    """Each problem was compared with all before it, and each id was a parameter of one statement."""
    definition = naming([str(uuid4()) for _ in range(40_000)])
    answer = checked(await member.http.post("flows/validate", json={"definition": definition}))
    missing = [one for one in answer["problems"] if one["code"] == "tool_unknown"]
    assert 0 < len(missing) <= 500 and not answer["valid"]


async def test_looking_for_tools_reads_none_of_their_source(member: Person, app: FastAPI):
    ids = [
        checked(await member.http.post("tools", json=form(name=f"T{number}")), 201)["id"] for number in (1, 2)
    ]
    sent: list[str] = []
    engine = app.state.database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    answer = checked(await member.http.post("flows/validate", json={"definition": naming(ids)}))
    agent = {"name": "Ann", "role": "R", "goal": "G", "tool_ids": ids}
    checked(await member.http.post("agents", json=agent), 201)
    event.remove(engine, "before_cursor_execute", note)
    assert all(one["code"] not in ("tool_unknown", "tool_inactive") for one in answer["problems"])
    asked = [one for one in sent if "FROM tools" in one]
    assert len(asked) == 2 and all("config" not in one for one in asked)
