"""API keys: what they may do, and when they stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from tests import people
from tests.app_state import put
from tests.core.flows import ANSWER
from tests.people import Person, checked, http_client, refused
from watchbill.kit.clock import now
from watchbill.kit.database.revisions import head

RUN = ["flows:read", "flows:execute", "executions:read"]


async def make(admin: Person, **form: Any) -> dict[str, Any]:
    return checked(await admin.http.post("api-keys", json={"name": "CI", "scopes": RUN} | form), 201)


async def make_flow(admin: Person, name: str) -> str:
    flow = checked(await admin.http.post("flows", json={"name": name, "definition": ANSWER}), 201)
    return flow["id"]


async def test_a_key_does_what_its_scopes_say(app: FastAPI, database, admin: Person):
    made = await make(admin)
    assert made["key"].startswith("wb_") and made["hint"] == f"wb_…{made['key'][-4:]}"
    flow = await make_flow(admin, "f")
    async with http_client(app, made["key"]) as program:
        run = checked(await program.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)
        checked(await program.get(f"executions/{run['id']}"))
        refused(await program.post("flows", json={"name": "g", "definition": {}}), 403, "scope_forbids")
        refused(await program.get("auth/me"), 403, "scope_forbids")
        refused(await program.patch("auth/me", json={"full_name": "x"}), 403, "scope_forbids")
        refused(await program.post("api-keys", json={"name": "k", "scopes": RUN}), 403, "scope_forbids")
    (listed,) = checked(await admin.http.get("api-keys", params={"q": "ci"}))["items"]
    assert "key" not in listed and "key_hash" not in listed
    assert listed["last_used_at"] is not None
    async with database.transaction() as work:
        stored = await work.session.execute(text("SELECT * FROM api_keys WHERE id = :id"), {"id": made["id"]})
        assert made["key"] not in str(stored.one())


async def test_a_key_makes_no_keys(app: FastAPI, admin: Person):
    made = await make(admin, scopes=["keys:write", "members:write", "profile:read"])
    async with http_client(app, made["key"]) as program:
        refused(await program.post("api-keys", json={"name": "k", "scopes": RUN}), 403, "person_needed")
        refused(await program.get("auth/sessions"), 403, "person_needed")
        me = checked(await program.get("auth/me"))
        assert me["permissions"] == ["keys:write", "members:write", "profile:read"]
        assert len(me["tenants"]) == 1


async def test_a_key_never_grants_more_than_its_makers_role(app: FastAPI, admin: Person):
    other = await people.join(app, admin.tenant_id, "admin")
    async with other.http:
        made = await make(other, scopes=["flows:write", "flows:read"])
        async with http_client(app, made["key"]) as program:
            body = {"name": "f", "definition": {}}
            checked(await program.post("flows", json=body), 201)
            checked(await admin.http.patch(f"members/{other.user_id}", json={"role": "viewer"}))
            refused(await program.post("flows", json=body | {"name": "g"}), 403, "scope_forbids")
            checked(await program.get("flows"))
            checked(await admin.http.delete(f"members/{other.user_id}"), 204)
            refused(await program.get("flows"), 401, "bad_key")
    assert checked(await admin.http.get("api-keys"))["items"] == []


async def test_a_key_for_one_flow(app: FastAPI, admin: Person):
    mine, other = await make_flow(admin, "mine"), await make_flow(admin, "other")
    foreign = checked(await admin.http.post(f"flows/{other}/execute", json={"inputs": {}}), 202)["id"]
    made = await make(admin, flow_ids=[mine], scopes=[*RUN, "profile:read", "executions:write"])
    async with http_client(app, made["key"]) as program:
        run = checked(await program.post(f"flows/{mine}/execute", json={"inputs": {}}), 202)["id"]
        checked(await program.get(f"executions/{run}"))
        checked(await program.get(f"flows/{mine}"))
        checked(await program.get("auth/me"))
        for path in (f"flows/{other}", f"executions/{foreign}"):
            refused(await program.get(path), 403, "key_limited")
        checked(await program.get("node-types"))
        refused(await program.get(f"executions/{admin.user_id}"), 403, "key_limited")
        refused(await program.get("flows/not-an-id"), 403, "key_limited")
        refused(await program.post(f"flows/{other}/execute", json={"inputs": {}}), 403, "key_limited")
        refused(await program.post(f"executions/{foreign}/cancel"), 403, "key_limited")


async def test_keys_end(app: FastAPI, database, admin: Person, stranger: Person):
    revoked, expired = await make(admin), await make(admin)
    path = f"api-keys/{revoked['id']}"
    refused(await stranger.http.delete(path), 404)
    checked(await admin.http.delete(path), 204)
    refused(await admin.http.delete(path), 404)
    async with database.transaction() as work:
        late = "UPDATE api_keys SET expires_at = now() WHERE id = :id"
        await work.session.execute(text(late), {"id": expired["id"]})
    for key, code in ((revoked, "bad_key"), (expired, "key_expired"), ({"key": "wb_made-up"}, "bad_key")):
        async with http_client(app, key["key"]) as program:
            refused(await program.get("flows"), 401, code)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["flows:fly"]}, "scopes"),
        ({"scopes": ["profile:write"]}, "scopes"),
        ({"scopes": ["agents:read"], "flow_ids": ["6f1c1f0e-0000-4000-8000-000000000000"]}, "scopes"),
        ({"flow_ids": ["6f1c1f0e-0000-4000-8000-000000000000"]}, "flow_ids"),
        ({"flow_ids": []}, "flow_ids"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2099-01-01T00:00:00"}, "expires_at"),
        ({"name": " "}, "name"),
    ],
)
async def test_keys_that_cannot_be_made(admin: Person, form: dict[str, Any], field: str):
    answer = await admin.http.post("api-keys", json={"name": "k", "scopes": RUN} | form)
    assert refused(answer, 422)["errors"][0]["loc"][1] == field


async def test_a_key_names_no_flow_of_another_tenant(admin: Person, stranger: Person):
    flow = await make_flow(stranger, "theirs")
    form = {"name": "k", "scopes": RUN, "flow_ids": [flow]}
    refused(await admin.http.post("api-keys", json=form), 422)


async def test_a_key_until_some_day(app: FastAPI, admin: Person):
    made = await make(admin, expires_at=(now() + timedelta(days=1)).isoformat())
    async with http_client(app, made["key"]) as program:
        checked(await program.get("flows"))


async def test_the_installations_own_key(app: FastAPI, admin: Person, visitor: AsyncClient, monkeypatch):
    wanted = replace(app.state.identity_options, api_key="the key of the installation")
    put(monkeypatch, app.state, "identity_options", wanted)
    async with http_client(app, "the key of the installation") as program:
        me = checked(await program.get("auth/me"))
        assert me["role"] == "admin" and "members:write" in me["permissions"]
        checked(await program.get("flows"))
        refused(await program.patch("auth/me", json={"full_name": "x"}), 403, "scope_forbids")
        refused(await program.post("api-keys", json={"name": "k", "scopes": RUN}), 403, "person_needed")
        refused(await program.delete("members/me"), 403)
        statement = text("UPDATE public.tenants SET schema_revision = :revision WHERE id = :id")
        for revision, status in (("0001", 503), (head("tenant"), 200)):
            async with app.state.database.transaction() as work:
                await work.session.execute(statement, {"revision": revision, "id": me["tenant"]["id"]})
            assert (await program.get("flows")).status_code == status
    async with http_client(app, "the key of the installatioN") as program:
        refused(await program.get("auth/me"), 401, "bad_token")


async def test_the_table_of_roles(viewer: Person):
    table = checked(await viewer.http.get("auth/permissions"))["items"]
    rows = {row["permission"]: row for row in table}
    assert rows["flows:execute"]["roles"] == ["member", "admin"]
    assert rows["keys:write"]["roles"] == ["admin"]
    assert rows["profile:write"]["grantable"] is False
    mine = checked(await viewer.http.get("auth/me"))["permissions"]
    assert sorted(name for name, row in rows.items() if "viewer" in row["roles"]) == mine
