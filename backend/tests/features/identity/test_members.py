"""Members and invitations: joining, changing roles, leaving, and always having an admin."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from tests import people
from tests.app_state import put
from tests.mails import mailed_link, mails_to, token_of
from tests.people import PASSWORD, Person, checked, http_client, new_email, refused
from watchbill.adapters.mail import UnsetMail


async def invite(app: FastAPI, admin: Person, email: str, role: str = "viewer") -> str:
    """Invite somebody; the token that they are mailed."""
    checked(await admin.http.post("invitations", json={"email": email, "role": role}), 201)
    return token_of(mailed_link(app, email))


async def test_somebody_new_accepts_an_invitation(app: FastAPI, visitor: AsyncClient, admin: Person):
    email = new_email()
    await visitor.post("auth/login", json={"email": admin.email, "password": PASSWORD})
    sent = checked(await admin.http.post("invitations", json={"email": email.upper(), "role": "viewer"}), 201)
    mail = mails_to(app, email)[-1]
    assert mail["Subject"] == "You are invited to a tenant on Watchbill"
    assert f"Who: {admin.email}\nTenant: Acme\n" in mail.get_content().replace("\r", "")
    # The file mailbox delivers to nobody, so the admin is given the link to hand over.
    assert (sent["mailed_at"], sent["link"]) == (None, mailed_link(app, email))
    token = token_of(sent["link"])
    details = checked(await visitor.post("auth/invitation", json={"token": token}))
    assert details["email"] == email and details["has_account"] is False
    assert (details["tenant_name"], details["role"], details["invited_by"]) == ("Acme", "viewer", admin.email)

    form = {"token": token, "password": PASSWORD, "full_name": "Vera"}
    visitor.cookies.clear()
    refused(await visitor.post("auth/invitation/accept", json=form | {"password": "short"}), 422)
    refused(await visitor.post("auth/invitation/accept", json={"token": token}), 422)
    session = checked(await visitor.post("auth/invitation/accept", json=form))
    assert (session["role"], session["tenant"]["id"]) == ("viewer", str(admin.tenant_id))
    assert session["user"]["email_verified_at"] is None  # who has the link may not be who reads the mail
    checked(await visitor.get("flows"))
    refused(await visitor.post("flows", json={}, headers={"Origin": "http://test"}), 403, "role_forbids")
    refused(await visitor.post("auth/invitation/accept", json=form), 404, "bad_invitation")
    refused(await visitor.post("auth/invitation", json={"token": token}), 404, "bad_invitation")
    listed = checked(await admin.http.get("members", params={"q": "vera"}))["items"]
    assert [(one["full_name"], one["role"]) for one in listed] == [("Vera", "viewer")]
    assert listed[0]["last_active_at"] is not None
    assert checked(await admin.http.get("invitations"))["items"] == []


async def test_somebody_with_an_account_joins_a_second_tenant(app: FastAPI, admin: Person, stranger: Person):
    token = await invite(app, admin, stranger.email, "member")
    accept = "auth/invitation/accept"
    async with http_client(app) as client:
        assert checked(await client.post("auth/invitation", json={"token": token}))["has_account"] is True
        refused(await client.post(accept, json={"token": token}), 401, "sign_in_to_accept")
        wrong = {"token": token, "password": "a wrong guess"}
        refused(await client.post(accept, json=wrong), 401, "bad_credentials")
    # Whoever is signed in as somebody else cannot take it for them.
    refused(await admin.http.post(accept, json={"token": token}), 401, "sign_in_to_accept")
    session = checked(await stranger.http.post(accept, json={"token": token}))
    assert session["role"] == "member"
    me = checked(await stranger.http.get("auth/me"))
    assert [tenant["name"] for tenant in me["tenants"]] == ["Others", "Acme"]


async def test_switching_between_tenants(app: FastAPI, admin: Person, stranger: Person):
    token = await invite(app, admin, stranger.email)
    async with http_client(app) as client:
        client.headers["Origin"] = "http://test"
        form = {"token": token, "password": PASSWORD}
        acme = checked(await client.post("auth/invitation/accept", json=form))["tenant"]
        flow = {"name": "f", "definition": {}}
        refused(await client.post("flows", json=flow), 403, "role_forbids")
        for name in (str(stranger.tenant_id), "nowhere", acme["slug"], str(admin.tenant_id)):
            answer = await client.post("auth/switch", json={"tenant": name})
            if name == "nowhere":
                refused(answer, 404)
                continue
            assert name in checked(answer)["tenant"].values()
        refused(await client.post("flows", json=flow), 403, "role_forbids")
        checked(await client.post("auth/switch", json={"tenant": str(stranger.tenant_id)}))
        checked(await client.post("flows", json=flow), 201)
        # Refreshing stays where one is; signing in can choose.
        assert checked(await client.post("auth/refresh"))["tenant"]["id"] == str(stranger.tenant_id)
        for name in (acme["slug"], acme["id"].upper()):
            login = {"email": stranger.email, "password": PASSWORD, "tenant": name}
            assert checked(await client.post("auth/login", json=login))["tenant"] == acme
    refused(await admin.http.post("auth/switch", json={"tenant": str(stranger.tenant_id)}), 404)


async def test_nobody_switches_to_a_suspended_tenant(database, admin: Person):
    made = checked(await admin.http.post("auth/tenants", json={"name": "Second"}), 201)
    async with database.transaction() as work:
        suspend = text("UPDATE tenants SET status = 'suspended' WHERE id = :id")
        await work.session.execute(suspend, {"id": made["id"]})
    refused(await admin.http.post("auth/switch", json={"tenant": made["id"]}), 403, "tenant_suspended")
    # The session goes on where it can.
    checked(await admin.http.get("flows"))


async def test_making_another_tenant(admin: Person):
    made = checked(await admin.http.post("auth/tenants", json={"name": "Second"}), 201)
    session = checked(await admin.http.post("auth/switch", json={"tenant": made["id"]}))
    assert (session["role"], session["tenant"]["name"]) == ("admin", "Second")


@pytest.mark.parametrize(
    "form", [{"email": "nobody"}, {}, {"email": "a@example.com", "role": "owner"}, {"email": "a@b\nc"}]
)
async def test_bad_invitations(admin: Person, form: dict[str, Any]):
    refused(await admin.http.post("invitations", json=form), 422)


async def test_inviting_twice_sending_again_and_taking_back(
    app: FastAPI, visitor: AsyncClient, admin: Person, stranger: Person
):
    email = new_email()
    first = await invite(app, admin, email)
    again = {"email": email.upper(), "role": "admin"}
    refused(await admin.http.post("invitations", json=again), 409, "already_invited")
    refused(await admin.http.post("invitations", json={"email": admin.email}), 409, "already_member")
    (invitation,) = checked(await admin.http.get("invitations", params={"q": email[:9]}))["items"]
    path = f"invitations/{invitation['id']}"
    refused(await stranger.http.post(f"{path}/resend"), 404)
    refused(await stranger.http.delete(path), 404)
    checked(await admin.http.post(f"{path}/resend"))
    second = token_of(mailed_link(app, email))
    refused(await visitor.post("auth/invitation", json={"token": first}), 404)
    checked(await visitor.post("auth/invitation", json={"token": second}))
    checked(await admin.http.delete(path), 204)
    refused(await visitor.post("auth/invitation", json={"token": second}), 404)
    refused(await admin.http.delete(path), 404)


async def test_an_invitation_runs_out(app: FastAPI, database, visitor: AsyncClient, admin: Person):
    email = new_email()
    token = await invite(app, admin, email)
    async with database.transaction() as work:
        late = "UPDATE invitations SET expires_at = now() WHERE email = :email"
        await work.session.execute(text(late), {"email": email})
    refused(await visitor.post("auth/invitation", json={"token": token}), 404)
    await invite(app, admin, email)  # the address is free again


async def test_an_invitation_is_accepted_once(app: FastAPI, admin: Person):
    email = new_email()
    form = {"token": await invite(app, admin, email), "password": PASSWORD}
    async with http_client(app) as client:
        answers = await asyncio.gather(*(client.post("auth/invitation/accept", json=form) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]


async def test_mail_that_goes_out_proves_the_address(app: FastAPI, visitor: AsyncClient, admin, monkeypatch):
    monkeypatch.setattr(type(app.state.mail), "delivers", True)
    email = new_email()
    sent = checked(await admin.http.post("invitations", json={"email": email}), 201)
    assert sent["mailed_at"] is not None and sent["link"] is None
    form = {"token": token_of(mailed_link(app, email)), "password": PASSWORD}
    session = checked(await visitor.post("auth/invitation/accept", json=form))
    assert session["user"]["email_verified_at"] is not None


async def test_mail_that_fails_leaves_the_link(
    app: FastAPI, visitor: AsyncClient, admin: Person, monkeypatch
):
    put(monkeypatch, app.state, "mail", UnsetMail())
    sent = checked(await admin.http.post("invitations", json={"email": new_email()}), 201)
    checked(await visitor.post("auth/invitation", json={"token": token_of(sent["link"])}))


async def test_changing_roles(admin: Person, viewer: Person, stranger: Person):
    path = f"members/{viewer.user_id}"
    refused(await viewer.http.patch(path, json={"role": "admin"}), 403, "role_forbids")
    refused(await stranger.http.patch(path, json={"role": "admin"}), 404)
    refused(await admin.http.patch(path, json={"role": "owner"}), 422)
    assert checked(await admin.http.patch(path, json={"role": "member"}))["role"] == "member"
    checked(await viewer.http.post("flows", json={"name": "f", "definition": {}}), 201)


async def test_removing_and_leaving(app: FastAPI, admin: Person, member: Person, viewer: Person):
    checked(await admin.http.delete(f"members/{member.user_id}"), 204)
    refused(await member.http.get("flows"), 401, "access_ended")
    refused(await admin.http.delete(f"members/{member.user_id}"), 404)
    checked(await viewer.http.delete("members/me"), 204)
    refused(await viewer.http.get("flows"), 401, "access_ended")
    refused(await admin.http.delete("members/me"), 409, "last_admin")


async def test_who_was_removed_goes_on_elsewhere(app: FastAPI, admin: Person, stranger: Person):
    token = await invite(app, admin, stranger.email)
    async with http_client(app) as client:
        client.headers["Origin"] = "http://test"
        form = {"token": token, "password": PASSWORD}
        checked(await client.post("auth/invitation/accept", json=form))
        checked(await admin.http.delete(f"members/{stranger.user_id}"), 204)
        refused(await client.get("flows"), 401, "access_ended")
        assert checked(await client.post("auth/refresh"))["tenant"]["id"] == str(stranger.tenant_id)
        checked(await client.get("flows"))


async def test_there_is_always_an_admin(app: FastAPI, admin: Person):
    path = f"members/{admin.user_id}"
    refused(await admin.http.patch(path, json={"role": "viewer"}), 409, "last_admin")
    refused(await admin.http.delete(path), 409, "last_admin")
    other = await people.join(app, admin.tenant_id, "admin")
    async with other.http:
        # Each takes the other's role away, at once, many times.
        for _ in range(5):
            answers = await asyncio.gather(
                admin.http.patch(f"members/{other.user_id}", json={"role": "viewer"}),
                other.http.patch(path, json={"role": "viewer"}),
            )
            assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 409])
            winner, loser = (admin, other) if answers[0].status_code == 200 else (other, admin)
            checked(await winner.http.patch(f"members/{loser.user_id}", json={"role": "admin"}))


async def test_the_list_of_members_has_pages(app: FastAPI, admin: Person):
    for _ in range(3):
        await (await people.join(app, admin.tenant_id, "viewer")).http.aclose()
    first = checked(await admin.http.get("members", params={"limit": 3}))
    rest = checked(await admin.http.get("members", params={"cursor": first["next_cursor"]}))
    ids = [one["user_id"] for page in (first, rest) for one in page["items"]]
    assert len(set(ids)) == 4 and ids[-1] == str(admin.user_id) and rest["next_cursor"] is None
