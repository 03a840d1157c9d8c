"""Every route, as the app registers it and as OpenAPI describes it: who gets in, and who does not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient
from sqlalchemy import text

from tests import people
from tests.core.flows import ANSWER
from tests.people import Person, refused
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.features.approvals.tables import Approval
from watchbill.features.identity import tokens
from watchbill.features.identity.permissions import ALL, GRANTS, PERSONAL, TABLE
from watchbill.features.notifications.tables import Delivery

PUBLIC = {
    "POST /api/v1/auth/register",
    "GET /api/v1/auth/register",
    "POST /api/v1/auth/register/send",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/logout",
    "POST /api/v1/auth/sso/lookup",
    "GET /api/v1/auth/sso/start",
    "GET /api/v1/auth/sso/callback",
    "POST /api/v1/auth/forgot-password",
    "POST /api/v1/auth/reset-password",
    "POST /api/v1/auth/verify-email",
    "POST /api/v1/auth/invitation",
    "POST /api/v1/auth/invitation/accept",
    "GET /api/v1/hooks/{token}",
    "POST /api/v1/hooks/{token}",
    "POST /api/v1/mailed-approvals",
    "POST /api/v1/mailed-approvals/answer",
    "POST /api/v1/mail-addresses/confirm",
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /api/openapi.json",
    "GET /api/docs",
    "GET /api/docs/start.js",
    "GET /api/docs/swagger-ui.css",
    "GET /api/docs/swagger-ui-bundle.js",
}
# These ask for their permission themselves: a dependency's transaction would last as long as they do.
STREAMS = {"WEBSOCKET /api/v1/ws/executions/{execution_id}"}


def permissions(dependant: Dependant) -> Iterator[str]:
    if permission := getattr(dependant.call, "permission", None):
        yield permission
    for inner in dependant.dependencies:
        yield from permissions(inner)


def registered() -> dict[str, set[str]]:
    """Permissions by method and path."""
    app = create_app(Settings(env="test", _env_file=None))
    found: dict[str, set[str]] = {}
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        granted = set(permissions(dependant)) if dependant else set[str]()
        for method in getattr(route, "methods", None) or {"WEBSOCKET"}:
            if method != "HEAD":
                found[f"{method} {route.path}"] = granted
    return found


ROUTES = registered()
GUARDED = {route: next(iter(needed)) for route, needed in ROUTES.items() if needed}
# Routes that name something of a tenant, which another tenant must not find.
OWNED = sorted(route for route in GUARDED if "{" in route)


def test_every_route_needs_one_permission_or_is_known_to_be_public():
    assert len(ROUTES) > 30
    assert {route for route, needed in ROUTES.items() if not needed} == PUBLIC | STREAMS
    assert all(len(needed) == 1 for route, needed in ROUTES.items() if route in GUARDED)
    assert set(GUARDED.values()) <= ALL


def test_reading_needs_a_reading_permission():
    for route, permission in GUARDED.items():
        if route.startswith("GET "):
            assert permission.endswith(":read"), route
    assert {rule.permission for rule in TABLE} == ALL and len(TABLE) == len(ALL)
    changing = ALL - PERSONAL - {permission for permission in ALL if permission.endswith(":read")}
    assert GRANTS["viewer"].isdisjoint(changing)
    assert GRANTS["viewer"] < GRANTS["member"] < GRANTS["admin"] == ALL


async def send(client: AsyncClient, route: str, **ids: str) -> Any:
    """Call a route with a body that fits its schema, as far as access is concerned."""
    method, path = route.split(" ")
    path = re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1]) or _id(found[1]), path)
    body = {} if method in ("POST", "PUT", "PATCH") else None
    return await client.request(method, f"http://test{path}", json=body)


def _id(name: str) -> str:
    return "1" if name == "number" else str(uuid4())


@pytest.mark.parametrize("route", sorted(GUARDED))
async def test_nobody_gets_in_without_credentials(visitor: AsyncClient, route: str):
    refused(await send(visitor, route), 401, "not_authenticated")


@pytest_asyncio.fixture(scope="session")
async def dead(app: FastAPI) -> dict[str, str]:
    """Credentials of an admin that are good no more, by the code of the refusal."""
    person = await people.register(app)
    options = app.state.identity_options
    form = {"name": "k", "scopes": sorted(ALL - PERSONAL)}
    async with person.http as http:
        key = people.checked(await http.post("api-keys", json=form), 201)
        people.checked(await http.delete(f"api-keys/{key['id']}"), 204)
        sign_in = tokens.read(options.jwt_secret, person.token).sign_in_id
        who = (person.user_id, person.tenant_id, "admin", sign_in)
        old = tokens.issue(options.jwt_secret, *who, seconds=-1)
        people.checked(await http.post("auth/logout"), 204)
    other = await people.join(app, person.tenant_id, "admin")
    await other.http.aclose()
    async with app.state.database.transaction() as work:
        gone = text("DELETE FROM memberships WHERE user_id = :user")
        await work.session.execute(gone, {"user": other.user_id})
    return {
        "revoked key: bad_key": key["key"],
        "expired token: session_expired": old,
        "ended session: session_expired": person.token,
        "removed member: access_ended": other.token,
        "no token of ours: bad_token": "nonsense",
    }


@pytest.mark.parametrize("route", sorted(GUARDED))
async def test_nobody_gets_in_with_what_is_good_no_more(app: FastAPI, dead: dict[str, str], route: str):
    for name, token in dead.items():
        async with people.http_client(app, token) as client:
            refused(await send(client, route), 401, name.split(": ")[1])


@pytest.mark.parametrize("route", sorted(GUARDED))
async def test_each_role_may_do_what_the_table_says(app: FastAPI, admin: Person, route: str):
    for role, granted in GRANTS.items():
        person = await people.join(app, admin.tenant_id, role)
        async with person.http:
            response = await send(person.http, route)
            if GUARDED[route] in granted:
                assert response.status_code not in (401, 403), response.text
            else:
                refused(response, 403, "role_forbids")


@pytest_asyncio.fixture(scope="session")
async def key_for_members(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A program whose key has one scope that no other route but those about members needs."""
    person = await people.register(app)
    async with person.http as http:
        form = {"name": "k", "scopes": ["members:read"]}
        key = people.checked(await http.post("api-keys", json=form), 201)["key"]
    async with people.http_client(app, key) as client:
        yield client


@pytest.mark.parametrize("route", sorted(GUARDED))
async def test_a_key_does_nothing_beyond_its_scopes(key_for_members: AsyncClient, route: str):
    response = await send(key_for_members, route)
    if GUARDED[route] == "members:read":
        assert response.status_code not in (401, 403), response.text
    else:
        refused(response, 403, "scope_forbids")


@pytest.fixture
async def belongings(app: FastAPI, admin: Person) -> dict[str, str]:
    """Ids of one of everything that the admin's tenant owns."""

    async def make(path: str, **form: Any) -> str:
        return people.checked(await admin.http.post(path, json=form), 201)["id"]

    agent = await make("agents", name="a", role="r", goal="g")
    task = {"name": "t", "description": "d", "expected_output": "e", "agent_id": agent}
    flow = await make("flows", name="f", definition=ANSWER)
    people.checked(await admin.http.post(f"flows/{flow}/publish"), 201)
    run = people.checked(await admin.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)
    notification = await make("notifications", name="n", channel="email", recipients=["a@example.com"])
    (session,) = people.checked(await admin.http.get("auth/sessions"))["items"]
    return {
        "user_id": str(admin.user_id),
        "session_id": session["id"],
        "invitation_id": await make("invitations", email=people.new_email()),
        "key_id": await make("api-keys", name="k", scopes=["flows:read"]),
        "agent_id": agent,
        "crew_id": await make("crews", name="c", agent_ids=[agent], tasks=[task]),
        "tool_id": await make("tools", **TOOL),
        "provider_id": await make("llm-providers", name="p", provider_type="ollama"),
        "flow_id": flow,
        "execution_id": run["id"],
        "notification_id": notification,
        "approval_id": await _approval(app, admin, run["id"]),
        "address_id": people.checked(await admin.http.get("mail-addresses"))["items"][0]["id"],
        "delivery_id": await _delivery(app, admin, notification, run["id"]),
        "trigger_id": await make("triggers", flow_id=flow, name="t", webhook={}),
        "entry_id": people.checked(await admin.http.get("audit-log"))["items"][0]["id"],
    }


async def _delivery(app: FastAPI, admin: Person, notification: str, run: str) -> str:
    """A message that was sent; otherwise only a worker makes one."""
    ids = {"notification_id": UUID(notification), "execution_id": UUID(run)}
    delivery = Delivery(id=uuid4(), recipient="a@example.com", status="delivered", **ids)
    async with app.state.database.transaction(admin.scope) as work:
        work.session.add(delivery)
    return str(delivery.id)


async def _approval(app: FastAPI, admin: Person, run: str) -> str:
    """A question; otherwise only a worker asks one."""
    asked = {"title": "Go on?", "details": "", "role": "member", "fields": []}
    approval = Approval(id=uuid4(), execution_id=UUID(run), node_id="ask", **asked)
    async with app.state.database.transaction(admin.scope) as work:
        work.session.add(approval)
    return str(approval.id)


# What is refused for its body would not show whether it is found.
BODIES = {
    "PATCH /api/v1/members/{user_id}": {"role": "viewer"},
    "POST /api/v1/executions/{execution_id}/fork": {"from_node": "start"},
    "POST /api/v1/approvals/{approval_id}/answer": {"approved": True},
}
AGENT = {"name": "x", "role": "r", "goal": "g"}
TOOL = {"name": "t", "kind": "builtin", "config": {"builtin": "calculator"}}


@pytest.mark.parametrize("route", OWNED)
async def test_what_belongs_to_another_tenant_is_not_found(
    stranger: Person, admin: Person, belongings: dict[str, str], route: str
):
    method, path = route.split(" ")
    for name, value in belongings.items():
        path = path.replace(f"{{{name}}}", value)
    path = path.replace("{number}", "1")
    assert "{" not in path, "test_routes.py must learn to make what this route names"
    body = await _whole(stranger, path) if method == "PUT" else BODIES.get(route, {})
    refused(await stranger.http.request(method, f"http://test{path}", json=body), 404)
    # The owner still has it: the refusal came before anything was done.
    owned = path.split("/publish")[0].split("/duplicate")[0]
    if method == "GET" and "/stream" not in path:
        assert (await admin.http.get(f"http://test{owned}")).status_code == 200


async def _whole(person: Person, path: str) -> dict[str, Any]:
    """What replaces the thing at a path, made of the person's own things."""
    if "/flows/" in path:
        return {"name": "x", "definition": {}, "version": 1}
    if "/tools/" in path:
        return TOOL
    if "/agents/" in path:
        return AGENT
    agent = people.checked(await person.http.post("agents", json=AGENT), 201)["id"]
    task = {"name": "t", "description": "d", "expected_output": "e", "agent_id": agent}
    return {"name": "c", "agent_ids": [agent], "tasks": [task]}
