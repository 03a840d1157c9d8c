"""An installation whose documents are in MongoDB: its tenants' exports and ends, and its health."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from tests import people
from tests.mongodb import MongoServer
from tests.people import Person, checked, refused
from watchbill.adapters.documents import PostgresDocuments
from watchbill.adapters.documents.mongo import MongoDocuments
from watchbill.api.app import create_app
from watchbill.cli import doctor
from watchbill.cli import tenants as commands
from watchbill.cli.installation import Installation, open_installation
from watchbill.config import Settings
from watchbill.core.errors import Conflict, NotFound
from watchbill.core.ports.documents import Document, DocumentsUnavailable
from watchbill.embedded.errors import CannotStart
from watchbill.kit.process.free_port import free_port

NOW = datetime(2026, 1, 1, 12, 30, 0, 123_456, tzinfo=UTC)
BODY = {"type": "log", "node_id": None, "data": {"level": "info", "message": "⚓ $a.b"}}


@pytest.fixture(scope="module")
def here(settings: Settings, mongodb: MongoServer) -> Settings:
    """Settings with MongoDB, beside which everything is the same."""
    return settings.model_copy(update={"mongo_url": SecretStr(mongodb.url("features"))})


@pytest.fixture(scope="module")
def nowhere(settings: Settings) -> Settings:
    """Settings with a MongoDB that is away."""
    url = f"mongodb://me:hushhush@127.0.0.1:{free_port()}/?timeoutMS=300"
    return settings.model_copy(update={"mongo_url": SecretStr(url)})


@pytest.fixture
async def app(here: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(here)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def installation(here: Settings) -> AsyncIterator[Installation]:
    async with open_installation(here) as installation:
        yield installation


async def write(app: FastAPI, person: Person, *kinds: str) -> None:
    for kind in kinds or ("execution_logs", "execution_outputs", "execution_exchanges"):
        entries = [("some", Document(seq, NOW, BODY)) for seq in range(1, 4)]
        await app.state.executions.documents.append(person.scope, kind, entries)


async def slug(person: Person) -> str:
    return checked(await person.http.get("tenant"))["slug"]


def exported(content: bytes) -> list[dict[str, object]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [json.loads(line) for line in archive.read("documents.jsonl").splitlines()]


async def test_an_export_has_the_documents_wherever_they_are(
    app: FastAPI, admin: Person, stranger: Person, installation: Installation, tmp_path: Path
) -> None:
    await write(app, admin)
    await write(app, stranger)
    # Of the time before there was a MongoDB.
    in_tables = PostgresDocuments(app.state.executions.journal._connections)  # noqa: SLF001 (there is no other pool)
    await in_tables.append(admin.scope, "execution_logs", [("old", Document(1, NOW, BODY))])
    answer = await admin.http.post("tenant/export")
    lines = exported(answer.content)
    assert len(lines) == 10 and {line["key"] for line in lines} == {"some", "old"}
    old, new = (
        next(line for line in lines if line["key"] == key and line["collection"] == "execution_logs")
        for key in ("old", "some")
    )
    assert old.keys() == new.keys() and old["body"] == new["body"] == BODY
    assert datetime.fromisoformat(str(new["created_at"])) == NOW
    await commands.export(installation, await slug(admin), tmp_path / "x.zip")
    assert len(exported((tmp_path / "x.zip").read_bytes())) == 10


async def test_deleting_a_tenant_leaves_no_collection(app: FastAPI, admin: Person, stranger: Person) -> None:
    await write(app, admin)
    await write(app, stranger)
    documents: MongoDocuments = app.state.executions.documents
    assert len(await documents.remains(admin.scope)) == 3
    checked(await admin.http.delete("tenant", params={"confirm": await slug(admin)}), 204)
    assert await documents.remains(admin.scope) == []
    assert len(await documents.remains(stranger.scope)) == 3


async def test_the_command_deletes_them_and_what_a_slow_worker_wrote_after_it(
    app: FastAPI,
    admin: Person,
    stranger: Person,
    installation: Installation,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await write(app, admin)
    name = await slug(admin)
    await commands.delete(installation, name, name)
    assert "nothing of it is left in PostgreSQL, MongoDB or Redis" in capsys.readouterr().out
    await write(app, admin, "execution_logs")
    id_ = str(admin.tenant_id)
    for wrong in (name, id_):
        with pytest.raises(NotFound):
            await commands.delete(installation, wrong, "something else")
    assert await installation.documents.remains(admin.scope) != []
    await commands.delete(installation, id_, id_)
    assert await installation.documents.remains(admin.scope) == []
    # A tenant that is there is not deleted by that word.
    with pytest.raises(Exception, match="confirm with its short name"):
        await commands.delete(installation, str(stranger.tenant_id), str(stranger.tenant_id))
    checked(await stranger.http.get("tenant"))


async def test_a_tenant_stays_while_its_documents_cannot_be_deleted(nowhere: Settings) -> None:
    app = create_app(nowhere)
    async with app.router.lifespan_context(app):
        person = await people.register(app)
        async with person.http:
            name = await slug(person)
            gone = await person.http.delete("tenant", params={"confirm": name})
            problem = refused(gone, 503, "documents_unavailable")
            assert "hushhush" not in str(problem)
            refused(await person.http.post("tenant/export"), 503, "documents_unavailable")
            checked(await person.http.get("flows"))
    async with open_installation(nowhere) as installation:
        with pytest.raises(DocumentsUnavailable):
            await commands.delete(installation, name, name)


async def test_what_cannot_be_checked_after_the_deletion_says_how_to_go_on(
    nowhere: Settings, here: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    id_ = str(uuid4())
    async with open_installation(nowhere) as installation:
        with pytest.raises(Conflict, match=f"watchbill tenants delete {id_} --confirm {id_}"):
            await commands.delete(installation, id_, id_)
    async with open_installation(here) as installation:
        await commands.delete(installation, id_, id_)
    assert f"There is no tenant {id_}, and nothing of it is left" in capsys.readouterr().out


async def test_health_tells_of_the_documents_and_stays_ready(app: FastAPI, nowhere: Settings) -> None:
    async with people.http_client(app) as client:
        ready = checked(await client.get("http://test/health/ready"))
    assert ready["checks"]["documents"] == "ok"
    other = create_app(nowhere)
    async with other.router.lifespan_context(other), people.http_client(other) as client:
        ready = checked(await client.get("http://test/health/ready"), 200)
        assert (ready["status"], ready["checks"]["documents"]) == ("ok", "failing")


async def test_the_doctor_asks_mongodb(
    here: Settings, nowhere: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await doctor.examine(here)
    assert "ok    mongodb: answers" in capsys.readouterr().out
    assert await doctor.examine(nowhere) == 1
    said = capsys.readouterr().out
    assert "FAIL  mongodb: " in said and "Connect call failed" in said and "hushhush" not in said


@pytest.mark.parametrize("url", ["localhost:27017", "postgresql://me:secret@host/db"])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(env="test", mongo_url=SecretStr(url), _env_file=None)
    assert refusal.value.errors()[0]["msg"].endswith("begins with mongodb:// or mongodb+srv://.")
    assert "secret" not in str(refusal.value)


async def test_a_url_that_is_wrong_ends_a_command_with_a_sentence(settings: Settings) -> None:
    wrong = settings.model_copy(update={"mongo_url": SecretStr("mongodb://me:se/cret@host/db")})
    with pytest.raises(CannotStart, match="WATCHBILL_MONGO_URL cannot be read"):
        async with open_installation(wrong):
            raise AssertionError("it must not open")
