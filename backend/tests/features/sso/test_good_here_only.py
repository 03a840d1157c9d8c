"""A session that a company's provider began is good in that company's tenant, and shows and touches nothing
else of the person: the provider decides who holds it."""

from __future__ import annotations

from fastapi import FastAPI
from httpx import AsyncClient

from tests import people
from tests.features.sso.company import Names, connected, go, person_at, set_up
from tests.mails import mailed_link, token_of
from tests.people import PASSWORD, Person, checked, refused

SITE = {"Origin": "http://test"}


async def test_a_providers_sign_in_never_goes_on_elsewhere(
    app: FastAPI, admin: Person, issuer: str, names: Names
):
    """Whoever controls the provider also decides who belongs to its tenant: a session that lost its place
    there must end, not go on in the person's other tenants."""
    thief, owner = await connected(app, admin, issuer, names)
    checked(await thief.post("auth/refresh"))
    checked(await admin.http.delete(f"members/{owner.user_id}"), 204)
    refused(await thief.post("auth/refresh"), 401, "session_expired")
    refused(await thief.get("auth/me"), 401)
    checked(await owner.http.get("auth/me"))


async def test_a_providers_sign_in_joins_and_makes_no_other_tenant(
    app: FastAPI, admin: Person, stranger: Person, issuer: str, names: Names
):
    """The session that begins with an invitation is good in all of the person's tenants, so only their
    password, or a session that began with it, may begin it."""
    thief, owner = await connected(app, admin, issuer, names)
    sent = checked(await stranger.http.post("invitations", json={"email": owner.email}), 201)
    token = sent["link"].rpartition("=")[2]
    refused(await thief.post("auth/invitation/accept", json={"token": token}), 401, "sign_in_to_accept")
    refused(await thief.post("auth/tenants", json={"name": "Further"}), 403, "sso_only_here")
    form = {"token": token, "password": PASSWORD}
    assert checked(await thief.post("auth/invitation/accept", json=form))["tenant"]["id"] == str(
        stranger.tenant_id
    )


async def test_it_is_told_of_no_other_tenant(
    app: FastAPI, admin: Person, stranger: Person, issuer: str, names
):
    thief, owner = await connected(app, admin, issuer, names)
    me = checked(await thief.get("auth/me"))
    assert [tenant["id"] for tenant in me["tenants"]] == [str(admin.tenant_id)] and me["sso"] is True
    mine = checked(await owner.http.get("auth/me"))
    assert len(mine["tenants"]) == 2 and mine["sso"] is False
    # Whether the person belongs to a tenant, or there is one at all, makes no difference.
    for name in (owner.tenant_id, stranger.tenant_id, "nothing", mine["tenants"][0]["slug"]):
        refused(await thief.post("auth/switch", json={"tenant": str(name)}), 403, "sso_only_here")


async def test_it_sees_and_ends_sessions_of_its_provider_only(
    app: FastAPI, admin: Person, stranger: Person, issuer: str, names: Names
):
    thief, owner = await connected(app, admin, issuer, names)
    login = {"email": owner.email, "password": PASSWORD, "tenant": str(admin.tenant_id)}
    async with people.http_client(app) as inside:
        checked(await inside.post("auth/login", json=login))
        everything = checked(await owner.http.get("auth/sessions"))["items"]
        shown = checked(await thief.get("auth/sessions"))["items"]
        # That of `connected`'s own browser, and this one.
        assert len(everything) == 4 and len(shown) == 2
        assert [item["current"] for item in shown].count(True) == 1
        for item in everything:
            if item["id"] not in {one["id"] for one in shown}:
                refused(await thief.delete(f"auth/sessions/{item['id']}"), 404)
        checked(await thief.delete("auth/sessions"), 204)
        assert len(checked(await thief.get("auth/sessions"))["items"]) == 1
        left = checked(await owner.http.get("auth/sessions"))["items"]
        assert len(left) == 3
        checked(await inside.get("auth/me"))
        # Who signed in by themselves ends every session, also those of a provider.
        checked(await owner.http.delete("auth/sessions"), 204)
        refused(await thief.get("auth/me"), 401, "session_expired")


async def test_it_ends_no_session_of_another_tenants_provider(
    app: FastAPI, admin: Person, stranger: Person, issuer: str, names: Names
):
    thief, owner = await connected(app, admin, issuer, names)
    domain = owner.email.partition("@")[2]
    # The domain changes hands: its new owner's provider lets the same person in.
    checked(await admin.http.delete("sso"), 204)
    await set_up(stranger, issuer, names, domains=[domain])
    async with people.http_client(app) as second:
        second.headers.update(SITE | {"Authorization": f"Bearer {owner.token}"})
        assert (await go(second, domain)).headers["location"] == "/flows/"
        del second.headers["Authorization"]
        assert checked(await second.get("auth/me"))["tenant"]["id"] == str(stranger.tenant_id)
        assert len(checked(await second.get("auth/sessions"))["items"]) == 1
        checked(await second.delete("auth/sessions"), 204)
        assert len(checked(await thief.get("auth/sessions"))["items"]) == 2


async def test_it_changes_nothing_of_the_account(app: FastAPI, admin: Person, issuer: str, names: Names):
    thief, owner = await connected(app, admin, issuer, names)
    password = {"current_password": PASSWORD, "new_password": "another good one"}
    refused(await thief.put("auth/me/password", json=password), 403, "sso_only_here")
    refused(await thief.patch("auth/me", json={"full_name": "Somebody else"}), 403, "sso_only_here")
    assert checked(await owner.http.get("auth/me"))["user"]["full_name"] is None
    checked(await owner.http.put("auth/me/password", json=password), 204)


async def test_it_connects_the_account_to_no_other_provider(
    app: FastAPI, admin: Person, stranger: Person, issuer: str, names: Names
):
    """Otherwise two companies could make somebody a member of the second without their doing."""
    thief, owner = await connected(app, admin, issuer, names)
    domain = owner.email.partition("@")[2]
    # At its own provider a person may get another number; the same provider vouches for both.
    person_at(issuer, sub="another", email=owner.email)
    assert (await go(thief, domain)).headers["location"] == "/flows/"
    checked(await admin.http.delete("sso"), 204)
    await set_up(stranger, issuer, names, domains=[domain])
    assert (await go(thief, domain)).headers["location"] == "/login/?problem=sso_account_exists"
    assert checked(await thief.get("auth/me"))["tenant"]["id"] == str(admin.tenant_id)


async def test_who_came_with_the_company_sets_a_password_by_mail(
    app: FastAPI, admin: Person, visitor: AsyncClient, issuer: str, names: Names
):
    domain = await set_up(admin, issuer, names)
    person_at(issuer, sub="1", email=f"new@{domain}")
    await go(visitor, domain)
    assert checked(await visitor.get("auth/me"))["sso"] is True
    refused(await visitor.patch("auth/me", json={"full_name": "New"}, headers=SITE), 403, "sso_only_here")
    checked(await visitor.post("auth/forgot-password", json={"email": f"new@{domain}"}), 202)
    form = {"token": token_of(mailed_link(app, f"new@{domain}")), "password": PASSWORD}
    checked(await visitor.post("auth/reset-password", json=form), 204)
    checked(await visitor.post("auth/login", json={"email": f"new@{domain}", "password": PASSWORD}))
    checked(await visitor.patch("auth/me", json={"full_name": "New"}, headers=SITE))
