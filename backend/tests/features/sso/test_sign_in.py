"""Signing in with the company's account, through a real OpenID Connect provider."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests import people
from tests.app_state import put
from tests.features.sso.company import Names, go, person_at, set_up
from tests.people import PASSWORD, Person, checked, refused
from watchbill.features.sso.metadata import Metadata
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut
from watchbill.kit.requests.safe_path import safe_path
from watchbill.testing.oidc import CLIENT_SECRET

# Only the boolean says that an address was verified.
NOT_TRUE = (False, None, "true", "True", 1, 1.0, "false", [], [True], {"value": True})


async def test_somebody_of_the_company_is_let_in_and_made_a_member(
    app: FastAPI, admin: Person, visitor: AsyncClient, issuer: str, names: Names
):
    domain = await set_up(admin, issuer, names)
    person_at(issuer, sub="42", email=f"New.One@{domain}", name="New One")
    offer = checked(await visitor.post("auth/sso/lookup", json={"email": f"x@{domain.upper()}"}))
    assert offer["start"] == f"/api/v1/auth/sso/start?domain={domain}"
    back = await go(visitor, domain)
    assert (back.status_code, back.headers["location"]) == (303, "/flows/")
    me = checked(await visitor.get("auth/me"))
    assert me["user"]["email"] == f"new.one@{domain}" and me["user"]["full_name"] == "New One"
    assert (me["tenant"]["id"], me["role"]) == (str(admin.tenant_id), "viewer")
    # The second time it is the same account, also under another address.
    person_at(issuer, sub="42", email=f"renamed@{domain}")
    async with people.http_client(app) as second:
        await go(second, domain)
        assert checked(await second.get("auth/me"))["user"]["id"] == me["user"]["id"]
    entries = checked(await admin.http.get("audit-log", params={"action": "finish_sso"}))["items"]
    assert len(entries) == 2 and entries[0]["actor"]["name"] == f"new.one@{domain}"


async def test_whom_the_company_vouches_for_need_not_prove_the_address(
    app: FastAPI, admin: Person, visitor: AsyncClient, issuer: str, names: Names, monkeypatch
):
    """Nobody mailed them a link, so they would wait for ever."""
    domain = await set_up(admin, issuer, names)
    options = replace(app.state.identity_options, verify_email=True)
    put(monkeypatch, app.state, "identity_options", options)
    person_at(issuer, sub="1", email=f"new@{domain}")
    await go(visitor, domain)
    me = checked(await visitor.get("auth/me"))
    assert me["unverified"] is False and me["user"]["email_verified_at"]


async def test_roles_follow_the_provider(
    app: FastAPI, admin: Person, visitor: AsyncClient, issuer: str, names: Names
):
    roles = {"crew": "member", "bridge": "admin"}
    domain = await set_up(admin, issuer, names, role_claim="groups", roles=roles, default_role=None)
    for groups, role in ((["crew", "other"], "member"), (["crew", "bridge"], "admin"), (["crew"], "member")):
        person_at(issuer, sub="7", email=f"a@{domain}", groups=groups)
        await go(visitor, domain)
        assert checked(await visitor.get("auth/me"))["role"] == role
    person_at(issuer, sub="8", email=f"b@{domain}", groups=["other"])
    async with people.http_client(app) as other:
        back = await go(other, domain)
        assert back.headers["location"] == "/login/?problem=sso_no_role"
        refused(await other.get("auth/me"), 401)
    denied = checked(await admin.http.get("audit-log", params={"outcome": "denied"}))["items"]
    assert denied[0]["reason"] == "sso_no_role"


async def test_an_account_that_was_there_is_not_taken_over(
    app: FastAPI, admin: Person, stranger: Person, issuer: str, names: Names
):
    """A tenant's admin controls its provider, which could claim to be anybody."""
    domain = await set_up(admin, issuer, names)
    email = f"victim@{domain}"
    form = {"email": email, "password": PASSWORD, "tenant_name": "Victim's"}
    async with people.http_client(app) as victim, people.http_client(app) as thief:
        made = checked(await victim.post("auth/register", json=form), 201)
        person_at(issuer, sub="9", email=email)
        back = await go(thief, domain)
        assert back.headers["location"] == "/login/?problem=sso_account_exists"
        refused(await thief.get("auth/me"), 401)
        # Whoever is signed in to the account may connect it; the provider's sign-in is good here only.
        back = await go(victim, domain)
        assert back.headers["location"] == "/flows/"
        assert checked(await victim.get("auth/me"))["tenant"]["id"] == str(admin.tenant_id)
        switch = {"tenant": made["tenant"]["id"]}
        site = {"Origin": "http://test"}
        refused(await victim.post("auth/switch", json=switch, headers=site), 403, "sso_only_here")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nonce", "sso_bad_answer"),
        ("audience", "sso_bad_answer"),
        ("expired", "sso_bad_answer"),
        ("token issuer", "sso_bad_answer"),
        ("algorithm", "sso_bad_answer"),
        ("signature", "sso_bad_answer"),
        ("issuer", "sso_provider_away"),
        ("denied", "sso_refused"),
    ],
)
async def test_a_false_answer_lets_nobody_in(
    app: FastAPI, admin: Person, visitor: AsyncClient, issuer: str, names: Names, fault, name: str, code: str
):
    domain = await set_up(admin, issuer, names)
    person_at(issuer, sub="1", email=f"a@{domain}")
    # Nothing is remembered of the time before.
    app.state.sso = replace(app.state.sso, metadata=Metadata(WayOut(UrlGuard(["127.0.0.0/8"]))))
    fault(name)
    assert (await go(visitor, domain)).headers["location"] == f"/login/?problem={code}"
    refused(await visitor.get("auth/me"), 401)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"email": "a@elsewhere.example"}, "sso_wrong_domain"),
        *(({"email": "a@DOMAIN", "email_verified": said}, "sso_unverified") for said in NOT_TRUE),
        ({"email": "a@DOMAIN", "sub": "x" * 256}, "sso_no_subject"),
        ({"email": "a@DOMAIN", "sub": ""}, "sso_bad_answer"),
        ({}, "sso_no_email"),
        ({"email": ["a"]}, "sso_no_email"),
        ({"email": "a\x00@DOMAIN"}, "sso_no_email"),
    ],
)
async def test_whom_the_provider_may_not_vouch_for(
    admin: Person, visitor: AsyncClient, issuer: str, names: Names, claims: dict, code: str
):
    domain = await set_up(admin, issuer, names)
    email = claims.get("email")
    email = email.replace("DOMAIN", domain) if isinstance(email, str) else email
    person_at(issuer, **({"sub": "1"} | claims | {"email": email}))
    assert (await go(visitor, domain)).headers["location"] == f"/login/?problem={code}"


async def test_the_way_back_works_once_and_in_the_same_browser(
    app: FastAPI, admin: Person, visitor: AsyncClient, issuer: str, names: Names
):
    domain = await set_up(admin, issuer, names)
    person_at(issuer, sub="1", email=f"a@{domain}")
    start = await visitor.get("auth/sso/start", params={"domain": domain})
    query = parse_qs(urlsplit(start.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"] and len(query["state"][0]) >= 43
    async with AsyncClient() as browser:
        callback = (await browser.get(start.headers["location"])).headers["location"].partition("?")[2]
    async with people.http_client(app) as other:
        stolen = await other.get(f"auth/sso/callback?{callback}")
        assert stolen.headers["location"] == "/login/?problem=sso_expired"
    forged = await visitor.get("auth/sso/callback", params={"code": "x", "state": "y"})
    assert forged.headers["location"] == "/login/?problem=sso_expired"


async def test_setting_it_up(admin: Person, stranger: Person, member: Person, issuer: str, names: Names):
    refused(await member.http.get("sso"), 403)
    empty = checked(await admin.http.get("sso"))
    assert empty["is_active"] is False and empty["redirect_uri"].endswith("/api/v1/auth/sso/callback")
    domain = await set_up(admin, issuer, names)
    shown = checked(await admin.http.get("sso"))
    assert shown["has_secret"] is True and CLIENT_SECRET not in str(shown)
    assert shown["domains"] == [domain]
    form = {"issuer": issuer, "client_id": "c", "domains": [domain]}
    refused(await stranger.http.put("sso", json=form), 409, "domain_taken")
    for domains in (["gmail.com"], ["nothing"], [], ["a..b.com"], ["x" * 300 + ".com"]):
        refused(await stranger.http.put("sso", json=form | {"domains": domains}), 422)
    for bad in ("http://127.0.0.1:9", "ftp://x", "http://[::1]:9", f"{issuer}/other"):
        problem = refused(await admin.http.put("sso", json=form | {"issuer": bad}), 422)
        assert problem["errors"][0]["loc"] == ["body", "issuer"]
    checked(await admin.http.delete("sso"), 204)
    checked(await admin.http.delete("sso"), 204)
    checked(await stranger.http.put("sso", json=form))


async def test_an_unknown_domain_is_offered_nothing(visitor: AsyncClient):
    for email in ("a@nowhere.example.com", "nothing", "@", ""):
        assert checked(await visitor.post("auth/sso/lookup", json={"email": email})) == {"start": None}
    start = await visitor.get("auth/sso/start", params={"domain": "nowhere.example.com"})
    assert start.headers["location"] == "/login/?problem=sso_unknown_domain"


def test_only_paths_of_this_site_are_gone_to():
    for good in ("/", "/flows/?id=1#x", "/executions/?q=%2F%2Fx&a=//b", "/a..b/"):
        assert safe_path(good) == good
    spellings = Path(__file__).parents[4] / "frontend" / "e2e" / "elsewhere.json"
    for bad in (*json.loads(spellings.read_text()), None, "/" + "a" * 500):
        assert safe_path(bad) == "/"


@pytest.mark.parametrize(("field", "then"), [("sub", "/login/?problem=sso_no_subject"), ("name", "/flows/")])
async def test_a_claim_that_no_database_takes(
    admin: Person, visitor: AsyncClient, issuer: str, names: Names, field: str, then: str
):
    domain = await set_up(admin, issuer, names)
    claims = {"sub": "1", "email": f"a@{domain}", "email_verified": True, field: "half \ud83d"}
    async with AsyncClient() as http:
        (await http.put(f"{issuer}/_person", content=json.dumps(claims))).raise_for_status()
    back = await go(visitor, domain)
    assert (back.status_code, back.headers["location"]) == (303, then)
