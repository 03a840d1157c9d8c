"""A subject counts only together with the issuer that gave it."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from alembic import command
from tests import people
from tests.features.sso.company import Names, go, person_at, set_up
from tests.features.sso.conftest import provider
from tests.people import Person, checked, refused
from tests.services import fresh_database
from watchbill.kit.database.migrations import run
from watchbill.kit.database.transactions import Database
from watchbill.kit.database.upgrading import migrate
from watchbill.testing.oidc import CLIENT_ID, CLIENT_SECRET


@pytest.fixture(scope="module")
def other_issuer():
    """A second provider, which says whatever the admin who set it up wants it to say."""
    with provider() as address:
        yield address


async def swap(admin: Person, domain: str, issuer: str) -> None:
    form = {"issuer": issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "domains": [domain]}
    checked(await admin.http.put("sso", json=form))


async def test_another_provider_makes_nobody_another_member(
    app: FastAPI, admin: Person, visitor: AsyncClient, issuer: str, other_issuer: str, names: Names
):
    domain = await set_up(admin, issuer, names)
    person_at(issuer, sub="42", email=f"owner@{domain}")
    await go(visitor, domain)
    owner = checked(await visitor.get("auth/me"))["user"]["id"]
    await swap(admin, domain, other_issuer)
    person_at(other_issuer, sub="42", email=f"somebody.else@{domain}")
    async with people.http_client(app) as second:
        assert (await go(second, domain)).headers["location"] == "/flows/"
        assert checked(await second.get("auth/me"))["user"]["id"] != owner
    # Nor by the address, although the provider says that it is verified.
    person_at(other_issuer, sub="43", email=f"owner@{domain}")
    async with people.http_client(app) as thief:
        assert (await go(thief, domain)).headers["location"] == "/login/?problem=sso_account_exists"
        refused(await thief.get("auth/me"), 401)
    # Forgetting the first one and setting up the second one anew makes no difference.
    checked(await admin.http.delete("sso"), 204)
    await swap(admin, domain, other_issuer)
    person_at(other_issuer, sub="42", email=f"owner@{domain}")
    async with people.http_client(app) as third:
        await go(third, domain)
        assert checked(await third.get("auth/me"))["user"]["id"] != owner
    # Whoever came with the first provider is known when it is back.
    await swap(admin, domain, issuer)
    person_at(issuer, sub="42", email=f"owner@{domain}")
    async with people.http_client(app) as again:
        await go(again, domain)
        assert checked(await again.get("auth/me"))["user"]["id"] == owner


async def test_a_provider_that_is_swapped_meanwhile_lets_nobody_in(
    admin: Person, visitor: AsyncClient, issuer: str, other_issuer: str, names: Names
):
    domain = await set_up(admin, issuer, names)
    person_at(issuer, sub="1", email=f"a@{domain}")
    start = await visitor.get("auth/sso/start", params={"domain": domain})
    async with AsyncClient() as browser:
        there = await browser.get(start.headers["location"])
    await swap(admin, domain, other_issuer)
    back = await visitor.get(there.headers["location"].replace("http://127.0.0.1:8000", "http://test"))
    assert back.headers["location"].startswith("/login/?problem=")
    refused(await visitor.get("auth/me"), 401)


BEFORE = """
INSERT INTO public.users (id, email, password_hash) VALUES ('{user}', 'a@b.c', '-');
INSERT INTO public.tenants (id, name, slug, schema_revision)
VALUES ('{known}', 'known', 'known', '0008'), ('{gone}', 'gone', 'gone', '0008');
INSERT INTO public.memberships (user_id, tenant_id, role)
VALUES ('{user}', '{known}', 'member'), ('{user}', '{gone}', 'member');
INSERT INTO public.sso_accounts (tenant_id, subject, user_id)
VALUES ('{known}', '7', '{user}'), ('{gone}', '7', '{user}');
INSERT INTO public.sso_connections (tenant_id, issuer, client_id, is_active)
VALUES ('{known}', 'https://one.example', 'c', true)
"""


async def test_accounts_of_before_adopt_the_issuer_of_their_provider(services):
    """Those of a provider that is gone belong to no issuer that anybody knows."""
    known, gone, user = uuid4(), uuid4(), uuid4()
    async with fresh_database(services.database_url) as url:
        database = Database(url)
        await migrate(database)
        async with database.engine.begin() as connection:
            await run(connection, command.downgrade, "public", "public", "0008")
            for statement in BEFORE.format(user=user, known=known, gone=gone).split(";"):
                await connection.execute(text(statement))
            await run(connection, command.upgrade, "public", "public", "head")
            found = text("SELECT tenant_id, issuer, subject FROM public.sso_accounts")
            rows = (await connection.execute(found)).all()
        await database.close()
    assert [tuple(row) for row in rows] == [(known, "https://one.example", "7")]


def brought_to(issuer: str) -> list[str]:
    return httpx.get(f"{issuer}/_codes").json()


def faulty(issuer: str, fault: str) -> None:
    httpx.put(f"{issuer}/_fault", json={"fault": fault}).raise_for_status()


async def test_a_code_of_one_provider_is_not_brought_to_another(
    admin: Person, visitor: AsyncClient, issuer: str, other_issuer: str, names: Names
):
    """A tenant's provider sends people on to that of another tenant, which is the same client to it: it would
    be given the code for their account there, with what it takes to use it."""
    before = brought_to(other_issuer)
    faulty(issuer, "names itself")
    faulty(other_issuer, f"authorize at {issuer}")
    try:
        domain = await set_up(admin, other_issuer, names)
        person_at(issuer, sub="1", email=f"a@{domain}")
        back = await go(visitor, domain)
        assert back.headers["location"] == "/login/?problem=sso_bad_answer"
        assert brought_to(other_issuer) == before
    finally:
        faulty(issuer, "")
        faulty(other_issuer, "")


@pytest.mark.parametrize(
    ("fault", "then"), [("names itself", "/flows/"), ("nameless", "/login/?problem=sso_bad_answer")]
)
async def test_a_provider_that_says_who_it_is_always_does(
    admin: Person, visitor: AsyncClient, issuer: str, names: Names, fault: str, then: str
):
    faulty(issuer, fault)
    try:
        domain = await set_up(admin, issuer, names)
        person_at(issuer, sub="1", email=f"a@{domain}")
        assert (await go(visitor, domain)).headers["location"] == then
    finally:
        faulty(issuer, "")
