"""A tenant's life: renaming, exporting, suspending, deleting with nothing left."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text
from typer.testing import CliRunner

from tests import people
from tests.engine.test_neighbours import CALM
from tests.people import PASSWORD, Person, checked, refused
from tests.security.test_isolation import start
from watchbill.cli import tenants as commands
from watchbill.cli.commands import app as cli
from watchbill.cli.installation import Installation
from watchbill.core.errors import Conflict
from watchbill.features.executions.starting import Ask, start_definition
from watchbill.features.identity.tables import Membership
from watchbill.features.tenants import service
from watchbill.features.tenants.service import Stores
from watchbill.kit.database.revisions import head
from watchbill.kit.secrets.crypto import KeyRing


def installation(app: FastAPI) -> Installation:
    keys = KeyRing.parse(app.state.settings.encryption_keys.get_secret_value())
    parts = app.state.executions
    journal, live = parts.journal, parts.publisher
    return Installation(app.state.database, app.state.redis, parts.documents, keys, journal, live)


async def test_a_tenant_can_be_seen_by_all_and_renamed_by_admins(admin: Person, viewer: Person):
    seen = checked(await viewer.http.get("tenant"))
    assert (seen["name"], seen["status"], seen["members"]) == ("Acme", "active", 2)
    assert seen["limits"] == {"user_a_minute": None, "tenant_a_minute": None, "running": None}
    refused(await viewer.http.patch("tenant", json={"name": "Mine"}), 403)
    renamed = checked(await admin.http.patch("tenant", json={"name": "Acme Ltd"}))
    assert (renamed["name"], renamed["slug"]) == ("Acme Ltd", seen["slug"])
    refused(await admin.http.patch("tenant", json={"name": ""}), 422)
    entry = checked(await admin.http.get("audit-log"))["items"][0]
    assert entry["changes"][0]["before"] == {"name": "Acme"}


async def test_the_export_has_everything_but_secrets(admin: Person, stranger: Person):
    flow = checked(await admin.http.post("flows", json={"name": "Mine ⚓", "definition": {}}), 201)
    checked(await stranger.http.post("flows", json={"name": "Theirs", "definition": {}}), 201)
    key = {"name": "p", "provider_type": "openai", "api_key": "sk-very-secret-1234"}
    checked(await admin.http.post("llm-providers", json=key), 201)
    answer = await admin.http.post("tenant/export")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    (exported,) = map(json.loads, files["flows.jsonl"].splitlines())
    assert (exported["id"], exported["name"]) == (flow["id"], "Mine ⚓")
    (provider,) = map(json.loads, files["llm_providers.jsonl"].splitlines())
    assert "sealed_key" not in provider and provider["api_key_hint"] == "sk-...1234"
    assert json.loads(files["members.jsonl"])["email"] == admin.email
    assert json.loads(files["tenant.json"])["name"] == "Acme"
    assert "Theirs" not in str(files) and "very-secret" not in str(files)
    assert len(files["audit_log.jsonl"].splitlines()) >= 3


async def test_a_suspended_tenant_lets_nobody_in_until_it_is_activated(
    app: FastAPI, admin: Person, visitor: AsyncClient
):
    await start(admin)
    here = installation(app)
    # No worker runs: what waits for one is cancelled all the same.
    await commands.suspend(here, str(admin.tenant_id))
    refused(await admin.http.get("flows"), 403, "tenant_suspended")
    form = {"email": admin.email, "password": PASSWORD}
    problem = refused(await visitor.post("auth/login", json=form), 403, "tenant_suspended")
    assert "suspended" in problem["detail"]
    await commands.activate(here, str(admin.tenant_id))
    run = checked(await admin.http.get("executions"))["items"][0]
    assert run["status"] == "cancelled"
    entries = checked(await admin.http.get("audit-log"))["items"]
    assert {"suspend_tenant", "activate_tenant"} <= {entry["action"] for entry in entries}
    assert next(e for e in entries if e["action"] == "suspend_tenant")["actor"]["kind"] == "system"


async def test_what_was_stored_in_the_moment_of_a_suspension_is_cancelled_by_whoever_takes_it(
    app: FastAPI, admin: Person, stranger: Person
):
    """A request or a schedule that was let in just before commits what it starts just after."""
    here = installation(app)
    await commands.suspend(here, str(admin.tenant_id))
    ids: list[UUID] = []
    for person in (admin, stranger):
        async with here.database.transaction(person.scope) as work:
            started = await start_definition(work.session, person.scope, CALM, Ask({"topic": "x"}))
        ids.append(started.execution.id)
    claims = await here.journal.claim("a worker", lease_seconds=30, limit=10, only=ids)
    found = {claim.execution_id: claim for claim in claims}
    assert [found[id_].control.cancel for id_ in ids] == [True, False]
    await commands.activate(here, str(admin.tenant_id))
    control = await here.journal.control(ids[0], found[ids[0]].epoch)
    assert control is not None and control.cancel, "activating takes no cancel back"


async def test_own_limits(app: FastAPI, admin: Person):
    await commands.limit(installation(app), str(admin.tenant_id), 7, None, 3)
    limits = checked(await admin.http.get("tenant"))["limits"]
    assert limits == {"user_a_minute": 7, "tenant_a_minute": None, "running": 3}


async def test_deleting_leaves_nothing_in_any_store(
    app: FastAPI, admin: Person, member: Person, stranger: Person, visitor: AsyncClient
):
    await start(stranger)
    checked(await admin.http.post("flows", json={"name": "f", "definition": {}}), 201)
    await app.state.redis.set(admin.scope.key("something"), "1")
    slug = checked(await admin.http.get("tenant"))["slug"]
    refused(await member.http.delete("tenant", params={"confirm": slug}), 403)
    refused(await admin.http.delete("tenant", params={"confirm": "other"}), 422, "not_confirmed")
    checked(await admin.http.delete("tenant", params={"confirm": slug}), 204)
    parts = app.state.executions
    stores = Stores(app.state.database, app.state.redis, parts.documents, parts)
    assert await service.remains(stores, admin.tenant_id) == []
    refused(await admin.http.get("flows"), 401)
    form = {"email": admin.email, "password": PASSWORD}
    refused(await visitor.post("auth/login", json=form), 401, "bad_credentials")
    # The neighbour has everything still.
    assert checked(await stranger.http.get("executions"))["items"]
    # The address can be used again.
    checked(await visitor.post("auth/register", json=form | {"tenant_name": "Again"}), 201)


async def test_deleting_leaves_nobody_to_be_told_of_what_it_stopped(
    app: FastAPI, admin: Person, stranger: Person
):
    """Also where no worker runs that would find that there is nobody."""
    told = {
        "name": "Ends",
        "channel": "webhook",
        "statuses": ["cancelled"],
        "recipients": ["http://127.0.0.1:9/"],
    }
    for person in (admin, stranger):
        checked(await person.http.post("notifications", json=told), 201)
        await start(person)
    await commands.suspend(installation(app), str(stranger.tenant_id))
    slug = checked(await admin.http.get("tenant"))["slug"]
    checked(await admin.http.delete("tenant", params={"confirm": slug}), 204)
    async with app.state.database.transaction() as work:
        query = text("SELECT tenant_id FROM public.due_work WHERE kind = 'end'")
        left = set(await work.session.scalars(query))
    assert stranger.tenant_id in left and admin.tenant_id not in left


async def test_whoever_belongs_elsewhere_too_stays(app: FastAPI, admin: Person, stranger: Person):
    async with app.state.database.transaction() as work:
        work.session.add(Membership(user_id=admin.user_id, tenant_id=stranger.tenant_id, role="viewer"))
    slug = checked(await admin.http.get("tenant"))["slug"]
    checked(await admin.http.delete("tenant", params={"confirm": slug}), 204)
    async with http(app) as client:
        form = {"email": admin.email, "password": PASSWORD}
        session = checked(await client.post("auth/login", json=form))
    assert session["tenant"]["id"] == str(stranger.tenant_id)


def http(app: FastAPI) -> AsyncClient:
    return people.http_client(app)


async def test_a_key_may_not_delete_a_tenant(app: FastAPI, admin: Person):
    slug = checked(await admin.http.get("tenant"))["slug"]
    form = {"name": "k", "scopes": ["tenant:read", "tenant:write"]}
    key = checked(await admin.http.post("api-keys", json=form), 201)["key"]
    async with people.http_client(app, key) as program:
        checked(await program.get("tenant"))
        refused(await program.delete("tenant", params={"confirm": slug}), 403, "person_needed")


def test_commands_say_what_is_wrong_in_a_sentence(settings, monkeypatch):
    monkeypatch.setenv("WATCHBILL_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("WATCHBILL_REDIS_URL", settings.redis_url.get_secret_value())
    result = CliRunner().invoke(cli, ["tenants", "suspend", "nobody-here"])
    assert result.exit_code == 1
    assert result.stderr.strip() == "There is no tenant nobody-here."
    assert CliRunner().invoke(cli, ["tenants", "list"]).exit_code == 0
    assert CliRunner().invoke(cli, ["audit", "verify"]).exit_code == 0
    result = CliRunner().invoke(cli, ["migrate", "--status"])
    assert (result.exit_code, result.stdout[:24]) == (0, "Everything is up to date")


@pytest.mark.parametrize(
    "command", ["tenants list", "audit verify", "keys status", "keys rotate", "migrate --status"]
)
def test_a_mistyped_data_directory_becomes_no_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
):
    for name in ("WATCHBILL_DATABASE_URL", "WATCHBILL_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    missing = tmp_path / "missing"
    result = CliRunner().invoke(cli, [*command.split(), "--data-dir", str(missing)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"There is no Watchbill in {missing};")
    assert not missing.exists()


async def test_names_cannot_command_the_operators_terminal(app: FastAPI, admin: Person, capsys):
    async with app.state.database.engine.begin() as connection:
        # As one that was stored before names were looked at.
        rename = text("UPDATE public.tenants SET name = :name WHERE id = :id")
        await connection.execute(rename, {"name": "a\x1b[2J\nforged", "id": admin.tenant_id})
    await commands.show_all(installation(app))
    line = next(line for line in capsys.readouterr().out.splitlines() if str(admin.tenant_id) in line)
    assert line.endswith("a�[2J�forged")


async def test_an_export_that_cannot_be_written_leaves_nothing(
    app: FastAPI, admin: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(Conflict, match="cannot be written"):
        await commands.export(installation(app), str(admin.tenant_id), tmp_path / "none" / "x.zip")
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 (a test waits for nobody)


async def test_a_tenant_that_is_not_migrated_is_refused_with_the_reason(app: FastAPI, admin: Person):
    key = checked(await admin.http.post("api-keys", json={"name": "k", "scopes": ["flows:read"]}), 201)
    statement = text("UPDATE public.tenants SET schema_revision = :revision WHERE id = :id")
    async with app.state.database.transaction() as work:
        await work.session.execute(statement, {"revision": "0001", "id": admin.tenant_id})
    problem = refused(await admin.http.get("flows"), 503, "tenant_not_migrated")
    assert "watchbill migrate --status" in problem["detail"]
    async with people.http_client(app, key["key"]) as program:
        refused(await program.get("flows"), 503, "tenant_not_migrated")
    async with app.state.database.transaction() as work:
        await work.session.execute(statement, {"revision": head("tenant"), "id": admin.tenant_id})
    checked(await admin.http.get("flows"))
