"""Flows: drafts, locking, checking, publishing."""

import asyncio
import json
from collections import Counter
from uuid import uuid4

from tests.core.flows import ANSWER
from tests.people import Person, checked, refused

FLOW = {
    "schema": "watchbill.flow/v1",
    "nodes": [
        {"id": "start", "type": "input", "config": {"fields": [{"name": "topic"}]}},
        {"id": "end", "type": "output", "config": {"values": {"topic": "{{ inputs.topic }}"}}},
    ],
    "edges": [{"id": "e", "source": "start", "target": "end"}],
}


async def make_flow(person: Person, definition: object = FLOW, name: str = "Flow"):
    return checked(await person.http.post("flows", json={"name": name, "definition": definition}), 201)


async def test_a_flow_from_making_to_deleting(member: Person):
    made = await make_flow(member)
    path = f"flows/{made['id']}"
    assert made["definition"] == FLOW
    assert (made["version"], made["published_version"]) == (1, None)
    assert checked(await member.http.get(path)) == made
    [listed] = checked(await member.http.get("flows"))["items"]
    of_the_draft = ("definition", "changed_since_published")
    assert listed == {key: value for key, value in made.items() if key not in of_the_draft}
    replaced = checked(await member.http.put(path, json={"name": "New", "definition": {}, "version": 1}))
    assert (replaced["name"], replaced["definition"], replaced["version"]) == ("New", {}, 2)
    checked(await member.http.delete(path), 204)
    refused(await member.http.get(path), 404)
    refused(await member.http.delete(path), 404)
    assert checked(await member.http.get("flows"))["items"] == []


async def test_a_draft_may_hold_anything_that_is_an_object(member: Person):
    odd = {"nodes": "none", "more": [1, {"a": None}], "text": "ünïcode 🚢"}
    assert (await make_flow(member, odd))["definition"] == odd
    refused(await member.http.post("flows", json={"name": "f", "definition": [1]}), 422)


async def test_of_two_people_who_save_one_is_told(member: Person):
    made = await make_flow(member)
    path = f"flows/{made['id']}"
    saves = [
        member.http.patch(path, json={"definition": {"nodes": [], "by": i}, "version": 1}) for i in range(5)
    ]
    answers = await asyncio.gather(*saves)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 4}
    stale = next(answer for answer in answers if answer.status_code == 409)
    refused(stale, 409, "stale_version")
    assert checked(await member.http.get(path))["version"] == 2
    refused(await member.http.patch(path, json={"definition": {}}), 422)
    assert checked(await member.http.patch(path, json={"name": "Renamed"}))["version"] == 3


async def test_a_browser_that_saves_changes_nothing_else(member: Person):
    """It reads 7.0 as 7, and puts keys that are whole numbers first."""
    text = '{"nodes":[{"id":"a","config":{"values":{"b":7.0,"2026":-0.0}}},{"id":"c","x":1.0}],"label":"%s"}'
    made = await make_flow(member, json.loads(text % "old"))
    path = f"flows/{made['id']}"
    seen = '{"nodes":[{"id":"c","x":1},{"id":"a","config":{"values":{"2026":0,"b":7}}}],"label":"new"}'
    change = {"definition": json.loads(seen), "version": 1}
    checked(await member.http.patch(path, json=change | {"keep_spelling": True}))
    moved = (
        '{"nodes":[{"id":"c","x":1.0},{"id":"a","config":{"values":{"b":7.0,"2026":-0.0}}}],"label":"new"}'
    )
    assert f'"definition":{moved}' in (await member.http.get(path)).text
    # Whoever does not ask for it gets what was sent.
    checked(await member.http.patch(path, json=change | {"version": 2}))
    assert f'"definition":{seen}' in (await member.http.get(path)).text


async def test_checking_names_node_and_field(member: Person):
    broken = FLOW | {"edges": [{"id": "e", "source": "start", "target": "nobody"}]}
    answer = checked(await member.http.post("flows/validate", json={"definition": broken}))
    assert answer["valid"] is False
    assert any(problem["edge_id"] == "e" for problem in answer["problems"])
    assert checked(await member.http.post("flows/validate", json={"definition": FLOW}))["valid"] is True
    for odd in (None, 1, "text", [], {}):
        answer = checked(await member.http.post("flows/validate", json={"definition": odd}))
        assert answer["valid"] is False and answer["problems"]


async def test_checking_looks_for_stored_agents(admin: Person, stranger: Person):
    agent = {"name": "a", "role": "r", "goal": "g"}
    checked(await admin.http.post("llm-providers/demo"), 201)
    own = checked(await admin.http.post("agents", json=agent), 201)["id"]
    foreign = checked(await stranger.http.post("agents", json=agent), 201)["id"]

    def flow(agent_id: str):
        task = {"description": "d", "expected_output": "e"}
        node = {"id": "work", "type": "agent", "config": {"agent_id": agent_id, "task": task}}
        edges = [("start", "work"), ("work", "end")]
        return FLOW | {
            "nodes": [FLOW["nodes"][0], node, FLOW["nodes"][1]],
            "edges": [{"id": f"e{i}", "source": a, "target": b} for i, (a, b) in enumerate(edges)],
        }

    good = checked(await admin.http.post("flows/validate", json={"definition": flow(own)}))
    assert good == {"valid": True, "problems": []}
    for id_ in (foreign, str(uuid4())):
        answer = checked(await admin.http.post("flows/validate", json={"definition": flow(id_)}))
        assert [(p["node_id"], p["field"]) for p in answer["problems"]] == [("work", "config.agent_id")]


async def test_publishing_freezes_a_version(member: Person):
    made = await make_flow(member)
    path = f"flows/{made['id']}"
    first = checked(await member.http.post(f"{path}/publish"), 201)
    assert (first["number"], first["definition"]) == (1, FLOW)
    renamed = FLOW | {"layout": {"start": {"x": 1, "y": 2}}}
    checked(await member.http.patch(path, json={"definition": renamed, "version": 1}))
    refused(await member.http.post(f"{path}/publish", json={"version": 1}), 409, "stale_version")
    checked(await member.http.post(f"{path}/publish", json={"version": 2}), 201)
    page = checked(await member.http.get(f"{path}/versions", params={"limit": 1}))
    assert [item["number"] for item in page["items"]] == [2]
    page = checked(await member.http.get(f"{path}/versions", params={"cursor": page["next_cursor"]}))
    assert ([item["number"] for item in page["items"]], page["next_cursor"]) == ([1], None)
    assert checked(await member.http.get(f"{path}/versions/1"))["definition"] == FLOW
    assert checked(await member.http.get(path))["published_version"] == 2
    refused(await member.http.get(f"{path}/versions/3"), 404)
    refused(await member.http.get(f"{path}/versions/0"), 422)


async def test_a_flow_that_cannot_run_is_not_published(member: Person):
    made = await make_flow(member, {"schema": "watchbill.flow/v1", "nodes": [], "edges": []})
    problem = refused(await member.http.post(f"flows/{made['id']}/publish"), 422, "flow_invalid")
    assert problem["errors"][0]["code"] == "no_input"


async def test_copying_a_flow(member: Person):
    made = await make_flow(member, name="x" * 200)
    copy = checked(await member.http.post(f"flows/{made['id']}/duplicate"), 201)
    assert copy["id"] != made["id"] and copy["definition"] == FLOW
    assert copy["name"].endswith("(copy)") and len(copy["name"]) == 200


async def test_large_definitions(member: Person):
    large = {"nodes": [], "text": "x" * (2 * 1024 * 1024 - 100)}
    made = await make_flow(member, large)
    assert checked(await member.http.get(f"flows/{made['id']}"))["definition"] == large
    too_large = {"name": "f", "definition": {"text": "x" * (2 * 1024 * 1024)}}
    refused(await member.http.post("flows", json=too_large), 422, "definition_too_large")


async def test_examples_can_be_stored_and_published(admin: Person):
    checked(await admin.http.post("llm-providers/demo"), 201)
    examples = checked(await admin.http.get("flows/examples"))["items"]
    assert len(examples) >= 3
    for example in examples:
        made = await make_flow(admin, example["definition"], example["title"])
        checked(await admin.http.post(f"flows/{made['id']}/publish"), 201)


async def test_paging_and_searching(member: Person):
    for number in range(5):
        await make_flow(member, {}, f"Flow {number}" if number else "100%_odd")
    names, cursor = [], None
    for _ in range(3):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = checked(await member.http.get("flows", params=params))
        names += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert names == ["Flow 4", "Flow 3", "Flow 2", "Flow 1", "100%_odd"]
    assert cursor is None
    for q, found in (("flow 3", ["Flow 3"]), ("%_", ["100%_odd"]), ("none", [])):
        page = checked(await member.http.get("flows", params={"q": q}))
        assert [item["name"] for item in page["items"]] == found
    for params in ({"limit": 0}, {"limit": 101}, {"cursor": "abc"}, {"cursor": "é"}, {"limit": "x"}):
        refused(await member.http.get("flows", params=params), 422, "invalid_input")


async def test_a_definition_comes_back_as_it_was_written(member: Person):
    schema = {"type": "object", "properties": {"zeta": {}, "alpha": {}, "10": {}, "9": {}}, "title": "über"}
    values = {"z": 9007199254740993, "a": 1 - 2**63, "m": 1.5e300, "b": "{{ inputs.topic }}", "empty": {}}
    flow = dict(ANSWER)
    flow["nodes"] = [*flow["nodes"], {"id": "kept", "type": "transform", "config": {"values": values}}]
    flow["nodes"] += [{"id": "asked", "type": "llm", "config": {"prompt": "x", "output_schema": schema}}]
    stored = checked(await member.http.post("flows", json={"name": "f", "definition": flow}), 201)
    read = checked(await member.http.get(f"flows/{stored['id']}"))["definition"]
    [kept, asked] = read["nodes"][-2:]
    assert json.dumps(kept["config"]["values"]) == json.dumps(values)
    assert json.dumps(asked["config"]["output_schema"]) == json.dumps(schema)


async def test_wrong_output_schemas_are_told_by_node_and_field(member: Person):
    for schema, code in (
        ({"$ref": "http://127.0.0.1/schema"}, "schema_reference"),
        ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "schema_reference"),
        ({"properties": {"a": {"type": "strange"}}}, "schema_invalid"),
        ({"pattern": "(?=a)"}, "schema_pattern"),
    ):
        ask = {"id": "ask", "type": "llm", "config": {"prompt": "Hi", "output_schema": schema}}
        wrong = FLOW | {"nodes": [*FLOW["nodes"], ask]}
        answer = checked(await member.http.post("flows/validate", json={"definition": wrong}))
        assert answer["valid"] is False
        found = [(p["node_id"], p["field"]) for p in answer["problems"] if p["code"] == code]
        assert found == [("ask", "config.output_schema")]


async def test_what_python_takes_for_equal_is_changed_all_the_same(member: Person):
    made = await make_flow(member, {"nodes": [], "a": 7.0, "b": True, "c": {"x": 1, "y": 2}})
    changed = {"nodes": [], "a": 7, "b": 1, "c": {"y": 2, "x": 1}}
    path = f"flows/{made['id']}"
    checked(await member.http.patch(path, json={"definition": changed, "version": 1}))
    text = '{"nodes":[],"a":7,"b":1,"c":{"y":2,"x":1}}'
    assert f'"definition":{text}' in (await member.http.get(path)).text
