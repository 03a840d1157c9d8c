"""Registering where addresses must be proved: newcomers come with a mailed link, and no answer tells whether
an address has an account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bcrypt
import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from tests import people
from tests.app_state import put
from tests.mails import mailed_link, mails_to, token_of
from tests.people import PASSWORD, Person, checked, http_client, new_email, refused
from watchbill.features.identity import tokens
from watchbill.features.identity.tables import User
from watchbill.kit.clock import now
from watchbill.kit.database.transactions import Database


@pytest_asyncio.fixture
async def proving(
    app: FastAPI, database: Database, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> FastAPI:
    """The app, where addresses must be proved from now on; the admin has."""
    await change(database, admin, email_verified_at=now())
    wanted = replace(app.state.identity_options, verify_email=True)
    put(monkeypatch, app.state, "identity_options", wanted)
    return app


async def change(database: Database, person: Person, **values: Any) -> None:
    async with database.transaction() as work:
        user = await work.session.get_one(User, person.user_id)
        for name, value in values.items():
            setattr(user, name, value)


def form(email: str, **changes: Any) -> dict[str, Any]:
    return {"email": email, "password": PASSWORD, "tenant_name": "Acme"} | changes


async def link_to(app: FastAPI, http: AsyncClient, email: str) -> str:
    """The token that is mailed to somebody who wants to register."""
    checked(await http.post("auth/register/send", json={"email": email}), 202)
    return token_of(mailed_link(app, email))


async def test_a_newcomer_registers_by_a_mailed_link(proving: FastAPI, visitor: AsyncClient):
    email = new_email()
    assert checked(await visitor.get("auth/register")) == {"link_needed": True}
    refused(await visitor.post("auth/register", json=form(email)), 403, "registration_link_needed")
    token = await link_to(proving, visitor, email)
    link = mailed_link(proving, email)
    assert link.startswith(f"{proving.state.identity_options.base_url}/register/#") and "email=" in link
    session = checked(await visitor.post("auth/register", json=form(email, token=token)), 201)
    assert session["user"]["email"] == email and session["user"]["email_verified_at"]
    # Everything is open to them, and nothing more is mailed.
    checked(await visitor.get("flows"))
    assert checked(await visitor.get("auth/me"))["unverified"] is False
    assert len(mails_to(proving, email)) == 1
    # The link is good for one account.
    again = form(email.upper(), token=token)
    refused(await visitor.post("auth/register", json=again), 409, "email_taken")


async def test_no_answer_tells_whether_there_is_an_account(
    proving: FastAPI, admin: Person, monkeypatch: pytest.MonkeyPatch
):
    work = 0

    def counted(function: Any) -> Any:
        def call(*args: Any) -> Any:
            nonlocal work
            work += 1
            return function(*args)

        return call

    for name in ("hashpw", "checkpw"):
        monkeypatch.setattr(bcrypt, name, counted(getattr(bcrypt, name)))

    async def answers(email: str, address: str) -> list[Any]:
        nonlocal work
        work = 0
        wrong = form(email, password="a wrong guess")
        async with http_client(proving, address=address) as http:
            given = [await http.post("auth/register/send", json={"email": email})]
            given += [await http.post("auth/register", json=wrong) for _ in range(21)]
            given.append(await http.post("auth/login", json={"email": email, "password": "a wrong guess"}))
        return [
            work,
            *((one.status_code, one.json().get("code") if one.status_code >= 400 else None) for one in given),
        ]

    known, unknown = await answers(admin.email, "192.0.2.90"), await answers(new_email(), "192.0.2.91")
    assert known == unknown
    assert known[0] == 20 and known[2] == (403, "registration_link_needed") and known[-1][0] == 429


async def test_who_has_an_account_is_told_so_by_mail(proving: FastAPI, visitor: AsyncClient, admin: Person):
    checked(await visitor.post("auth/register/send", json={"email": admin.email}), 202)
    (mail,) = mails_to(proving, admin.email)
    assert "already" in mail["Subject"] and "/login/" in mail.get_content()
    assert "token" not in mail.get_content()


async def test_a_disabled_account_gets_no_mail(
    proving: FastAPI, database: Database, visitor: AsyncClient, admin: Person
):
    await change(database, admin, status="disabled")
    checked(await visitor.post("auth/register/send", json={"email": admin.email}), 202)
    assert mails_to(proving, admin.email) == []


async def test_links_flood_nobody(proving: FastAPI, visitor: AsyncClient):
    email = new_email()
    for _ in range(5):
        checked(await visitor.post("auth/register/send", json={"email": email}), 202)
    assert len(mails_to(proving, email)) == 3
    async with http_client(proving, address="192.0.2.92") as flooder:
        given = [await flooder.post("auth/register/send", json={"email": new_email()}) for _ in range(31)]
        assert [one.status_code for one in given] == [202] * 30 + [429]


async def test_a_link_that_is_no_good(proving: FastAPI, visitor: AsyncClient, admin: Person):
    email, secret = new_email(), proving.state.identity_options.jwt_secret
    bad = [
        tokens.registration(secret, email, seconds=-1),
        tokens.registration("another secret of 32 characters.", email, seconds=60),
        tokens.registration(secret, new_email(), seconds=60),
        admin.token,
        "",
        "ünï.code",
    ]
    for token in bad:
        refused(await visitor.post("auth/register", json=form(email, token=token)), 422, "bad_link")
    refused(await visitor.post("auth/register", json=form(email, token="x" * 2001)), 422, "invalid_input")
    # What proves an address lets nobody in.
    token = tokens.registration(secret, admin.email, seconds=60)
    async with http_client(proving, token) as http:
        refused(await http.get("auth/me"), 401, "bad_token")


async def test_a_link_registers_where_none_is_needed(app: FastAPI, visitor: AsyncClient):
    email = new_email()
    assert checked(await visitor.get("auth/register")) == {"link_needed": False}
    token = await link_to(app, visitor, email)
    session = checked(await visitor.post("auth/register", json=form(email, token=token)), 201)
    assert session["user"]["email_verified_at"]


async def test_who_belongs_to_no_tenant_needs_the_password_only(
    proving: FastAPI, visitor: AsyncClient, admin: Person
):
    other = await people.join(proving, admin.tenant_id, "member")
    checked(await visitor.post("auth/forgot-password", json={"email": other.email}), 202)
    reset = {"token": token_of(mailed_link(proving, other.email)), "password": PASSWORD}
    checked(await visitor.post("auth/reset-password", json=reset), 204)
    # Who knows the password learns nothing new: it is their account.
    refused(await visitor.post("auth/register", json=form(other.email)), 409, "email_taken")
    checked(await admin.http.delete(f"members/{other.user_id}"), 204)
    wrong = form(other.email, password="a wrong guess")
    refused(await visitor.post("auth/register", json=wrong), 403, "registration_link_needed")
    session = checked(await visitor.post("auth/register", json=form(other.email)), 201)
    assert session["user"]["id"] == str(other.user_id)


async def test_who_registered_before_proves_the_address_then(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    async with http_client(app) as client:
        client.headers.update({"Origin": "http://test"})
        email = new_email()
        checked(await client.post("auth/register", json=form(email)), 201)
        wanted = replace(app.state.identity_options, verify_email=True)
        put(monkeypatch, app.state, "identity_options", wanted)
        refused(await client.get("flows"), 403, "email_unverified")
        me = checked(await client.get("auth/me"))
        assert me["permissions"] == ["profile:read", "profile:write"] and me["unverified"] is True
        checked(await client.post("auth/verify-email/send"), 202)
        first = token_of(mailed_link(app, email))
        checked(await client.post("auth/verify-email/send"), 202)
        refused(await client.post("auth/verify-email", json={"token": first}), 422, "bad_link")
        token = token_of(mailed_link(app, email))
        refused(await client.post("auth/reset-password", json={"token": token, "password": PASSWORD}), 422)
        checked(await client.post("auth/verify-email", json={"token": token}), 204)
        checked(await client.get("flows"))
        checked(await client.post("auth/verify-email/send"), 202)
        assert len(mails_to(app, email)) == 2
