"""Agents and crews."""

import json
from uuid import uuid4

import pytest

from tests.people import Person, checked, refused

AGENT = {"name": "Scout", "role": "Researcher", "goal": "Find {{ inputs.topic }}", "backstory": "Curious"}


async def make_agent(person: Person, name: str = "Scout") -> str:
    return checked(await person.http.post("agents", json=AGENT | {"name": name}), 201)["id"]


def crew(agent: str, **changes):
    tasks = [
        {"name": "look", "description": "Look", "expected_output": "Facts", "agent_id": agent},
        {"name": "tell", "description": "T", "expected_output": "E", "agent_id": agent, "context": ["look"]},
    ]
    return {"name": "Crew", "agent_ids": [agent], "tasks": tasks} | changes


async def test_an_agent_from_making_to_deleting(member: Person):
    options = {"temperature": 0.2, "max_iter": 5}
    made = checked(await member.http.post("agents", json=AGENT | {"config": options}), 201)
    path = f"agents/{made['id']}"
    assert made["config"]["temperature"] == 0.2 and made["config"]["max_iter"] == 5
    assert checked(await member.http.get(path)) == made
    changed = checked(await member.http.patch(path, json={"goal": "Rest", "model": "m"}))
    assert (changed["goal"], changed["model"], changed["role"]) == ("Rest", "m", "Researcher")
    assert changed["config"] == made["config"]
    assert changed["updated_at"] > made["updated_at"]
    replaced = checked(await member.http.put(path, json=AGENT))
    assert replaced["model"] is None and replaced["config"]["max_iter"] == 20
    checked(await member.http.delete(path), 204)
    refused(await member.http.get(path), 404)


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"role": ""}, ["role"]),
        ({"name": " "}, ["name"]),
        ({"config": {"max_iter": 0}}, ["config", "max_iter"]),
        ({"config": {"memory": True}}, ["config", "memory"]),
        ({"role": 5}, ["role"]),
        ({"config": {"max_iter": "5"}}, ["config", "max_iter"]),
        ({"config": {"temperature": False}}, ["config", "temperature"]),
        ({"config": {"allow_delegation": 1}}, ["config", "allow_delegation"]),
        ({"provider_id": str(uuid4())}, ["provider_id"]),
        ({"tool_ids": [str(uuid4())]}, ["tool_ids", 0]),
    ],
)
async def test_bad_agents(member: Person, change, loc):
    problem = refused(await member.http.post("agents", json=AGENT | change), 422)
    assert problem["errors"][0]["loc"] == ["body", *loc]


async def test_names_are_taken_once(member: Person):
    await make_agent(member)
    refused(await member.http.post("agents", json=AGENT | {"name": "SCOUT"}), 409, "name_taken")


async def test_an_agent_outlives_its_provider(admin: Person):
    provider = checked(
        await admin.http.post("llm-providers", json={"name": "p", "provider_type": "ollama"}), 201
    )
    made = checked(await admin.http.post("agents", json=AGENT | {"provider_id": provider["id"]}), 201)
    checked(await admin.http.delete(f"llm-providers/{provider['id']}"), 204)
    assert checked(await admin.http.get(f"agents/{made['id']}"))["provider_id"] is None


async def test_a_crew_from_making_to_deleting(member: Person):
    agent = await make_agent(member)
    made = checked(await member.http.post("crews", json=crew(agent)), 201)
    path = f"crews/{made['id']}"
    assert [task["name"] for task in made["tasks"]] == ["look", "tell"]
    assert checked(await member.http.get(path)) == made
    assert checked(await member.http.patch(path, json={"name": "Others"}))["tasks"] == made["tasks"]
    refused(await member.http.patch(path, json={"tasks": []}), 422)
    problem = refused(await member.http.delete(f"agents/{agent}"), 409, "agent_in_use")
    assert "Others" in problem["detail"]
    assert checked(await member.http.put(path, json=crew(agent)))["name"] == "Crew"
    checked(await member.http.delete(path), 204)
    checked(await member.http.delete(f"agents/{agent}"), 204)


async def test_a_tasks_texts_are_texts(member: Person):
    agent = await make_agent(member)
    tasks = [{"name": "t", "description": 5, "expected_output": "e", "agent_id": agent}]
    problem = refused(await member.http.post("crews", json=crew(agent, tasks=tasks)), 422)
    assert problem["errors"][0]["loc"] == ["body", "tasks", 0, "description"]


async def test_a_manager_is_kept_too(member: Person):
    agent, manager = await make_agent(member), await make_agent(member, "Boss")
    wanted = crew(agent, process="hierarchical", manager_agent_id=manager)
    checked(await member.http.post("crews", json=wanted), 201)
    refused(await member.http.delete(f"agents/{manager}"), 409, "agent_in_use")


async def test_crews_that_do_not_fit_together(member: Person, stranger: Person):
    agent, other, foreign = (
        await make_agent(member),
        await make_agent(member, "Other"),
        await make_agent(stranger),
    )
    task = {"name": "t", "description": "d", "expected_output": "e", "agent_id": agent}
    cases = [
        ({"agent_ids": [foreign]}, ["agent_ids", 0], "unknown_agent"),
        ({"agent_ids": [agent, agent]}, ["agent_ids", 1], "duplicate_agent"),
        ({"manager_agent_id": other}, ["manager_agent_id"], "manager_unused"),
        ({"process": "hierarchical", "manager_agent_id": agent}, ["manager_agent_id"], "manager_is_member"),
        ({"tasks": [task, task]}, ["tasks", 1, "name"], "duplicate_name"),
        ({"tasks": [task | {"agent_id": other}]}, ["tasks", 0, "agent_id"], "not_a_member"),
        ({"tasks": [task | {"agent_id": None}]}, ["tasks", 0, "agent_id"], "missing"),
        ({"tasks": [task | {"context": ["later"]}]}, ["tasks", 0, "context"], "unknown_task"),
        ({"tasks": [task | {"tool_ids": [other]}]}, ["tasks", 0, "tool_ids", 0], "unknown_tool"),
    ]
    for change, loc, code in cases:
        problem = refused(await member.http.post("crews", json=crew(agent) | change), 422)
        assert (problem["errors"][0]["loc"], problem["errors"][0]["code"]) == (["body", *loc], code)


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"type": "strange"}, "schema_invalid"),
        ({"$ref": "file:///etc/passwd"}, "schema_reference"),
        ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "schema_reference"),
        ({"pattern": "(?=a)"}, "schema_pattern"),
        ({"enum": ["x" * 70_000]}, "schema_too_large"),
    ],
)
async def test_output_schemas_of_crews_are_checked_whole(member: Person, schema, code):
    agent = await make_agent(member)
    body = crew(agent)
    body["tasks"][1]["output_schema"] = schema
    [error] = refused(await member.http.post("crews", json=body), 422)["errors"]
    assert (error["loc"], error["code"]) == (["body", "tasks", 1, "output_schema"], code)


async def test_output_schemas_of_crews_keep_their_order(member: Person):
    agent = await make_agent(member)
    body = crew(agent)
    schema = {"type": "object", "properties": {"z": {"type": "string"}, "a": {}, "10": {}, "9": {}}}
    body["tasks"][0]["output_schema"] = schema
    made = checked(await member.http.post("crews", json=body), 201)
    shown = checked(await member.http.get(f"crews/{made['id']}"))
    assert json.dumps(shown["tasks"][0]["output_schema"]) == json.dumps(schema)
