"""Mails go to members and to people who agreed; a tenant may cause so many a day, and chooses no subject."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from tests.features.flows.test_flows import make_flow
from tests.features.notifications.telling import Office, deliveries, end, make_notification, start
from tests.mails import mailed_link, mails_to, token_of
from tests.people import Person, checked, new_email, refused
from watchbill.core.errors import TooManyRequests
from watchbill.features.identity.limits import mails as mail_limits
from watchbill.features.identity.limits.mails import MailLimits
from watchbill.kit.clock import now
from watchbill.kit.database.transactions import Database


async def notify(person: Person, *recipients: str) -> dict[str, Any]:
    return await make_notification(person, channel="email", recipients=list(recipients), statuses=["failed"])


async def fail(database: Database, person: Person, office: Office, **later: float) -> list[dict[str, Any]]:
    run = await start(person)
    await end(database, person, run, "failed")
    await office.work(**later)
    return await deliveries(person, execution_id=run)


async def addresses(person: Person) -> list[dict[str, Any]]:
    return checked(await person.http.get("mail-addresses"))["items"]


async def test_a_stranger_is_asked_once_and_told_after_agreeing(
    app: FastAPI, admin: Person, member: Person, visitor: AsyncClient, database: Database, office: Office
):
    email = new_email()
    made = await notify(member, email.upper(), admin.email)
    assert made["unconfirmed"] == [email.upper()]
    await notify(member, email)
    [mail] = mails_to(app, email)
    assert mail["Subject"] == "Confirm that Watchbill may write to you" and "Acme" in mail.get_content()

    sent = await fail(database, admin, office)
    assert {one.to for one in office.post.mails} == {admin.email}
    waiting = [one for one in sent if one["recipient"] != admin.email]
    assert {one["status"] for one in waiting} == {"pending"}
    assert "not agreed" in waiting[0]["attempts"][-1]["error"]

    token = token_of(mailed_link(app, email))
    for _ in range(2):
        agreed = checked(await visitor.post("mail-addresses/confirm", json={"token": token}))
        assert agreed == {"address": email, "tenant_name": "Acme"}
    log = checked(await admin.http.get("audit-log", params={"action": "confirm_mail_address"}))["items"]
    assert {entry["target"]["name"] for entry in log} == {email}
    await office.work(minutes=5)
    assert email in {one.to.lower() for one in office.post.mails}
    shown = checked(await member.http.get(f"notifications/{made['id']}"))
    assert shown["unconfirmed"] == [] and (await addresses(member))[0]["confirmed_at"]
    assert len(mails_to(app, email)) == 1
    entries = checked(await admin.http.get("audit-log", params={"action": "confirm_mail_address"}))["items"]
    # Agreeing again changes nothing.
    [entry] = [one for one in entries if one["changes"]]
    assert (entry["target"]["type"], entry["actor"]["kind"]) == ("mail_addresses", "system")
    assert entry["target"]["id"] == (await addresses(member))[0]["id"]


async def test_an_admin_removes_an_address(
    app: FastAPI, admin: Person, member: Person, visitor: AsyncClient, database: Database, office: Office
):
    email = new_email()
    await notify(admin, email)
    token = token_of(mailed_link(app, email))
    [address] = await addresses(member)
    path = f"mail-addresses/{address['id']}"
    refused(await member.http.delete(path), 403, "role_forbids")
    checked(await visitor.post("mail-addresses/confirm", json={"token": token}))
    checked(await admin.http.delete(path), 204)
    refused(await admin.http.delete(path), 404)
    assert await addresses(admin) == []
    # The link of the address that was removed is no good for the one that is asked anew.
    await fail(database, admin, office)
    assert [mail.subject for mail in office.post.mails] == ["Confirm that Watchbill may write to you"]
    refused(await visitor.post("mail-addresses/confirm", json={"token": token}), 404, "link_invalid")
    assert (await addresses(admin))[0]["confirmed_at"] is None


async def test_a_tenant_sees_and_confirms_only_its_own(
    app: FastAPI, admin: Person, stranger: Person, visitor: AsyncClient
):
    email = new_email()
    await notify(admin, email)
    await notify(stranger, email)
    first, second = (token_of(str(link)) for link in links_to(app, email))
    checked(await visitor.post("mail-addresses/confirm", json={"token": first}))
    [mine], [other] = await addresses(admin), await addresses(stranger)
    assert mine["confirmed_at"] and other["confirmed_at"] is None
    refused(await stranger.http.post(f"mail-addresses/{mine['id']}/ask-again"), 404)
    for wrong in (first[:-1], second[:20] + first[20:], "x", "\x00"):
        answer = await visitor.post("mail-addresses/confirm", json={"token": wrong})
        assert answer.status_code in (404, 422)
    # A member of one tenant is a stranger to the other.
    assert (await notify(stranger, admin.email))["unconfirmed"] == [admin.email]


def links_to(app: FastAPI, email: str) -> list[str]:
    texts = [mail.get_content().split() for mail in mails_to(app, email)]
    return [next(word for word in words if word.startswith("http")) for words in texts]


async def test_somebody_is_asked_again_once_a_day(app: FastAPI, member: Person, visitor: AsyncClient):
    email = new_email()
    await notify(member, email)
    [address] = await addresses(member)
    path = f"mail-addresses/{address['id']}/ask-again"
    assert int((await member.http.post(path)).headers["retry-after"]) > 80_000
    checked(await visitor.post("mail-addresses/confirm", json={"token": token_of(mailed_link(app, email))}))
    refused(await member.http.post(path), 409, "address_confirmed")
    refused(await member.http.post(f"mail-addresses/{uuid4()}/ask-again"), 404)


async def test_few_strangers_can_be_asked_a_day(app: FastAPI, admin: Person):
    emails = [new_email() for _ in range(60)]
    for first in (0, 20):
        await notify(admin, *emails[first : first + 20])
    answer = await admin.http.post(
        "notifications",
        json={"name": "n", "channel": "email", "recipients": emails[40:], "statuses": ["failed"]},
    )
    refused(answer, 429)
    assert "WATCHBILL_MAIL_LIMIT_STRANGERS" in answer.json()["detail"]
    assert sum(len(mails_to(app, email)) for email in emails) == 40
    for index in range(10):
        checked(
            await admin.http.post("invitations", json={"email": f"i{index}-{emails[0]}", "role": "viewer"}),
            201,
        )
    answer = await admin.http.post("invitations", json={"email": new_email(), "role": "viewer"})
    refused(answer, 429)


async def test_mails_are_counted_by_day_and_no_two_take_the_last(admin: Person, database: Database):
    limits = MailLimits(all=10, strangers=3)

    async def one(stranger: bool) -> bool:
        try:
            async with database.transaction(admin.scope) as work:
                await mail_limits.count(work.session, limits, stranger=stranger)
        except TooManyRequests:
            return False
        return True

    assert sum(await asyncio.gather(*(one(True) for _ in range(6)))) == 3
    assert sum(await asyncio.gather(*(one(False) for _ in range(12)))) == 7
    async with database.transaction(admin.scope) as work:
        tomorrow = now().replace(year=2031)
        await mail_limits.count(work.session, limits, stranger=True, now=tomorrow)
        for _ in range(40):
            await mail_limits.count(work.session, MailLimits(0, 0), stranger=True, now=tomorrow)


async def test_a_used_up_day_lets_mails_wait(admin: Person, database: Database, office: Office):
    await notify(admin, admin.email)
    async with database.transaction(admin.scope) as work:
        for _ in range(mail_limits.DEFAULT.all):
            await mail_limits.count(work.session, mail_limits.DEFAULT, now=office.now)
    [sent] = await fail(database, admin, office)
    assert (sent["status"], office.post.mails) == ("pending", [])
    assert "mails a day" in sent["attempts"][-1]["error"]
    await office.work(hours=25)
    assert [mail.to for mail in office.post.mails] == [admin.email]


@pytest.mark.parametrize("name", ["Win\r\nBcc: eve@example.org", "x" * 180, "‮evil", "a\u2028b\x0bc"])
async def test_no_subject_is_chosen_and_what_was_typed_stands_in_one_line(
    admin: Person, database: Database, office: Office, name: str
):
    await notify(admin, admin.email)
    flow = await make_flow(admin)
    # Also names that were stored before the rules for them.
    async with database.transaction(admin.scope) as work:
        renamed = text("UPDATE flows SET name = :name WHERE id = :id")
        await work.session.execute(renamed, {"name": name, "id": flow["id"]})
    run = await start(admin, flow["id"])
    await end(database, admin, run, "failed")
    await office.work()
    [mail] = office.post.mails
    assert mail.subject == "Watchbill: an execution failed"
    [line] = [line for line in mail.text.splitlines() if line.startswith("Flow: ")]
    assert line.isprintable() and len(line) <= 106
