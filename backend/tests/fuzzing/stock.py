"""Something of everything in a tenant, made over the API, so that made-up requests find it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from tests.core.flows import ANSWER, edge, flow, input_node, node, output
from tests.fuzzing import bodies
from tests.people import PASSWORD, checked, new_email

_TOPIC = flow([input_node("topic"), output()], [edge("in", "out")])
_QUESTION = flow(
    [input_node(), node("ask", "approval", {"title": "Go on?"}), output(answer="{{ nodes.ask.output }}")],
    [edge("in", "ask"), edge("ask", "out", "approved")],
)
# What is no id, or no secret to those who have it.
_EVERYBODYS = ("token", "version", "node", "cron", "timezone")
_JOIN = """
INSERT INTO public.memberships (user_id, tenant_id, role)
SELECT id, $2::uuid, $3 FROM public.users WHERE email = $1
ON CONFLICT (user_id, tenant_id) DO UPDATE SET role = excluded.role
"""
_PERSON = "INSERT INTO public.users (id, email, password_hash) VALUES ($1, $2, '-')"


async def join(database_url: str, tenant_id: str, roles: dict[str, str]) -> None:
    """Let people into a tenant, or back into it, each with a role, by their addresses."""
    connection = await asyncpg.connect(database_url)
    try:
        for email, role in roles.items():
            await connection.execute(_JOIN, email, tenant_id, role)
    finally:
        await connection.close()


async def people(database_url: str, tenant_id: str, count: int) -> list[str]:
    """The ids of new people in a tenant, who never sign in."""
    connection = await asyncpg.connect(database_url)
    try:
        made: list[str] = []
        for _ in range(count):
            email, id_ = new_email(), uuid4()
            await connection.execute(_PERSON, id_, email)
            await connection.execute(_JOIN, email, tenant_id, "member")
            made.append(str(id_))
        return made
    finally:
        await connection.close()


def sign_in(url: str, email: str, tenant_id: str) -> httpx.Client:
    """A client of the API as somebody in a tenant. The caller closes it."""
    form = {"email": email, "password": PASSWORD, "tenant": tenant_id}
    token = checked(httpx.post(f"{url}/api/v1/auth/login", json=form))["access_token"]
    return httpx.Client(base_url=f"{url}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=60)


def ended(http: httpx.Client, flow_id: str) -> str:
    """An execution that is over."""
    id_ = _executed(http, flow_id)
    answer = http.post(f"executions/{id_}/cancel")
    # A worker may have done it already.
    checked(answer, 409 if answer.status_code == 409 else 202)
    return id_


def stock(http: httpx.Client) -> dict[str, list[Any]]:
    """Make something of everything; returns the ids, and what else requests may name, by entity."""
    agents, crew, provider = _people_of_flows(http)
    flows = [_id(http, "flows", name="Answers", definition=ANSWER)]
    flows.append(_id(http, "flows", name="Echoes", definition=_TOPIC))
    flows.append(_id(http, "flows", name="Asks", definition=_QUESTION))
    # The second time nothing has changed, so it makes no version.
    for status in (201, 200):
        checked(http.post(f"flows/{flows[0]}/publish"), status)
    triggers, token = _triggers(http, flows[0])
    key = _id(http, "api-keys", name="Key", scopes=["flows:read"], flow_ids=[flows[0]])
    return {
        "flow": flows,
        "execution": [_executed(http, flow) for flow in (flows[0], flows[0], flows[2])],
        "agent": agents,
        "crew": [crew],
        "provider": [provider],
        "trigger": triggers,
        "token": [token],
        "notification": _notifications(http, flows[0]),
        "invitation": [_id(http, "invitations", email=new_email())],
        "key": [key],
        "version": [1, 2],
        "node": ["start", "end"],
        "cron": ["30 8 * * 1-5"],
        "timezone": ["Europe/Berlin"],
    }


def foreign(stocked: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The ids of what is a tenant's own: a webhook answers whoever knows its token."""
    return {kind: ids for kind, ids in stocked.items() if kind not in _EVERYBODYS}


def _id(http: httpx.Client, path: str, **form: Any) -> str:
    if "name" in form:
        # Some names are taken once only.
        form["name"] += f" {uuid4()}"
    return checked(http.post(path, json=form), 201)["id"]


def _people_of_flows(http: httpx.Client) -> tuple[list[str], str, str]:
    provider = _id(http, "llm-providers", name="Provider", provider_type="openai", api_key="sk-1")
    form = {"role": "Writer", "goal": "To write.", "provider_id": provider}
    agents = [_id(http, "agents", name="Agent", **form) for _ in range(2)]
    return agents, _id(http, "crews", **bodies.crew(agents[0])), provider


def _executed(http: httpx.Client, flow_id: str) -> str:
    return checked(http.post(f"flows/{flow_id}/execute", json={}), 202)["id"]


def _triggers(http: httpx.Client, flow_id: str) -> tuple[list[str], str]:
    schedule = _id(http, "triggers", flow_id=flow_id, name="Daily", schedule={"cron": "0 9 * * *"}, inputs={})
    form = {"flow_id": flow_id, "name": "Called", "webhook": {"signing": "none"}}
    hook = checked(http.post("triggers", json=form), 201)
    return [schedule, hook["id"]], hook["path"].rpartition("/")[2]


def _notifications(http: httpx.Client, flow_id: str) -> list[str]:
    return [
        _id(http, "notifications", name="Told", **bodies.mails(), **about)
        for about in ({}, {"flow_id": flow_id})
    ]
