"""Notifications: everybody who asked is told once of each end, until they have heard it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.elsewhere import elsewhere
from tests.features.flows.test_flows import make_flow
from tests.features.notifications.telling import Office, Receiver, deliveries, end, make_notification, start
from tests.people import Person, checked, refused
from watchbill.core.ports.mail import MailFailed
from watchbill.features.notifications import queries
from watchbill.features.notifications.notifier import WAITS
from watchbill.kit import due_work
from watchbill.kit.database.transactions import Database
from watchbill.kit.due_work import Due
from watchbill.kit.due_work.store import hold
from watchbill.kit.secrets.signatures import BadSignature, verify


async def test_a_notification_from_making_to_deleting(member: Person, receiver: Receiver):
    made = await make_notification(member, channel="webhook", recipients=[receiver.url, receiver.url])
    assert made["recipients"] == [receiver.url] and made["secret"].startswith("whs_")
    del made["secret"]
    path = f"notifications/{made['id']}"
    assert checked(await member.http.get(path)) == made
    assert checked(await member.http.get("notifications"))["items"] == [made]
    assert checked(await member.http.get("notifications", params={"flow_id": str(uuid4())}))["items"] == []
    changed = checked(await member.http.patch(path, json={"is_active": False, "statuses": ["failed"]}))
    assert (changed["is_active"], changed["statuses"]) == (False, ["failed"])
    new = checked(await member.http.post(f"{path}/rotate-secret"))["secret"]
    assert new.startswith("whs_")
    checked(await member.http.delete(path), 204)
    refused(await member.http.get(path), 404)


async def test_a_url_is_told_and_can_check_who_tells(
    admin: Person, database: Database, office: Office, receiver: Receiver
):
    made = await make_notification(admin, channel="webhook", recipients=[receiver.url])
    run = await start(admin)
    await end(database, admin, run, outputs={"topic": "é"})
    await office.work(workers=3)
    [(headers, body)] = receiver.heard
    stamp, signature = headers["x-watchbill-timestamp"], headers["x-watchbill-signature"]
    verify([made["secret"]], stamp, signature, body, now=office.now.timestamp(), window=5)
    with pytest.raises(BadSignature):
        verify([made["secret"]], stamp, signature, body + b" ", now=office.now.timestamp(), window=5)
    told = json.loads(body)
    [sent] = await deliveries(admin, execution_id=run)
    assert told["id"] == headers["x-watchbill-delivery"] == sent["id"]
    assert told["type"] == "execution_completed"
    assert told["url"] == f"http://here/executions/view?id={run}"
    assert told["execution"]["outputs"] == {"topic": "é"}
    assert (told["execution"]["flow_name"], told["execution"]["id"]) == ("Daily report", run)
    assert (sent["status"], sent["next_at"]) == ("delivered", None)
    assert (sent["attempts"][0]["ok"], sent["attempts"][0]["status"]) == (True, 204)
    await office.work(workers=2, hours=1)
    assert len(receiver.heard) == 1


async def test_only_what_was_asked_for_is_told(
    admin: Person, stranger: Person, database: Database, office: Office, receiver: Receiver
):
    mine, other = await make_flow(admin), await make_flow(admin)
    form = {"channel": "webhook", "recipients": [receiver.url]}
    await make_notification(admin, flow_id=mine["id"], statuses=["failed", "cancelled"], **form)
    for flow, status in ((mine, "completed"), (other, "failed"), (mine, "failed"), (mine, "cancelled")):
        await end(database, admin, await start(admin, flow["id"]), status)
    await end(database, stranger, await start(stranger), "failed")
    await office.work()
    told = {json.loads(body)["type"]: json.loads(body)["execution"] for _, body in receiver.heard}
    assert len(receiver.heard) == 2
    assert told.keys() == {"execution_failed", "execution_cancelled"}
    assert told["execution_failed"]["error"]["message"] == "It broke"


async def test_nothing_is_left_behind_where_nobody_asked(
    admin: Person, database: Database, receiver: Receiver
):
    async def left() -> int:
        async with database.transaction() as work:
            query = text("SELECT count(*) FROM public.due_work WHERE kind = 'end' AND tenant_id = :tenant")
            return (await work.session.execute(query, {"tenant": admin.tenant_id})).scalar_one()

    await end(database, admin, await start(admin))
    assert await left() == 0
    made = await make_notification(admin, channel="webhook", recipients=[receiver.url])
    await end(database, admin, await start(admin))
    assert await left() == 1
    checked(await admin.http.patch(f"notifications/{made['id']}", json={"is_active": False}))
    await end(database, admin, await start(admin))
    assert await left() == 1


async def test_a_url_that_fails_is_tried_again_for_a_day(
    admin: Person, database: Database, office: Office, receiver: Receiver
):
    receiver.status = 500
    await make_notification(admin, channel="webhook", recipients=[receiver.url])
    run = await start(admin)
    await end(database, admin, run)
    await office.work()
    for wait in WAITS:
        [sent] = await deliveries(admin, execution_id=run)
        assert sent["status"] == "pending"
        due = datetime.fromisoformat(sent["next_at"])
        assert due - office.now == timedelta(seconds=wait)
        await office.work(seconds=wait + 1)
    [sent] = await deliveries(admin, execution_id=run)
    assert (sent["status"], sent["next_at"], len(sent["attempts"])) == ("failed", None, len(WAITS) + 1)
    assert sum(WAITS) > 23 * 3600
    assert "500" in sent["attempts"][0]["error"] and sent["attempts"][0]["status"] == 500
    assert len({headers["x-watchbill-delivery"] for headers, _ in receiver.heard}) == 1
    await office.work(days=2)
    assert len(receiver.heard) == len(WAITS) + 1
    # Sent again by hand, it starts from the beginning.
    receiver.status = 200
    again = checked(await admin.http.post(f"notification-deliveries/{sent['id']}/resend"))
    assert again["status"] == "pending"
    await office.work()
    assert (await deliveries(admin, status="delivered"))[0]["id"] == sent["id"]
    refused(await admin.http.post(f"notification-deliveries/{uuid4()}/resend"), 404)


async def test_what_will_not_go_better_later_is_given_up(
    admin: Person, database: Database, office: Office, receiver: Receiver
):
    receiver.status = 410
    await make_notification(admin, channel="webhook", recipients=[receiver.url])
    run = await start(admin)
    await end(database, admin, run)
    await office.work()
    [sent] = await deliveries(admin, execution_id=run)
    assert (sent["status"], len(sent["attempts"])) == ("failed", 1)
    receiver.status = 302
    checked(await admin.http.post(f"notification-deliveries/{sent['id']}/resend"))
    await office.work()
    [sent] = await deliveries(admin, execution_id=run)
    assert (sent["status"], sent["attempts"][1]["status"]) == ("pending", 302)


async def test_mails(admin: Person, member: Person, database: Database, office: Office):
    recipients = [admin.email.upper(), member.email]
    await make_notification(admin, channel="email", recipients=recipients, statuses=["failed"])
    run = await start(admin)
    await end(database, admin, run, "failed")
    await office.work()
    assert sorted(mail.to for mail in office.post.mails) == sorted(recipients)
    mail = office.post.mails[0]
    assert mail.subject == "Watchbill: an execution failed"
    assert (
        "Flow: Daily report\nError: It broke (node ask)\n" in mail.text
        and f"http://here/executions/view?id={run}" in mail.text
    )
    office.post.refusal = MailFailed("The server is busy.", passing=True)
    second = await start(admin)
    await end(database, admin, second, "failed")
    await office.work()
    assert {sent["status"] for sent in await deliveries(admin, execution_id=second)} == {"pending"}
    office.post.refusal = MailFailed("No such mailbox.", passing=False)
    await office.work(minutes=1)
    found = await deliveries(admin, execution_id=second)
    assert {sent["status"] for sent in found} == {"failed"}
    assert found[0]["attempts"][-1]["error"] == "No such mailbox."


async def test_old_deliveries_are_forgotten(
    admin: Person, database: Database, office: Office, receiver: Receiver
):
    await make_notification(admin, channel="webhook", recipients=[receiver.url])
    old, new = await start(admin), await start(admin)
    await end(database, admin, old)
    await office.work()
    async with database.transaction(admin.scope) as work:
        back = text("UPDATE notification_deliveries SET created_at = now() - interval '31 days'")
        await work.session.execute(back)
    await end(database, admin, new)
    await office.work()
    assert [sent["execution_id"] for sent in await deliveries(admin)] == [new]


async def test_huge_outputs_are_left_out(
    admin: Person, database: Database, office: Office, receiver: Receiver
):
    await make_notification(admin, channel="webhook", recipients=[receiver.url])
    await end(database, admin, await start(admin), outputs={"topic": "x" * 300_000})
    await office.work()
    told = json.loads(receiver.heard[0][1])["execution"]
    assert told["outputs"] is None and told["outputs_left_out"] is True


async def test_what_waits_is_not_sent_once_it_is_switched_off(
    admin: Person, database: Database, office: Office, receiver: Receiver
):
    receiver.status = 503
    made = await make_notification(admin, channel="webhook", recipients=[receiver.url])
    run = await start(admin)
    await end(database, admin, run)
    await office.work()
    checked(await admin.http.patch(f"notifications/{made['id']}", json={"is_active": False}))
    await office.work(minutes=1)
    [sent] = await deliveries(admin, execution_id=run)
    assert (sent["status"], len(receiver.heard)) == ("failed", 1)
    checked(await admin.http.delete(f"notifications/{made['id']}"), 204)
    assert await deliveries(admin) == []


@pytest.mark.parametrize(
    "form",
    [
        {"channel": "email", "recipients": ["nobody"]},
        {"channel": "email", "recipients": []},
        {"channel": "webhook", "recipients": ["ftp://example.com"]},
        {"channel": "webhook", "recipients": ["http://169.254.169.254/"]},
        {"channel": "webhook", "recipients": ["http://10.0.0.1/"]},
        {"channel": "fax", "recipients": ["1"]},
        {"channel": "email", "recipients": ["a@example.com"], "statuses": []},
        {"channel": "email", "recipients": ["a@example.com"], "statuses": ["running"]},
        {"channel": "email", "recipients": [f"a{i}@example.com" for i in range(21)]},
    ],
)
async def test_forms_that_are_refused(member: Person, form: dict[str, Any]):
    refused(await member.http.post("notifications", json={"name": "n"} | form), 422)


async def test_flows_of_others_are_not_found(member: Person, stranger: Person):
    flow = await make_flow(stranger)
    form = {"name": "n", "channel": "email", "recipients": ["a@example.com"], "flow_id": flow["id"]}
    refused(await member.http.post("notifications", json=form), 404)
    made = await make_notification(member, channel="email", recipients=["a@example.com"])
    path = f"notifications/{made['id']}"
    refused(await member.http.patch(path, json={"flow_id": flow["id"]}), 404)
    refused(await member.http.patch(path, json={"recipients": ["nobody"]}), 422)
    refused(await member.http.patch(path, json={"name": None}), 422)
    refused(await member.http.post(f"{path}/rotate-secret"), 409, "no_secret")


async def test_an_end_while_somebody_looks_at_an_earlier_one_is_not_lost(admin: Person, database: Database):
    """Somebody resumed the execution between."""
    await make_notification(admin, channel="email", recipients=[admin.email])
    run = await start(admin)
    key = {"id": UUID(run)}
    async with database.transaction() as work:
        query = text(
            "SELECT row_to_json(a)::text FROM public.active_executions AS a WHERE execution_id = :id"
        )
        row = await work.session.scalar(query, key)
    await end(database, admin, run)

    async def again() -> None:
        async with database.transaction() as work:
            put = "INSERT INTO public.active_executions SELECT * FROM"
            put += " json_populate_record(NULL::public.active_executions, CAST(:row AS json))"
            await work.session.execute(text(put), {"row": row})
            await work.session.execute(
                text("DELETE FROM public.active_executions WHERE execution_id = :id"), key
            )

    now = datetime.now(UTC) + timedelta(seconds=5)
    async with database.transaction() as work:
        due = Due(queries.END, admin.tenant_id, run, now)
        held = await hold(work.session, due, now, also_suspended=True)
        assert held is not None
        second = asyncio.create_task(elsewhere(again()))
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not second.done() and not await work.session.scalar(waits):
            pass
        await due_work.settle(work.session, held, None)
    await second
    async with database.transaction() as work:
        query = text("SELECT count(*) FROM public.due_work WHERE kind = 'end' AND key = :key")
        assert await work.session.scalar(query, {"key": run}) == 1
