"""Signing up, in and out."""

import asyncio
from uuid import uuid4

import jwt
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from tests.people import PASSWORD, Person, checked, http_client, new_email, refused
from watchbill.kit.clock import now


def form(**changes):
    return {"email": new_email(), "password": PASSWORD, "tenant_name": "Acme"} | changes


async def test_registering_signs_in(visitor: AsyncClient):
    wanted = form(full_name="Ada", email=new_email().upper())
    response = await visitor.post("auth/register", json=wanted)
    session = checked(response, 201)
    assert session["token_type"] == "bearer"
    assert session["expires_in"] == 24 * 3600
    assert session["role"] == "admin"
    assert session["user"]["email"] == wanted["email"].lower()
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    me = checked(await visitor.get("auth/me"))
    assert me["user"] == session["user"]
    assert me["tenants"] == [session["tenant"]]
    assert "providers:write" in me["permissions"]


async def test_an_address_is_taken_once(visitor: AsyncClient, admin: Person):
    response = await visitor.post("auth/register", json=form(email=admin.email.upper()))
    refused(response, 409, "email_taken")


async def test_tenants_of_one_name_get_different_slugs(visitor: AsyncClient):
    answers = [checked(await visitor.post("auth/register", json=form(tenant_name="Ünïcode & Co")), 201)]
    answers.append(checked(await visitor.post("auth/register", json=form(tenant_name="Ünïcode & Co")), 201))
    slugs = [answer["tenant"]["slug"] for answer in answers]
    assert slugs[0] != slugs[1] and slugs[1].startswith("unicode-co")


async def test_tenants_of_one_name_are_made_at_once(visitor: AsyncClient):
    name = f"Team {uuid4()}"
    answers = await asyncio.gather(
        *(visitor.post("auth/register", json=form(tenant_name=name)) for _ in range(4))
    )
    assert len({checked(answer, 201)["tenant"]["slug"] for answer in answers}) == 4


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"email": "nobody"}, "email"),
        ({"tenant_name": "  "}, "tenant_name"),
        ({"tenant_name": "\u200b\u2060 \u202e"}, "tenant_name"),
        ({"surplus": 1}, "surplus"),
    ],
)
async def test_bad_registrations(visitor: AsyncClient, change, field):
    problem = refused(await visitor.post("auth/register", json=form(**change)), 422, "invalid_input")
    assert problem["errors"][0]["loc"] == ["body", field]


async def test_names_stand_on_one_line(visitor: AsyncClient):
    """Whoever reads them in a list or a mail must not be shown lines or an order that are not there."""
    names = {"tenant_name": " Acme\r\nLtd\t\x85\u2028", "full_name": "Ada \u202eecalevoL"}
    session = checked(await visitor.post("auth/register", json=form(**names)), 201)
    assert session["tenant"]["name"] == "Acme Ltd" and session["user"]["full_name"] == "Ada ecalevoL"
    # Signs that join others are part of words and emoji.
    joined = {"name": "\u0645\u06cc\u200c\u062e 👩\u200d🚀"}
    assert (
        checked(await visitor.patch("tenant", json=joined, headers={"Origin": "http://test"}))["name"]
        == joined["name"]
    )


async def test_logging_in_and_out(visitor: AsyncClient, admin: Person):
    credentials = {"email": admin.email.upper(), "password": PASSWORD}
    checked(await visitor.post("auth/login", json=credentials))
    checked(await visitor.get("auth/me"))
    checked(await visitor.post("auth/logout"), 204)
    refused(await visitor.get("auth/me"), 401, "not_authenticated")


async def test_an_address_may_be_written_in_several_ways(visitor: AsyncClient):
    """Browsers send xn--exmple-cua.com for exämple.com."""
    name = uuid4().hex[:8]
    form = {"email": f"{name}@xn--exmple-cua.com", "password": PASSWORD, "tenant_name": "Ä"}
    assert (
        checked(await visitor.post("auth/register", json=form), 201)["user"]["email"] == f"{name}@exämple.com"
    )
    refused(await visitor.post("auth/register", json=form | {"email": f"{name}@exämple.com"}), 409)
    for email in (form["email"], f"{name}@exämple.com", f" {name.upper()}@EXÄMPLE.com"):
        checked(await visitor.post("auth/login", json={"email": email, "password": PASSWORD}))


async def test_long_passwords_count_to_the_end(visitor: AsyncClient):
    long = form(password="x" * 100 + "y")
    checked(await visitor.post("auth/register", json=long), 201)
    wrong = {"email": long["email"], "password": "x" * 100 + "z"}
    refused(await visitor.post("auth/login", json=wrong), 401)


async def test_wrong_credentials_all_read_the_same(visitor: AsyncClient, admin: Person, stranger: Person):
    attempts = [
        {"email": admin.email, "password": "wrong password"},
        {"email": new_email(), "password": PASSWORD},
        {"email": "not an address", "password": PASSWORD},
        {"email": admin.email, "password": PASSWORD, "tenant": str(stranger.tenant_id)},
    ]
    answers = [refused(await visitor.post("auth/login", json=attempt), 401) for attempt in attempts]
    assert len({(answer["code"], answer["detail"]) for answer in answers}) == 1


async def test_a_session_cookie_works_only_from_our_own_pages(visitor: AsyncClient, admin: Person):
    checked(await visitor.post("auth/login", json={"email": admin.email, "password": PASSWORD}))
    flow = {"name": "f", "definition": {}}
    refused(await visitor.post("flows", json=flow), 403, "wrong_origin")
    refused(await visitor.post("flows", json=flow, headers={"Origin": "http://evil"}), 403, "wrong_origin")
    refused(await visitor.post("flows", json=flow, headers={"Origin": "null"}), 403, "wrong_origin")
    checked(await visitor.post("flows", json=flow, headers={"Origin": "http://test"}), 201)
    checked(await visitor.post("flows", json=flow, headers={"Referer": "http://test/flows"}), 201)
    checked(await visitor.get("flows", headers={"Origin": "http://evil"}))


async def test_nobody_is_signed_in_from_another_site(visitor: AsyncClient, admin: Person):
    credentials = {"email": admin.email, "password": PASSWORD}
    response = await visitor.post("auth/login", json=credentials, headers={"Origin": "https://evil"})
    refused(response, 403, "wrong_origin")


async def test_bad_tokens(app, admin: Person, stranger: Person):
    secret = app.state.identity_options.jwt_secret
    claims = jwt.decode(admin.token, secret, algorithms=["HS256"])
    assert {"user_id", "tenant_id", "role", "exp", "jti", "iat"} <= claims.keys()
    tokens = {
        "garbage": "abc.def.ghi",
        "another secret": jwt.encode(claims, "x" * 40),
        "no algorithm": jwt.encode(claims, None, algorithm="none"),
        "expired": jwt.encode(claims | {"exp": now().timestamp() - 1}, secret),
        "no end": jwt.encode({key: claims[key] for key in claims if key != "exp"}, secret),
        "no person": jwt.encode(claims | {"user_id": "nobody"}, secret),
        "another tenant": jwt.encode(claims | {"tenant_id": str(stranger.tenant_id)}, secret),
    }
    for name, token in tokens.items():
        async with http_client(app, token) as client:
            response = await client.get("auth/me")
            assert response.status_code == 401, name
            assert response.headers["www-authenticate"] == "Bearer"
    async with http_client(app) as client:
        refused(await client.get("auth/me", headers={"Authorization": "Basic abc"}), 401)


async def test_the_database_has_the_last_word_on_access(database, admin: Person, member: Person):
    checked(await member.http.get("flows"))

    async def execute(statement: str):
        async with database.transaction() as work:
            await work.session.execute(text(statement), {"user": member.user_id, "tenant": member.tenant_id})

    await execute("UPDATE memberships SET role = 'viewer' WHERE user_id = :user")
    refused(await member.http.post("flows", json={"name": "f", "definition": {}}), 403, "role_forbids")
    await execute("UPDATE tenants SET status = 'suspended' WHERE id = :tenant")
    refused(await member.http.get("flows"), 403, "tenant_suspended")
    await execute("UPDATE tenants SET status = 'active' WHERE id = :tenant")
    await execute("UPDATE users SET status = 'disabled' WHERE id = :user")
    refused(await member.http.get("flows"), 401, "access_ended")
    await execute("UPDATE users SET status = 'active' WHERE id = :user")
    await execute("DELETE FROM memberships WHERE user_id = :user")
    refused(await member.http.get("flows"), 401, "access_ended")
    credentials = {"email": admin.email, "password": PASSWORD}
    await execute("UPDATE tenants SET status = 'suspended' WHERE id = :tenant")
    refused(await admin.http.post("auth/login", json=credentials), 403, "tenant_suspended")
