"""The audit log: what is noted, what is hidden, and what shows that somebody tampered."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.elsewhere import elsewhere
from tests.people import PASSWORD, Person, checked, http_client, refused
from watchbill.kit.database.transactions import Database


async def entries(database: Database, person: Person) -> list[dict]:
    async with database.transaction(person.scope) as work:
        return list(await work.session.scalars(text("SELECT entry FROM audit_log ORDER BY seq")))


async def test_a_change_is_noted_with_what_was_before_and_after(database: Database, admin: Person):
    agent = checked(await admin.http.post("agents", json={"name": "a", "role": "r", "goal": "g"}), 201)
    checked(await admin.http.patch(f"agents/{agent['id']}", json={"goal": "better"}))
    checked(await admin.http.delete(f"agents/{agent['id']}"), 204)
    made, changed, deleted = (await entries(database, admin))[-3:]
    assert [made["action"], changed["action"], deleted["action"]] == [
        "create_agent",
        "change_agent",
        "delete_agent",
    ]
    assert made["actor"] == {
        "kind": "user",
        "id": str(admin.user_id),
        "user_id": str(admin.user_id),
        "name": admin.email,
    }
    assert made["target"] == {"type": "agents", "id": agent["id"], "name": "a"}
    assert made["permission"] == "agents:write" and made["outcome"] == "done"
    assert changed["changes"][0]["before"]["goal"] == "g"
    assert changed["changes"][0]["after"]["goal"] == "better"
    assert deleted["changes"][0]["before"]["name"] == "a"
    assert made["origin"]["address"] == "127.0.0.1"
    assert len(made["request"]["id"]) == 32 and made["request"]["method"] == "POST"


async def test_reading_is_not_noted(database: Database, admin: Person):
    before = len(await entries(database, admin))
    checked(await admin.http.get("agents"))
    checked(await admin.http.get("auth/me"))
    assert len(await entries(database, admin)) == before


async def test_what_failed_leaves_no_entry(database: Database, admin: Person):
    before = len(await entries(database, admin))
    refused(await admin.http.post("agents", json={"name": ""}), 422)
    refused(await admin.http.delete(f"agents/{admin.user_id}"), 404)
    assert len(await entries(database, admin)) == before


async def test_secrets_are_hidden(database: Database, admin: Person):
    form = {
        "name": "p",
        "provider_type": "openai_compatible",
        "base_url": "http://127.0.0.1:9/v1",
        "api_key": "sk-very-secret-1234",
    }
    checked(await admin.http.post("llm-providers", json=form), 201)
    entry = (await entries(database, admin))[-1]
    assert entry["changes"][0]["after"]["sealed_key"] == "[hidden]"
    assert "very-secret" not in str(entry)


async def test_what_is_long_is_noted_by_its_digest(database: Database, admin: Person):
    definition = {"schema": "watchbill.flow/v1", "nodes": [], "edges": [], "layout": {}, "note": "x" * 5000}
    checked(await admin.http.post("flows", json={"name": "f", "definition": definition}), 201)
    noted = (await entries(database, admin))[-1]["changes"][0]["after"]["definition"]
    assert noted["bytes"] > 5000 and len(noted["sha256"]) == 64


async def test_people_and_keys_are_called_by_their_names(
    app, database: Database, admin: Person, visitor, stranger: Person
):
    """Who reads "remove member" wants to know whom, also when the account is gone."""
    sent = checked(await admin.http.post("invitations", json={"email": stranger.email}), 201)
    token = sent["link"].rpartition("=")[2]
    form = {"token": token, "password": PASSWORD}
    checked(await visitor.post("auth/invitation/accept", json=form))
    checked(await admin.http.patch(f"members/{stranger.user_id}", json={"role": "viewer"}))
    checked(await admin.http.delete(f"members/{stranger.user_id}"), 204)
    key = checked(await admin.http.post("api-keys", json={"name": "CI", "scopes": ["flows:read"]}), 201)
    checked(await admin.http.delete(f"api-keys/{key['id']}"), 204)
    refused(await admin.http.delete(f"api-keys/{key['id']}"), 404)
    await admin.http.post("invitations", json={"email": "new@example.com"})
    told = {entry["action"]: entry["target"] for entry in await entries(database, admin) if entry["target"]}
    assert told["accept"]["name"] == told["change_role"]["name"] == stranger.email
    assert told["remove_member"]["name"] == stranger.email
    assert told["invite"]["name"] == "new@example.com"
    assert told["revoke_key"] == {"type": "api_keys", "id": key["id"], "name": "CI"}
    invited = next(e for e in await entries(database, admin) if e["action"] == "invite")
    # No invitation of that address was over, so none was removed before.
    assert [change["operation"] for change in invited["changes"]] == ["create"]
    found = checked(await admin.http.get("audit-log", params={"q": stranger.email}))["items"]
    assert {"accept", "change_role", "remove_member"} <= {entry["action"] for entry in found}


async def test_refused_sign_ins_are_noted(database: Database, visitor, admin: Person):
    before = len(await entries(database, admin))
    form = {"email": admin.email, "password": "not the password"}
    refused(await visitor.post("auth/login", json=form), 401)
    refused(await visitor.post("auth/login", json=form | {"email": "nobody@example.com"}), 401)
    (entry,) = (await entries(database, admin))[before:]
    assert (entry["action"], entry["outcome"]) == ("login", "denied")
    assert entry["reason"] == "bad_credentials"
    assert entry["actor"]["name"] == admin.email
    assert "not the password" not in str(entry)


async def test_a_refused_attempt_is_noted(database: Database, admin: Person, viewer: Person):
    refused(await viewer.http.post("agents", json={"name": "a", "role": "r", "goal": "g"}), 403)
    entry = (await entries(database, admin))[-1]
    assert (entry["outcome"], entry["reason"]) == ("denied", "role_forbids")
    assert entry["actor"]["name"] == viewer.email
    assert entry["action"] == "create_agent"


async def test_entries_made_at_once_form_one_chain(database: Database, admin: Person):
    forms = [{"name": f"a{number}", "role": "r", "goal": "g"} for number in range(20)]
    answers = await asyncio.gather(*(admin.http.post("agents", json=form) for form in forms))
    assert {answer.status_code for answer in answers} == {201}
    async with database.transaction(admin.scope) as work:
        numbers = list(await work.session.scalars(text("SELECT seq FROM audit_log ORDER BY seq")))
        assert numbers == list(range(1, len(numbers) + 1))


async def test_the_log_can_be_searched(admin: Person, member: Person):
    for person, name in ((admin, "first"), (member, "second")):
        checked(await person.http.post("agents", json={"name": name, "role": "r", "goal": "g"}), 201)
    refused(await member.http.get("audit-log"), 403)

    async def found(**query: str) -> list[str]:
        items = checked(await admin.http.get("audit-log", params=query))["items"]
        return [f"{item['action']} {(item['target'] or {}).get('name')}" for item in items]

    assert (await found())[:3] == ["list_audit_log None", "create_agent second", "create_agent first"]
    assert await found(q="SECOND") == ["create_agent second"]
    assert await found(q=member.email) == ["list_audit_log None", "create_agent second"]
    assert await found(q="no such word", q_action="create_agent") == [
        "create_agent second",
        "create_agent first",
    ]
    refused(await admin.http.get("audit-log", params={"q_action": "create_agent"}), 422)
    assert await found(action="create_agent", actor_id=str(admin.user_id)) == ["create_agent first"]
    assert await found(outcome="denied") == ["list_audit_log None"]
    assert await found(until="2020-01-01T00:00:00Z") == []
    assert await found(since="0001-01-01T00:00:00+14:00", q="first") == ["create_agent first"]
    first = checked(await admin.http.get("audit-log", params={"limit": 1}))
    second = checked(await admin.http.get("audit-log", params={"limit": 1, "cursor": first["next_cursor"]}))
    assert second["items"][0]["target"]["name"] == "second"
    one = checked(await admin.http.get(f"audit-log/{first['items'][0]['id']}"))
    assert one == first["items"][0]
    refused(await admin.http.get(f"audit-log/{admin.user_id}"), 404)


async def test_tampering_shows(database: Database, admin: Person):
    for number in range(3):
        form = {"name": f"a{number}", "role": "r", "goal": "g"}
        checked(await admin.http.post("agents", json=form), 201)

    async def verdict() -> tuple[bool, int | None]:
        answer = checked(await admin.http.get("audit-log/verification"))
        return answer["ok"], answer["broken_at"]

    async def tamper(statement: str) -> None:
        async with database.transaction() as work:
            schema = admin.scope.schema
            await work.session.execute(text(statement.format(log=f"{schema}.audit_log", s=schema)))

    assert await verdict() == (True, None)
    change = "UPDATE {log} SET entry = jsonb_set(entry, '{{actor,name}}', '\"%s\"') WHERE seq = 2"
    await tamper(change % "somebody@else.com")
    assert await verdict() == (False, 2)
    await tamper(change % admin.email)
    assert await verdict() == (True, None)
    await tamper("CREATE TABLE {s}.kept AS SELECT * FROM {log} WHERE seq = 2")
    await tamper("DELETE FROM {log} WHERE seq = 2")
    assert await verdict() == (False, 2)
    await tamper("INSERT INTO {log} SELECT * FROM {s}.kept")
    assert await verdict() == (True, None)
    newest = "SELECT * FROM {log} WHERE seq = (SELECT max(seq) FROM {log})"
    await tamper(f"CREATE TABLE {{s}}.newest AS {newest}")
    await tamper("DELETE FROM {log} WHERE seq = (SELECT max(seq) FROM {log})")
    assert (await verdict())[0] is False
    await tamper("INSERT INTO {log} SELECT * FROM {s}.newest")
    assert await verdict() == (True, None)


_PENDING = text("INSERT INTO audit_pending (id, entry) VALUES (gen_random_uuid(), '{}')")


async def note(database: Database, admin: Person) -> None:
    async with database.transaction(admin.scope) as second:
        await second.session.execute(_PENDING)


async def test_a_transaction_that_has_noted_something_keeps_nobody_waiting(database: Database, admin: Person):
    async with database.transaction(admin.scope) as first:
        await first.session.execute(_PENDING)
        async with asyncio.timeout(120):
            await elsewhere(note(database, admin))
    async with database.transaction(admin.scope) as work:
        assert await work.session.scalar(text("SELECT count(*) FROM audit_pending")) == 0
    assert checked(await admin.http.get("audit-log/verification"))["ok"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_log SELECT seq + 1, gen_random_uuid(), created_at, entry, hash FROM audit_log",
        "UPDATE audit_log SET entry = '{}'",
        "DELETE FROM audit_log",
        "UPDATE audit_head SET seq = 1",
        "DELETE FROM audit_head",
        "UPDATE audit_pending SET entry = '{}'",
    ],
)
async def test_a_tenants_own_role_cannot_touch_the_chain(database: Database, admin: Person, statement: str):
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.transaction(admin.scope) as work:
            await work.session.execute(text(statement))


async def test_sign_ins_are_noted(database: Database, visitor, admin: Person):
    before = len(await entries(database, admin))
    checked(await visitor.post("auth/login", json={"email": admin.email, "password": PASSWORD}))
    (entry,) = (await entries(database, admin))[before:]
    assert (entry["action"], entry["outcome"]) == ("login", "done")
    assert entry["actor"]["name"] == admin.email
    assert entry["target"]["type"] == "sign_ins"


async def test_a_key_is_noted_when_it_is_used_but_once_a_minute(app, database: Database, admin: Person):
    form = {"name": "k", "scopes": ["flows:read", "agents:write"]}
    made = checked(await admin.http.post("api-keys", json=form), 201)
    before = len(await entries(database, admin))
    async with http_client(app, made["key"]) as program:
        for _ in range(3):
            checked(await program.get("flows"))
        checked(await program.post("agents", json={"name": "a", "role": "r", "goal": "g"}), 201)
    used, changed = (await entries(database, admin))[before:]
    assert (used["action"], used["actor"]["kind"]) == ("list_flows", "key")
    assert (used["actor"]["id"], used["actor"]["name"]) == (made["id"], admin.email)
    assert changed["action"] == "create_agent" and changed["actor"]["id"] == made["id"]
