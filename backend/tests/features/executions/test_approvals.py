"""Questions by mail: whoever is to be asked is asked once, in time, and can answer by the link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from tests import people
from tests.features.flows.test_flows import make_flow
from tests.features.notifications.telling import Office, deliveries, end, start
from tests.mails import token_of
from tests.people import Person, checked, refused
from watchbill.adapters.journal import PostgresJournal
from watchbill.config import Settings
from watchbill.core.events import NodeCompleted, NodeWaiting, envelope
from watchbill.core.ports.journal import Batch, Claim
from watchbill.core.ports.mail import MailFailed
from watchbill.features.approvals import links
from watchbill.features.identity.tables import Membership, User
from watchbill.kit.database.pool import Connections
from watchbill.nodes.approval import TYPE


@dataclass
class Asking:
    """Executions that ask, written as a worker writes them."""

    journal: PostgresJournal
    database: Any

    async def ask(self, person: Person, **config: Any) -> Claim:
        """Let a new execution of the person's tenant come to an Approval node."""
        run = await start(person, (await make_flow(person, name="Payroll"))["id"])
        [claim] = await self.journal.claim("me", lease_seconds=600, limit=1, only=[UUID(run)])
        await self.again(claim, **config)
        return claim

    async def again(self, claim: Claim, seq: int = 2, **config: Any) -> None:
        """Let the node ask (again)."""
        assert TYPE.wait is not None
        now = datetime.now(UTC)
        config = TYPE.config.model_validate({"title": "Pay 7 € to Ann?"} | config).model_dump()
        suspension = TYPE.wait.begin(config, now)
        assert suspension.request is not None
        await self.write(
            claim, seq, NodeWaiting(until=suspension.until, request=dict(suspension.request)), now
        )

    async def write(self, claim: Claim, seq: int, data: Any, now: datetime) -> None:
        event = envelope(data, seq=seq, execution_id=claim.execution_id, node_id="ask", timestamp=now)
        batch = Batch(claim.execution_id, claim.epoch, seq, [event], approvals=True)
        assert await self.journal.append(claim.scope, [batch], lease_seconds=600)


@pytest.fixture
async def asking(app: FastAPI, settings: Settings) -> AsyncIterator[Asking]:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        yield Asking(PostgresJournal(Connections(pool, 2)), app.state.database)


def told(office: Office) -> list[str]:
    return sorted(mail.to for mail in office.post.mails)


def token(office: Office, person: Person) -> str:
    """The token of the link in the last mail to somebody."""
    mail = next(mail for mail in reversed(office.post.mails) if mail.to == person.email)
    return token_of(next(word for word in mail.text.split() if word.startswith("http")))


async def look(visitor: AsyncClient, token: str):
    return await visitor.post("mailed-approvals", json={"token": token})


async def answer(visitor: AsyncClient, token: str, **form: Any):
    form = {"approved": True, "token": token} | form
    return await visitor.post("mailed-approvals/answer", json=form)


async def test_a_question_is_mailed_once_and_answered_by_its_link(
    admin: Person, member: Person, viewer: Person, office: Office, asking: Asking, visitor: AsyncClient
):
    fields = [{"name": "amount", "type": "integer"}]
    claim = await asking.ask(admin, details="**Rent**", notify=["member"], fields=fields)
    await office.work(workers=3)
    assert told(office) == sorted([admin.email, member.email])
    mail = next(mail for mail in office.post.mails if mail.to == member.email)
    assert mail.subject == "Watchbill: a flow waits for your answer"
    assert "Question: Pay 7 € to Ann?\n" in mail.text
    assert (
        "**Rent**" in mail.text
        and "Flow: Payroll\n" in mail.text
        and "http://here/answer/#token=" in mail.text
    )
    await office.work(hours=1)
    assert len(office.post.mails) == 2
    [listed] = checked(await viewer.http.get("approvals"))["items"]
    assert listed["mailed"] == [
        {"email": email, "status": "delivered", "escalated": False}
        for email in sorted([admin.email, member.email])
    ]
    assert checked(await viewer.http.get(f"approvals/{listed['id']}")) == listed

    key = token(office, member)
    shown = checked(await look(visitor, key))
    assert (shown["title"], shown["email"]) == ("Pay 7 € to Ann?", member.email)
    assert shown["fields"][0]["name"] == "amount" and "answer" not in shown
    wrong = refused(await answer(visitor, key), 422, "values_invalid")
    assert wrong["errors"][0]["loc"] == ["values", "amount"]
    both = await asyncio.gather(
        *(answer(visitor, token(office, one), values={"amount": 7}) for one in (admin, member))
    )
    assert sorted(one.status_code for one in both) == [204, 409]
    [question] = checked(await admin.http.get("approvals"))["items"]
    assert question["answer"]["values"] == {"amount": 7}
    by = question["answer"]["by"]
    assert await asking.journal.answers(claim.scope, claim.execution_id) == {"ask": question["answer"]}
    problem = refused(await look(visitor, key), 409, "approval_closed")
    assert problem["detail"] == f"{by} answered this question already."


async def test_the_answer_is_in_the_audit_log_as_the_persons(
    admin: Person, member: Person, office: Office, asking: Asking, visitor: AsyncClient
):
    await asking.ask(admin, notify=[member.email.upper()])
    await office.work()
    assert told(office) == [member.email]
    checked(await look(visitor, token(office, member)))
    checked(await answer(visitor, token(office, member), approved=False, comment="no"), 204)
    entries = checked(await admin.http.get("audit-log"))["items"]
    [entry] = [entry for entry in entries if entry["action"] == "answer_mailed_approval"]
    assert entry["actor"]["id"] == str(member.user_id) and entry["outcome"] == "done"
    assert entry["target"]["type"] == "approvals"
    assert "show_mailed_approval" not in {entry["action"] for entry in entries}


async def test_others_are_asked_when_nobody_answered(
    admin: Person, member: Person, office: Office, asking: Asking
):
    asked = {"notify": [member.email], "escalate_after_seconds": 3600, "escalate_to": ["admin", member.email]}
    await asking.ask(admin, **asked)
    await office.work()
    await office.work(minutes=59)
    assert told(office) == [member.email]
    await office.work(workers=2, minutes=2)
    assert told(office) == sorted([member.email, admin.email])
    assert "Nobody has answered yet" in office.post.mails[-1].text
    await office.work(days=3)
    assert len(office.post.mails) == 2


async def test_nobody_else_is_asked_once_it_was_answered(
    admin: Person, member: Person, office: Office, asking: Asking, visitor: AsyncClient
):
    await asking.ask(admin, notify=[member.email], escalate_after_seconds=60, escalate_to=["admin"])
    await office.work()
    checked(await answer(visitor, token(office, member)), 204)
    await office.work(hours=1)
    assert told(office) == [member.email]


async def test_a_mail_that_is_refused_is_sent_later_unless_the_question_is_closed(
    admin: Person, office: Office, asking: Asking, database: Any
):
    office.post.refusal = MailFailed("Try later.", passing=True)
    claim = await asking.ask(admin, notify=["admin"])
    await office.work()
    [sent] = await deliveries(admin, execution_id=str(claim.execution_id))
    assert (sent["status"], sent["notification_id"], sent["escalated"]) == ("pending", None, False)
    await end(database, admin, str(claim.execution_id))
    office.post.refusal = None
    await office.work(minutes=1)
    [sent] = await deliveries(admin, execution_id=str(claim.execution_id))
    assert sent["status"] == "failed" and "is closed" in sent["attempts"][-1]["error"]
    assert office.post.mails == []


async def test_only_people_who_may_answer_are_asked(
    admin: Person, viewer: Person, member: Person, stranger: Person, office: Office, asking: Asking
):
    notify = [viewer.email, member.email, stranger.email, "nobody@example.com", "admin"]
    claim = await asking.ask(admin, role="admin", notify=notify)
    await office.work()
    assert told(office) == [admin.email]
    sent = await deliveries(admin, execution_id=str(claim.execution_id))
    failed = {one["recipient"]: one["attempts"][0]["error"] for one in sent if one["status"] == "failed"}
    assert failed.keys() == {viewer.email, member.email, stranger.email, "nobody@example.com"}
    assert set(failed.values()) == {"No person with this address may answer the question."}


async def test_a_link_is_good_only_for_whoever_still_may_answer(
    app: FastAPI, admin: Person, office: Office, asking: Asking, visitor: AsyncClient
):
    person = await people.join(app, admin.tenant_id, "admin")
    await asking.ask(admin, role="admin", notify=[person.email])
    await office.work()
    key = token(office, person)
    changes = {
        "role_required": "UPDATE memberships SET role = 'member' WHERE user_id = :id",
        "access_ended": "DELETE FROM memberships WHERE user_id = :id",
    }
    for code, change in changes.items():
        async with app.state.database.transaction() as work:
            await work.session.execute(text(change), {"id": person.user_id})
        refused(await look(visitor, key), 403, code)
        refused(await answer(visitor, key), 403, code)
    async with app.state.database.transaction() as work:
        work.session.add(Membership(user_id=person.user_id, tenant_id=admin.tenant_id, role="admin"))
        (await work.session.get_one(User, person.user_id)).status = "disabled"
    refused(await answer(visitor, key), 403, "access_ended")
    await person.http.aclose()


async def test_a_link_is_good_for_its_question_and_its_time_only(
    admin: Person, office: Office, asking: Asking, visitor: AsyncClient, settings: Settings
):
    claim = await asking.ask(admin, notify=["admin"], deadline_seconds=600)
    await office.work()
    key = token(office, admin)
    secret = settings.jwt_secret.get_secret_value()
    link = links.read(secret, key, datetime.now(UTC))
    assert abs((link.expires_at - datetime.now(UTC)).total_seconds() - 600) < 60
    for bad in ("", "x", key[:-1], key[:-4] + "AAAA", links.sign("another", link), "é" * 9):
        refused(await look(visitor, bad), 404, "link_invalid")
    refused(await look(visitor, "x" * 300), 422)
    over = links.sign(secret, replace(link, expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    refused(await answer(visitor, over), 403, "link_expired")
    gone = links.sign(secret, replace(link, tenant_id=UUID(int=1)))
    refused(await answer(visitor, gone), 403, "access_ended")
    none = links.sign(secret, replace(link, approval_id=UUID(int=1)))
    refused(await answer(visitor, none), 404, "approval_not_found")
    # The node is tried again: what was mailed before is about another question.
    await asking.again(claim, seq=3, notify=["admin"])
    refused(await answer(visitor, key), 403, "link_expired")
    await office.work()
    assert len(office.post.mails) == 2
    checked(await answer(visitor, token(office, admin)), 204)


async def test_a_question_without_mails_leaves_nothing_for_workers(
    admin: Person, asking: Asking, database: Any
):
    claim = await asking.ask(admin)
    await asking.write(claim, 3, NodeCompleted(attempt=1), datetime.now(UTC))
    async with database.transaction() as work:
        rows = text("SELECT count(*) FROM public.due_work WHERE kind = 'question' AND tenant_id = :id")
        assert await work.session.scalar(rows, {"id": admin.tenant_id}) == 0
