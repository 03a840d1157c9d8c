"""A key's limits follow what a request names, whichever way it names it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient

from tests import people
from tests.core.flows import ANSWER
from tests.people import Person, checked, http_client, refused
from tests.security.test_routes import GUARDED
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.features.approvals.tables import Approval
from watchbill.features.identity.permissions import ALL, PERSONAL
from watchbill.features.identity.reach import FOR_FLOWS
from watchbill.features.notifications.tables import Delivery

WORK = ["flows:read", "flows:write", "flows:execute", "executions:read", "executions:write"]
# Routes whose own code keeps a limited key to its flows, and routes that show nothing of a tenant. A new one
# has to be put here by somebody who thought of it.
JUDGED_BY_ROUTE = {
    "GET /api/v1/flows",
    "POST /api/v1/flows/validate",
    "GET /api/v1/executions",
    "GET /api/v1/approvals",
    "GET /api/v1/triggers",
    "POST /api/v1/triggers",
    "GET /api/v1/notifications",
    "POST /api/v1/notifications",
    "GET /api/v1/notification-deliveries",
}
OPEN = {"GET /api/v1/flows/examples", "GET /api/v1/node-types", "GET /api/v1/schedule-preview"}


def judged() -> dict[str, str]:
    """How each guarded route says that it keeps limited keys in."""
    found: dict[str, str] = {}
    for route in iter_route_contexts(create_app(Settings(env="test", _env_file=None)).routes):
        ways = list(_ways(dependant)) if (dependant := getattr(route, "dependant", None)) else []
        for method in getattr(route, "methods", None) or ():
            if ways and method != "HEAD":
                found[f"{method} {route.path}"] = ways[0]
    return found


def _ways(dependant: Dependant):
    if way := getattr(dependant.call, "judged", None):
        yield way
    for inner in dependant.dependencies:
        yield from _ways(inner)


class Place(NamedTuple):
    """A tenant with two flows, and a program whose key is limited to the first of them."""

    program: AsyncClient
    mine: str
    other: str
    ids: dict[str, str]


def running(flow_id: str) -> dict[str, Any]:
    """A flow that runs another one."""
    node = {"id": "run", "type": "subflow", "label": "Run", "config": {"flow_id": flow_id, "inputs": {}}}
    return {**ANSWER, "nodes": [*ANSWER["nodes"], node]}


async def make_flow(admin: Person, definition: Any = ANSWER) -> str:
    return checked(await admin.http.post("flows", json={"name": "f", "definition": definition}), 201)["id"]


async def redraw(program: AsyncClient, admin: Person, flow_id: str, definition: Any) -> httpx.Response:
    """Change the draft of a flow, whatever its number is by now."""
    version = checked(await admin.http.get(f"flows/{flow_id}"))["version"]
    return await program.patch(f"flows/{flow_id}", json={"definition": definition, "version": version})


async def make_key(admin: Person, scopes: list[str], *flows: str) -> str:
    form = {"name": "k", "scopes": scopes} | ({"flow_ids": list(flows)} if flows else {})
    return checked(await admin.http.post("api-keys", json=form), 201)["key"]


@pytest_asyncio.fixture(scope="module")
async def place(app: FastAPI) -> AsyncIterator[Place]:
    admin = await people.register(app)
    async with admin.http:
        mine, other = await make_flow(admin), await make_flow(admin)
        checked(await admin.http.post(f"flows/{other}/publish"), 201)
        run = checked(await admin.http.post(f"flows/{other}/execute", json={"inputs": {}}), 202)["id"]
        trigger = {"flow_id": other, "name": "t", "webhook": {}}
        trigger_id = checked(await admin.http.post("triggers", json=trigger), 201)["id"]
        asked = {"title": "Go on?", "details": "", "role": "member", "fields": []}
        approval = Approval(id=uuid4(), execution_id=UUID(run), node_id="ask", **asked)
        told = {"flow_id": other, "name": "n", "channel": "email", "recipients": [admin.email]}
        notification = checked(await admin.http.post("notifications", json=told), 201)["id"]
        about = {"notification_id": UUID(notification), "execution_id": UUID(run)}
        delivery = Delivery(id=uuid4(), recipient=admin.email, **about)
        async with app.state.database.transaction(admin.scope) as work:
            work.session.add(approval)
            work.session.add(delivery)
        ids = {
            "flow_id": other,
            "execution_id": run,
            "trigger_id": trigger_id,
            "approval_id": str(approval.id),
            "notification_id": notification,
            "delivery_id": str(delivery.id),
        }
        key = await make_key(admin, sorted(FOR_FLOWS), mine)
        async with http_client(app, key) as program:
            yield Place(program, mine, other, ids)


def test_every_route_that_is_not_judged_by_its_path_is_known():
    ways = judged()
    assert ways.keys() == GUARDED.keys()
    assert {route for route, way in ways.items() if way == "route"} == JUDGED_BY_ROUTE
    assert {route for route, way in ways.items() if way == "open"} == OPEN


@pytest.mark.parametrize("route", sorted(GUARDED))
async def test_a_limited_key_reaches_nothing_of_another_flow(place: Place, route: str):
    method, path = route.split(" ")
    path = re.sub(r"\{(\w+)\}", lambda part: place.ids.get(part[1], _id(part[1])), path)
    body = {"flow_id": place.other, "name": "t", "webhook": {}} if route == "POST /api/v1/triggers" else {}
    if route == "POST /api/v1/flows/validate":
        body = {"definition": running(place.other)}
    if route == "POST /api/v1/notifications":
        body = {"flow_id": place.other, "name": "n", "channel": "email", "recipients": ["a@example.com"]}
    sent = {"json": body} if method in ("POST", "PUT", "PATCH") else {"params": {"flow_id": place.other}}
    answer = await place.program.request(method, f"http://test{path}", **sent)
    if GUARDED[route] == "profile:read" or route in OPEN:
        assert place.other not in answer.text
    elif route in JUDGED_BY_ROUTE and method == "GET":
        everything = checked(await place.program.get(f"http://test{path}"))
        assert route == "GET /api/v1/flows" or checked(answer).get("items") == []
        assert place.other not in str(everything)
    elif GUARDED[route] in FOR_FLOWS:
        refused(answer, 403, "key_limited")
    else:
        refused(answer, 403)


def _id(name: str) -> str:
    return "1" if name == "number" else str(uuid4())


async def test_a_limited_key_works_with_its_own_flow(place: Place):
    http, mine = place.program, place.mine
    assert [flow["id"] for flow in checked(await http.get("flows"))["items"]] == [mine]
    assert checked(await http.patch(f"flows/{mine}", json={"definition": ANSWER, "version": 1}))["id"] == mine
    checked(await http.post("flows/validate", json={"definition": ANSWER}))
    run = checked(await http.post(f"flows/{mine}/execute", json={"inputs": {}}), 202)["id"]
    assert run in str(checked(await http.get("executions")))
    hook = {"flow_id": mine, "name": "t", "webhook": {"signing": "none", "answer": "result"}}
    made = checked(await http.post("triggers", json=hook), 201)
    assert made["path"] and made["id"] in str(checked(await http.get("triggers")))


@pytest.mark.parametrize("wrap", [False, True])
async def test_a_flow_is_not_changed_to_run_one_beyond_the_limit(app: FastAPI, admin: Person, wrap: bool):
    mine, other = await make_flow(admin), await make_flow(admin)
    reach = running(other)
    if wrap:
        each = {"id": "each", "type": "map", "label": "Each", "config": {"items": "[1]", "body": reach}}
        reach = {**ANSWER, "nodes": [*ANSWER["nodes"], each]}
    spelled = running(f"urn:uuid:{other.upper()}")
    async with http_client(app, await make_key(admin, WORK, mine)) as program:
        for definition in (reach, spelled):
            for send, form in (
                (program.patch, {"definition": definition, "version": 1}),
                (program.put, {"name": "f", "definition": definition, "version": 1}),
            ):
                refused(await send(f"flows/{mine}", json=form), 403, "key_limited")
            refused(await program.post("flows/validate", json={"definition": definition}), 403, "key_limited")
        refused(await program.post("flows", json={"name": "g", "definition": ANSWER}), 403, "key_limited")
        refused(await program.post(f"flows/{mine}/duplicate"), 403, "key_limited")
        # What a person put there stays, but a key neither freezes it nor runs it in another way.
        checked(await redraw(admin.http, admin, mine, reach))
        refused(await program.post(f"flows/{mine}/publish"), 403, "key_limited")
        refused(await redraw(program, admin, mine, reach), 403, "key_limited")
        checked(await program.patch(f"flows/{mine}", json={"name": "renamed"}))
    async with http_client(app, await make_key(admin, WORK, mine, other)) as program:
        checked(await redraw(program, admin, mine, reach))


async def test_a_key_makes_no_flow_name_what_it_may_not_read(app: FastAPI, admin: Person):
    mine, other = await make_flow(admin), await make_flow(admin)
    agent = checked(await admin.http.post("agents", json={"name": "a", "role": "r", "goal": "g"}), 201)["id"]
    node = {"id": "ask", "type": "agent", "label": "Ask", "config": {"agent_id": agent, "task": "t"}}
    asking = {**ANSWER, "nodes": [*ANSWER["nodes"], node]}
    for flows in ([], [mine]):
        async with http_client(app, await make_key(admin, WORK, *flows)) as program:
            refused(await redraw(program, admin, mine, asking), 403, "scope_forbids")
    async with http_client(app, await make_key(admin, ["flows:write"])) as program:
        refused(await redraw(program, admin, mine, running(other)), 403, "scope_forbids")
        refused(await program.post(f"flows/{mine}/duplicate"), 403, "scope_forbids")
    async with http_client(app, await make_key(admin, [*WORK, "agents:read"])) as program:
        checked(await redraw(program, admin, mine, asking))
    async with http_client(app, await make_key(admin, WORK, mine)) as program:
        # A person let the flow use the agent; a key may change the flow around it.
        checked(await redraw(program, admin, mine, asking))


async def make_tool(admin: Person) -> str:
    form = {"name": "sums", "kind": "builtin", "config": {"builtin": "calculator", "settings": {}}}
    return checked(await admin.http.post("tools", json=form), 201)["id"]


def calling(tool: str) -> dict[str, dict[str, Any]]:
    """Nodes that call a tool, in each way that there is."""
    agent, task = {"role": "r", "goal": "g"}, {"description": "d", "expected_output": "e"}
    named = {"name": "a", **agent}
    work = {"name": "t", "agent": "a", **task}

    def crew(**other: Any) -> dict[str, Any]:
        return {"crew": {"agents": [named], "tasks": [work], **other}}

    nodes = {
        "node": ("tool", {"tool_id": tool}),
        "agent": ("agent", {"agent": {**agent, "tool_ids": [tool]}, "task": task}),
        "task": ("agent", {"agent": agent, "task": {**task, "tool_ids": [tool]}}),
        "crew's agent": ("crew", crew(agents=[{**named, "tool_ids": [tool]}])),
        "crew's task": ("crew", crew(tasks=[{**work, "tool_ids": [tool.upper()]}])),
        "manager": ("crew", crew(process="hierarchical", manager={**agent, "tool_ids": [tool]})),
    }
    return {way: {"id": "c", "type": type_, "config": config} for way, (type_, config) in nodes.items()}


async def test_a_key_makes_no_flow_call_a_tool_that_it_may_not_read(app: FastAPI, admin: Person):
    mine, tool = await make_flow(admin), await make_tool(admin)
    for way, node in calling(tool).items():
        loop = {
            "id": "l",
            "type": "loop",
            "config": {"until": "true", "body": {"nodes": [node], "edges": []}},
        }
        for one in (node, loop):
            asking = {**ANSWER, "nodes": [*ANSWER["nodes"], one]}
            checked(await redraw(admin.http, admin, mine, ANSWER))
            for flows in ([], [mine]):
                async with http_client(app, await make_key(admin, WORK, *flows)) as program:
                    assert (await redraw(program, admin, mine, asking)).status_code == 403, way
                    validated = await program.post("flows/validate", json={"definition": asking})
                    refused(validated, 403, "scope_forbids")
            async with http_client(app, await make_key(admin, [*WORK, "tools:read"])) as program:
                checked(await redraw(program, admin, mine, asking))
            async with http_client(app, await make_key(admin, WORK, mine)) as program:
                # A person let the flow call it; a key may change the flow around it.
                checked(await redraw(program, admin, mine, asking))


async def test_a_key_gives_no_agent_or_crew_a_tool_that_it_may_not_read(app: FastAPI, admin: Person):
    tool = await make_tool(admin)
    agent = {"name": "a", "role": "r", "goal": "g"}
    id_ = checked(await admin.http.post("agents", json=agent), 201)["id"]
    task = {"name": "t", "description": "d", "expected_output": "e", "agent_id": id_}
    crew = {"name": "c", "agent_ids": [id_], "tasks": [task]}
    armed = {**crew, "tasks": [{**task, "tool_ids": [tool]}]}
    crew_id = checked(await admin.http.post("crews", json=crew), 201)["id"]
    async with http_client(app, await make_key(admin, ["agents:read", "agents:write"])) as program:
        for answer in (
            await program.post("agents", json={**agent, "name": "b", "tool_ids": [tool]}),
            await program.patch(f"agents/{id_}", json={"tool_ids": [tool]}),
            await program.put(f"agents/{id_}", json={**agent, "tool_ids": [tool]}),
            await program.post("crews", json={**armed, "name": "d"}),
            await program.patch(f"crews/{crew_id}", json={"tasks": armed["tasks"]}),
            await program.put(f"crews/{crew_id}", json=armed),
        ):
            refused(answer, 403, "scope_forbids")
        checked(await admin.http.patch(f"agents/{id_}", json={"tool_ids": [tool]}))
        checked(await admin.http.put(f"crews/{crew_id}", json=armed))
        # What a person gave them stays.
        checked(await program.put(f"agents/{id_}", json={**agent, "goal": "h", "tool_ids": [tool]}))
        checked(await program.patch(f"crews/{crew_id}", json={"name": "e"}))


OPEN_HOOKS = [{"signing": "none"}, {"answer": "result"}, {"signing": "none", "answer": "result"}]


async def test_a_trigger_does_no_more_than_whoever_makes_it(app: FastAPI, admin: Person):
    flow = await make_flow(admin)

    async def make(program: AsyncClient, **form: Any):
        return await program.post("triggers", json={"flow_id": flow, "name": "t"} | form)

    daily = {"schedule": {"cron": "0 8 * * *"}}
    async with http_client(app, await make_key(admin, ["triggers:write", "triggers:read"])) as program:
        for form in (daily, *({"webhook": hook} for hook in ({}, *OPEN_HOOKS))):
            refused(await make(program, **form), 403, "scope_forbids")
    scopes = ["triggers:write", "triggers:read", "flows:execute"]
    async with http_client(app, await make_key(admin, scopes)) as program:
        signed = checked(await make(program, webhook={}), 201)
        assert signed["path"] and checked(await make(program, **daily), 201)
        for hook in OPEN_HOOKS:
            refused(await make(program, webhook=hook), 403, "scope_forbids")
            changed = await program.patch(f"triggers/{signed['id']}", json={"webhook": hook})
            refused(changed, 403, "scope_forbids")
            # Nor is it told the address of one that a person made, or given its secret.
            theirs = checked(await make(admin.http, webhook=hook), 201)["id"]
            assert checked(await program.get(f"triggers/{theirs}"))["path"] is None
            refused(await program.post(f"triggers/{theirs}/rotate-secret"), 403, "scope_forbids")
            refused(await program.patch(f"triggers/{theirs}", json={"inputs": {}}), 403, "scope_forbids")
            checked(await program.patch(f"triggers/{theirs}", json={"is_active": False}))
            refused(await program.patch(f"triggers/{theirs}", json={"is_active": True}), 403, "scope_forbids")
    async with http_client(app, await make_key(admin, [*scopes, "executions:read"])) as program:
        for hook in OPEN_HOOKS:
            checked(await make(program, webhook=hook), 201)


async def test_a_notification_tells_no_more_than_whoever_makes_it_may_see(app: FastAPI, admin: Person):
    form = {"name": "n", "channel": "email", "recipients": [admin.email]}
    made = checked(await admin.http.post("notifications", json=form), 201)["id"]
    async with http_client(app, await make_key(admin, ["notifications:write"])) as program:
        refused(await program.post("notifications", json=form), 403, "scope_forbids")
        refused(await program.patch(f"notifications/{made}", json={"name": "m"}), 403, "scope_forbids")


async def test_a_limited_key_has_notifications_of_its_flows_only(app: FastAPI, admin: Person):
    mine, other = await make_flow(admin), await make_flow(admin)
    form = {"name": "n", "channel": "email", "recipients": [admin.email]}
    everything = checked(await admin.http.post("notifications", json=form), 201)["id"]
    async with http_client(app, await make_key(admin, sorted(FOR_FLOWS), mine)) as program:
        for beyond in ({}, {"flow_id": None}, {"flow_id": other}):
            refused(await program.post("notifications", json=form | beyond), 403, "key_limited")
        made = checked(await program.post("notifications", json=form | {"flow_id": mine}), 201)["id"]
        path = f"notifications/{made}"
        for beyond in ({"flow_id": None}, {"flow_id": other}):
            refused(await program.patch(path, json=beyond), 403, "key_limited")
        assert checked(await program.patch(path, json={"name": "m"}))["flow_id"] == mine
        assert [one["id"] for one in checked(await program.get("notifications"))["items"]] == [made]
        # What tells of every flow tells of those beyond the limit too.
        for send in (program.get, program.delete):
            refused(await send(f"notifications/{everything}"), 403, "key_limited")
        refused(await program.post(f"notification-deliveries/{uuid4()}/resend"), 403, "key_limited")
        checked(await program.delete(path), 204)


async def test_no_key_makes_somebody_an_admin(app: FastAPI, admin: Person, member: Person):
    invited = {"email": people.new_email(), "role": "admin"}
    waiting = checked(await admin.http.post("invitations", json=invited), 201)["id"]
    async with http_client(app, await make_key(admin, sorted(ALL - PERSONAL))) as program:
        other = {"email": people.new_email(), "role": "admin"}
        refused(await program.post("invitations", json=other), 403, "person_needed")
        refused(await program.post(f"invitations/{waiting}/resend"), 403, "person_needed")
        promoted = await program.patch(f"members/{member.user_id}", json={"role": "admin"})
        refused(promoted, 403, "person_needed")
        checked(await program.patch(f"members/{member.user_id}", json={"role": "viewer"}))
        form = {"issuer": "http://127.0.0.1:9", "client_id": "c", "domains": ["example.org"]}
        refused(await program.put("sso", json=form), 403, "person_needed")
