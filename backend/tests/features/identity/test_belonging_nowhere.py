"""Somebody who was removed from their last tenant, or left it: the ways on are a tenant of their own, and an
invitation. Nothing tells others than themselves that there is such an account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from tests import people
from tests.mails import mailed_link, token_of
from tests.people import PASSWORD, Person, checked, refused
from watchbill.features.identity.tables import User


@pytest_asyncio.fixture
async def nobodys(app: FastAPI, admin: Person, stranger: Person) -> AsyncIterator[Person]:
    """Somebody with an account and no tenant."""
    sent = checked(await admin.http.post("invitations", json={"email": people.new_email()}), 201)
    form = {"token": token_of(mailed_link(app, sent["email"])), "password": PASSWORD}
    async with people.http_client(app) as http:
        answer = checked(await http.post("auth/invitation/accept", json=form))
        checked(await admin.http.delete(f"members/{answer['user']['id']}"), 204)
        yield Person(http, UUID(answer["user"]["id"]), admin.tenant_id, sent["email"], answer["access_token"])


def again(person: Person, **changes: Any) -> dict[str, Any]:
    return {"email": person.email, "password": PASSWORD, "tenant_name": "My own"} | changes


async def test_they_are_told_so_when_they_sign_in(visitor: AsyncClient, nobodys: Person):
    login = {"email": nobodys.email, "password": PASSWORD}
    problem = refused(await visitor.post("auth/login", json=login), 403, "no_tenant")
    assert "Make one" in problem["detail"] and "invite" in problem["detail"]
    refused(await visitor.post("auth/login", json=login | {"password": "a wrong guess"}), 401)
    refused(await nobodys.http.get("auth/me"), 401, "access_ended")


async def test_registering_again_makes_them_a_tenant(visitor: AsyncClient, nobodys: Person):
    form = again(nobodys, email=nobodys.email.upper(), full_name="Ada")
    session = checked(await visitor.post("auth/register", json=form), 201)
    assert (session["user"]["id"], session["user"]["email"]) == (str(nobodys.user_id), nobodys.email)
    assert (session["tenant"]["name"], session["role"]) == ("My own", "admin")
    assert session["user"]["full_name"] == "Ada"
    me = checked(await visitor.get("auth/me"))
    assert me["tenants"] == [session["tenant"]]
    (entry,) = checked(await visitor.get("audit-log", params={"action": "register"}))["items"]
    assert entry["actor"]["name"] == nobodys.email
    login = {"email": nobodys.email, "password": PASSWORD}
    assert checked(await visitor.post("auth/login", json=login))["tenant"] == session["tenant"]
    # They belong somewhere now.
    refused(await visitor.post("auth/register", json=form), 409, "email_taken")


async def test_without_the_password_it_is_an_address_like_any_other(
    app: FastAPI, nobodys: Person, stranger: Person
):
    async def answers(person: Person, address: str) -> list[tuple[int, str]]:
        async with people.http_client(app, address=address) as guesser:
            given = [
                await guesser.post("auth/register", json=again(person, password=f"a wrong guess {number}"))
                for number in range(21)
            ]
            given.append(await guesser.post("auth/register", json=again(person)))
        return [(answer.status_code, answer.json()["code"]) for answer in given]

    lost, other = await answers(nobodys, "192.0.2.80"), await answers(stranger, "192.0.2.81")
    assert lost == other == [(409, "email_taken")] * 20 + [(429, "too_many_requests")] * 2


async def test_the_password_of_somebody_who_belongs_makes_no_tenant(visitor: AsyncClient, stranger: Person):
    refused(await visitor.post("auth/register", json=again(stranger)), 409, "email_taken")
    assert len(checked(await stranger.http.get("auth/me"))["tenants"]) == 1


async def test_a_disabled_account_makes_no_tenant(database, visitor: AsyncClient, nobodys: Person):
    async with database.transaction() as work:
        user = await work.session.get_one(User, nobodys.user_id)
        user.status = "disabled"
    refused(await visitor.post("auth/register", json=again(nobodys)), 409, "email_taken")


async def test_registering_twice_at_once_makes_one_tenant(app: FastAPI, nobodys: Person):
    async with people.http_client(app) as one, people.http_client(app) as other:
        answers = await asyncio.gather(
            *(http.post("auth/register", json=again(nobodys)) for http in (one, other))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_they_accept_an_invitation(
    app: FastAPI, visitor: AsyncClient, stranger: Person, nobodys: Person
):
    checked(await stranger.http.post("invitations", json={"email": nobodys.email}), 201)
    token = {"token": token_of(mailed_link(app, nobodys.email))}
    assert checked(await visitor.post("auth/invitation", json=token))["has_account"] is True
    accept = "auth/invitation/accept"
    # Their old session proves nothing any more.
    refused(await nobodys.http.post(accept, json=token), 401, "sign_in_to_accept")
    refused(await visitor.post(accept, json=token | {"password": "a wrong guess"}), 401, "bad_credentials")
    session = checked(await visitor.post(accept, json=token | {"password": PASSWORD}))
    assert session["tenant"]["id"] == str(stranger.tenant_id)
    checked(await visitor.post("auth/login", json={"email": nobodys.email, "password": PASSWORD}))


async def test_they_set_a_new_password_first(app: FastAPI, visitor: AsyncClient, nobodys: Person):
    checked(await visitor.post("auth/forgot-password", json={"email": nobodys.email}), 202)
    form = {"token": token_of(mailed_link(app, nobodys.email)), "password": "another good one"}
    checked(await visitor.post("auth/reset-password", json=form), 204)
    refused(await visitor.post("auth/register", json=again(nobodys)), 409, "email_taken")
    checked(await visitor.post("auth/register", json=again(nobodys, password="another good one")), 201)


async def test_who_deletes_their_last_tenant_registers_as_somebody_new(visitor: AsyncClient, admin: Person):
    slug = checked(await admin.http.get("tenant"))["slug"]
    checked(await admin.http.delete("tenant", params={"confirm": slug}), 204)
    session = checked(await visitor.post("auth/register", json=again(admin, password="another one")), 201)
    assert session["user"]["id"] != str(admin.user_id)
