"""What the audit logs say of forgotten passwords: in each tenant of the person, and nowhere else."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient

from tests.mails import mailed_link, token_of
from tests.people import PASSWORD, Person, checked, http_client, new_email, refused

NEW = "another good one"


async def noted(person: Person, action: str) -> list[dict[str, Any]]:
    return checked(await person.http.get("audit-log", params={"action": action}))["items"]


async def in_two_tenants(app: FastAPI, admin: Person, stranger: Person) -> str:
    """Invites the admin into the stranger's tenant too; returns the address."""
    checked(await stranger.http.post("invitations", json={"email": admin.email}), 201)
    token = {"token": token_of(mailed_link(app, admin.email)), "password": PASSWORD}
    async with http_client(app) as client:
        checked(await client.post("auth/invitation/accept", json=token))
    return admin.email


async def test_asking_and_setting_are_noted_in_each_tenant(
    app: FastAPI, visitor: AsyncClient, admin: Person, stranger: Person
):
    email = await in_two_tenants(app, admin, stranger)
    asked = await visitor.post(
        "auth/forgot-password", json={"email": email}, headers={"User-Agent": "Firefox/140.0"}
    )
    checked(asked, 202)
    form = {"token": token_of(mailed_link(app, email)), "password": NEW}
    checked(await visitor.post("auth/reset-password", json=form), 204)
    (there,) = await noted(stranger, "forgot_password")
    assert there["outcome"] == "done" and there["actor"] == {
        "kind": "user",
        "id": str(admin.user_id),
        "user_id": str(admin.user_id),
        "name": email,
    }
    assert there["origin"] == {"address": "127.0.0.1", "agent": "Firefox/140.0"}
    assert there["request"]["id"] == asked.headers["x-request-id"]
    assert there["target"]["name"] == email
    (set_there,) = await noted(stranger, "reset_password")
    assert set_there["actor"]["name"] == email and set_there["target"]["type"] == "users"
    login = {"email": email, "password": NEW, "tenant": str(admin.tenant_id)}
    token = checked(await visitor.post("auth/login", json=login))["access_token"]
    admin.http.headers["Authorization"] = f"Bearer {token}"
    assert len(await noted(admin, "forgot_password")) == len(await noted(admin, "reset_password")) == 1
    for entry in (there, set_there):
        assert form["token"] not in str(entry) and NEW not in str(entry)
        # One tenant's log says nothing of another.
        assert str(admin.tenant_id) not in str(entry) and admin.tenant_id.hex not in str(entry)


async def test_what_is_not_mailed_is_noted_as_refused(visitor: AsyncClient, admin: Person):
    for _ in range(5):
        checked(await visitor.post("auth/forgot-password", json={"email": admin.email}), 202)
    outcomes = [(entry["outcome"], entry["reason"]) for entry in await noted(admin, "forgot_password")]
    assert outcomes == [("denied", "too_many_mails")] * 2 + [("done", None)] * 3


async def test_who_has_no_account_leaves_no_entry(visitor: AsyncClient, admin: Person):
    known = await visitor.post("auth/forgot-password", json={"email": admin.email})
    unknown = await visitor.post("auth/forgot-password", json={"email": new_email()})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"null")
    assert len(await noted(admin, "forgot_password")) == 1
    bad = {"token": "made up", "password": NEW}
    refused(await visitor.post("auth/reset-password", json=bad), 422, "bad_link")
    assert await noted(admin, "reset_password") == []
