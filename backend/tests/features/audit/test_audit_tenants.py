"""What a person does in one tenant is no business of the others: their audit logs do not tell of it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from tests.mails import mailed_link, token_of
from tests.people import PASSWORD, Person, checked, http_client


async def noted(person: Person, action: str) -> list[dict[str, Any]]:
    return checked(await person.http.get("audit-log", params={"action": action}))["items"]


def says(entries: list[dict[str, Any]], *words: object) -> bool:
    return any(str(word) in str(entries) for word in words)


async def join(app: FastAPI, host: Person, guest: Person) -> None:
    """Takes the guest into the host's tenant."""
    checked(await host.http.post("invitations", json={"email": guest.email}), 201)
    form = {"token": token_of(mailed_link(app, guest.email)), "password": PASSWORD}
    async with http_client(app) as client:
        checked(await client.post("auth/invitation/accept", json=form))


async def test_a_further_tenant_is_told_of_in_its_own_log(app: FastAPI, admin: Person):
    made = checked(await admin.http.post("auth/tenants", json={"name": "Hush"}), 201)
    assert await noted(admin, "create_tenant") == []
    answer = checked(await admin.http.post("auth/switch", json={"tenant": made["id"]}))
    async with http_client(app, answer["access_token"]) as there:
        log = checked(await there.get("audit-log"))["items"]
        assert [entry["action"] for entry in log] == ["switch", "create_tenant"]
        assert {entry["actor"]["name"] for entry in log} == {admin.email}
        assert log[1]["target"]["name"] == "Hush"
        assert not says(log, admin.tenant_id, "Acme")
    assert not says(checked(await admin.http.get("audit-log"))["items"], "Hush", made["id"])


async def test_who_switches_is_noted_where_they_arrive(app: FastAPI, admin: Person, stranger: Person):
    await join(app, stranger, admin)
    checked(await admin.http.post("auth/switch", json={"tenant": str(stranger.tenant_id)}))
    assert await noted(admin, "switch") == []
    (entry,) = await noted(stranger, "switch")
    assert entry["actor"]["name"] == admin.email and entry["target"]["type"] == "sign_ins"
    assert not says([entry], admin.tenant_id)


async def test_a_session_that_lost_its_tenant_is_noted_where_it_goes_on(
    app: FastAPI, admin: Person, stranger: Person
):
    await join(app, stranger, admin)
    login = {"email": admin.email, "password": PASSWORD, "tenant": str(stranger.tenant_id)}
    async with http_client(app) as client:
        client.headers["Origin"] = "http://test"
        checked(await client.post("auth/login", json=login))
        checked(await stranger.http.delete(f"members/{admin.user_id}"), 204)
        assert checked(await client.post("auth/refresh"))["tenant"]["id"] == str(admin.tenant_id)
    (entry,) = await noted(admin, "refresh")
    assert entry["actor"]["name"] == admin.email
    assert not says([entry], stranger.tenant_id)
    assert await noted(stranger, "refresh") == []
