"""A password, or an invitation, that changes while somebody's request with the old one is under way."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI

from tests import people
from tests.app_state import put
from tests.features.identity.test_removed_meanwhile import held, until_waiting
from tests.mails import token_of
from tests.people import PASSWORD, Person, checked, refused
from watchbill.config import Settings
from watchbill.core.ports.mail import Mail, MailMessage

SET = "UPDATE users SET password_hash = '-' WHERE id = '{}'"


async def test_nobody_gets_in_with_a_password_that_was_replaced_meanwhile(
    app: FastAPI, settings: Settings, admin: Person
):
    async with people.http_client(app) as other:
        async with held(settings, SET.format(admin.user_id)):
            form = {"email": admin.email, "password": PASSWORD}
            request = asyncio.create_task(other.post("auth/login", json=form))
            await until_waiting(app, "transactionid", request)
        refused(await request, 401, "bad_credentials")


async def test_nobody_replaces_a_password_that_was_replaced_meanwhile(
    app: FastAPI, settings: Settings, admin: Person
):
    async with held(settings, SET.format(admin.user_id)):
        form = {"current_password": PASSWORD, "new_password": f"{PASSWORD} 2"}
        request = asyncio.create_task(admin.http.put("auth/me/password", json=form))
        await until_waiting(app, "transactionid", request)
    refused(await request, 422, "wrong_password")


async def test_nobody_accepts_an_invitation_with_a_password_that_was_replaced_meanwhile(
    app: FastAPI, settings: Settings, admin: Person, stranger: Person
):
    form = {"email": stranger.email, "role": "member"}
    token = token_of(checked(await admin.http.post("invitations", json=form), 201)["link"])
    async with people.http_client(app) as other:
        async with held(settings, SET.format(stranger.user_id)):
            form = {"token": token, "password": PASSWORD}
            request = asyncio.create_task(other.post("auth/invitation/accept", json=form))
            await until_waiting(app, "transactionid", request)
        refused(await request, 401, "bad_credentials")


class SlowMail:
    """A mail server that takes a mail when it is told to."""

    def __init__(self, mail: Mail):
        self.asked, self.may = asyncio.Event(), asyncio.Event()
        self.delivers = mail.delivers
        self._mail = mail

    async def send(self, message: MailMessage) -> None:
        self.asked.set()
        await self.may.wait()
        await self._mail.send(message)


@pytest.fixture
def slow_mail(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> SlowMail:
    slow = SlowMail(app.state.mail)
    put(monkeypatch, app.state, "mail", slow)
    return slow


@pytest.mark.parametrize("first", ["invite", "resend"])
@pytest.mark.parametrize("then", ["revoke", "resend"])
async def test_an_invitation_that_changes_while_its_mail_is_under_way(
    admin: Person, slow_mail: SlowMail, first: str, then: str
):
    asked, may = slow_mail.asked, slow_mail.may
    email = people.new_email()
    if first == "resend":
        may.set()
        id_ = checked(await admin.http.post("invitations", json={"email": email, "role": "viewer"}), 201)[
            "id"
        ]
        may.clear()
        asked.clear()
        request = asyncio.create_task(admin.http.post(f"invitations/{id_}/resend"))
    else:
        request = asyncio.create_task(admin.http.post("invitations", json={"email": email, "role": "viewer"}))
    await asked.wait()
    [invitation] = checked(await admin.http.get("invitations"))["items"]
    asked.clear()
    if then == "revoke":
        checked(await admin.http.delete(f"invitations/{invitation['id']}"), 204)
        may.set()
    else:
        second = asyncio.create_task(admin.http.post(f"invitations/{invitation['id']}/resend"))
        await asked.wait()
        may.set()
        checked(await second)
    refused(await request, 409, "invitation_changed")
