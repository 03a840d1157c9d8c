"""What one person may have: so many tenants, and no password that nobody can see."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests import people
from tests.app_state import put
from tests.people import PASSWORD, Person, checked, refused

BLANK = [
    " " * 10,
    "\u200b" * 12,
    "\u00a0\u2003\u3000 \t\u2028\ufeff\u200d\u2060 ",
    "\u3164" * 10,
    "\u2800" * 10,
]


@pytest.fixture
def three(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = replace(app.state.identity_options, tenants_per_person=3)
    put(monkeypatch, app.state, "identity_options", wanted)


async def test_a_person_makes_so_many_tenants(three: None, admin: Person, member: Person):
    answers = await asyncio.gather(
        *(admin.http.post("auth/tenants", json={"name": f"t{number}"}) for number in range(5))
    )
    made = [checked(answer, 201)["id"] for answer in answers if answer.status_code == 201]
    assert len(made) == 2, "with the one that they registered"
    for answer in answers:
        if answer.status_code != 201:
            refused(answer, 409, "too_many_tenants")
    assert len(checked(await admin.http.get("auth/me"))["tenants"]) == 3
    # Others are not concerned, and being a member somewhere counts for nobody.
    for number in range(3):
        checked(await member.http.post("auth/tenants", json={"name": f"m{number}"}), 201)
    refused(await member.http.post("auth/tenants", json={"name": "m4"}), 409, "too_many_tenants")


@pytest.mark.parametrize("password", BLANK)
async def test_a_password_can_be_seen(visitor: AsyncClient, admin: Person, password: str):
    form = {"email": people.new_email(), "password": password, "tenant_name": "t"}
    refused(await visitor.post("auth/register", json=form), 422)
    change = {"current_password": PASSWORD, "new_password": password}
    refused(await admin.http.put("auth/me/password", json=change), 422)
    refused(await visitor.post("auth/reset-password", json={"token": "x", "password": password}), 422)
    invited = checked(await admin.http.post("invitations", json={"email": people.new_email()}), 201)
    if invited["link"]:
        token = invited["link"].partition("#")[2].partition("=")[2] or invited["link"].rpartition("=")[2]
        refused(
            await visitor.post("auth/invitation/accept", json={"token": token, "password": password}), 422
        )


async def test_every_byte_of_a_password_counts(visitor: AsyncClient):
    """bcrypt alone would look at 72 bytes, and people write in other scripts."""
    long = "ä🔑" * 64
    form = {"email": people.new_email(), "password": long, "tenant_name": "t"}
    checked(await visitor.post("auth/register", json=form), 201)
    login = {"email": form["email"], "password": long}
    checked(await visitor.post("auth/login", json=login))
    refused(await visitor.post("auth/login", json=login | {"password": long[:-1] + "🔒"}), 401)
    refused(await visitor.post("auth/register", json=form | {"password": long + "x"}), 422)
