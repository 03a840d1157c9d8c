"""A flow that asks for a model which the tenant does not have is not called valid, and not published."""

from typing import Any
from uuid import uuid4

import pytest

from tests.core.flows import edge, flow, input_node, node, output
from tests.people import Person, checked, refused

PROVIDER = {"name": "Main", "provider_type": "openai", "api_key": "sk-abc", "models": ["gpt-5"]}
TASK = {"description": "d", "expected_output": "e"}
AGENT = {"role": "r", "goal": "g"}


def of(one: dict[str, Any]) -> dict[str, Any]:
    return flow([input_node("topic"), one, output(x="1")], [edge("in", one["id"]), edge(one["id"], "out")])


def llm(**config: Any) -> dict[str, Any]:
    return node("ask", "llm", {"prompt": "x", **config})


async def said(person: Person, definition: object) -> list[tuple[str, str, str]]:
    answer = checked(await person.http.post("flows/validate", json={"definition": definition}))
    assert answer["valid"] == (not answer["problems"])
    return [(p["code"], p["node_id"], p["field"]) for p in answer["problems"]]


async def provided(admin: Person, **changes: Any) -> str:
    return checked(await admin.http.post("llm-providers", json=PROVIDER | changes), 201)["id"]


async def test_without_a_provider_no_model_can_be_asked(admin: Person):
    assert await said(admin, of(llm())) == [("no_provider", "ask", "config.model")]
    made = checked(await admin.http.post("flows", json={"name": "f", "definition": of(llm())}), 201)
    wrong = refused(await admin.http.post(f"flows/{made['id']}/publish"), 422, "flow_invalid")
    assert wrong["errors"][0]["loc"] == ["nodes", "ask", "config", "model"]
    # An execution fails at the node, as it would if the provider were switched off while it runs.
    checked(await admin.http.post(f"flows/{made['id']}/execute", json={"inputs": {"topic": "x"}}), 202)
    await provided(admin)
    assert await said(admin, of(llm())) == []
    checked(await admin.http.post(f"flows/{made['id']}/publish"), 201)


async def test_models_and_providers_that_are_not_there_are_named_with_their_field(
    admin: Person, stranger: Person
):
    own, idle = await provided(admin), await provided(admin, name="Idle", is_active=False)
    assert await said(admin, of(llm(model="gpt-5", provider_id=own))) == []
    assert await said(admin, of(llm(model="{{ inputs.topic }}"))) == []
    assert await said(admin, of(llm(model="gpt-6"))) == [("unknown_model", "ask", "config.model")]
    assert await said(admin, of(llm(model="gpt-6", provider_id=own))) == [
        ("unknown_model", "ask", "config.model")
    ]
    for id_ in (idle, str(uuid4()), await provided(stranger)):
        found = await said(admin, of(llm(provider_id=id_)))
        assert found == [("unknown_provider", "ask", "config.provider_id")]
    open_ = await provided(admin, name="Open", models=[])
    assert await said(admin, of(llm(model="gpt-6"))) == []
    assert await said(admin, of(llm(provider_id=open_))) == [("no_model", "ask", "config.model")]


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        ("agent", {"agent": AGENT | {"model": "none"}, "task": TASK}, "config.agent.model"),
        (
            "crew",
            {
                "crew": {
                    "agents": [AGENT | {"name": "a"}, AGENT | {"name": "b", "model": "none"}],
                    "tasks": [TASK | {"name": "t", "agent": "a"}],
                }
            },
            "config.crew.agents.1.model",
        ),
        (
            "map",
            {
                "items": "{{ [1] }}",
                "body": {"nodes": [node("in_it", "llm", {"prompt": "x", "model": "none"})]},
            },
            "config.model",
        ),
    ],
)
async def test_agents_and_bodies_are_looked_into(admin: Person, kind: str, config: Any, field: str):
    await provided(admin)
    where = "work.in_it" if kind == "map" else "work"
    assert await said(admin, of(node("work", kind, config))) == [("unknown_model", where, field)]


async def test_what_a_stored_agent_lacks_is_told_where_it_is_chosen(admin: Person):
    await provided(admin)
    wanting = {"name": "a", "role": "r", "goal": "g", "model": "none"}
    agent = checked(await admin.http.post("agents", json=wanting), 201)["id"]
    definition = of(node("work", "agent", {"agent_id": agent, "task": TASK}))
    assert await said(admin, definition) == [("unknown_model", "work", "config.agent_id")]


async def test_tools_that_nobody_can_give(admin: Person):
    await provided(admin)
    definition = of(node("work", "agent", {"agent": AGENT | {"tool_ids": [str(uuid4())]}, "task": TASK}))
    assert await said(admin, definition) == [("tool_unknown", "work", "config.agent.tool_ids.0")]
