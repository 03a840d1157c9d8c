"""Nothing outside is awaited while a database connection is held, and nobody has all of them."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text

import watchbill
from tests import people
from tests.app_state import put
from tests.people import Person, checked, refused
from watchbill.adapters.documents.mongo import MongoDocuments
from watchbill.adapters.documents.postgres import PostgresDocuments
from watchbill.adapters.http import AiohttpClient
from watchbill.adapters.mail import FileMail, SmtpMail
from watchbill.adapters.models import LiteLlmGateway
from watchbill.config import Settings
from watchbill.core.ports.http import HttpRequest
from watchbill.core.ports.mail import MailMessage
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.limits.turns import turn_of
from watchbill.features.sso.provider import discover
from watchbill.kit.database.transactions import Database, DatabaseBusy, GivenBack, OwnTurnsTaken, in_turn_of
from watchbill.kit.database.waits import AwaitedWhileHeld
from watchbill.kit.outbound.connector import GuardedResolver
from watchbill.kit.outbound.text_records import TextRecords
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut
from watchbill.kit.secrets.passwords import hash_password, verify_password

MAIL = MailMessage("a@example.com", "s", "t")
GUARD = UrlGuard(["127.0.0.0/8"])
SCOPE = TenantScope(uuid4())
CALL = HttpRequest("GET", "http://127.0.0.1:9/", {}, None, 1.0, 100)
NOBODY: Any = None


async def call() -> None:
    client = AiohttpClient(WayOut(GUARD))
    try:
        await client.send(CALL)
    finally:
        await client.close()


# Every way out, by what leads there.
WAYS: dict[str, Callable[[FastAPI, Path], Awaitable[Any]]] = {
    "an HTTP call": lambda *_: call(),
    "a mail": lambda *_: SmtpMail("smtp://127.0.0.1:9", "a@example.com").send(MAIL),
    "a mail in a folder": lambda _, folder: FileMail(folder, "a@example.com").send(MAIL),
    "a TXT record": lambda *_: TextRecords(["127.0.0.1:9"]).of("example.com"),
    "a URL's address": lambda *_: GUARD.check("http://localhost:9/"),
    "a name": lambda *_: GUARD.names.of("localhost", 9),
    "a name of a client": lambda *_: GuardedResolver(GUARD, None).resolve("localhost", 9),
    "a provider of sign-on": lambda *_: discover(WayOut(GUARD), "http://127.0.0.1:9"),
    "a worker": lambda app, _: app.state.providers.calls.call("watchbill.nothing", timeout=1.0),
    "documents": lambda *_: PostgresDocuments(NOBODY).read(SCOPE, "execution_logs", "k"),
    "documents in MongoDB": lambda *_: MongoDocuments("mongodb://127.0.0.1:9/x").ping(),
    "live events": lambda app, _: app.state.executions.live.read(SCOPE, uuid4(), after=0, limit=1),
    "a model": lambda *_: LiteLlmGateway(NOBODY, NOBODY).complete(NOBODY, NOBODY),
    "a test of a model": lambda *_: LiteLlmGateway(NOBODY, NOBODY).test_provider(NOBODY),
    "a count of attempts": lambda app, _: app.state.throttle.asking("192.0.2.1"),
    "a proof of a domain": lambda app, _: app.state.sso.proofs.proved_at(SCOPE.tenant_id, "example.com"),
    "a password's hash": lambda *_: hash_password("p", 4),
    "a password": lambda *_: verify_password("p", "$2b$04$x", 4),
}


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_outside_is_awaited_in_a_transaction(
    app: FastAPI, database: Database, tmp_path: Path, way: str
):
    async with database.transaction():
        with pytest.raises(AwaitedWhileHeld):
            await WAYS[way](app, tmp_path)


async def test_nor_by_a_task_that_was_begun_in_it(database: Database):
    begun = asyncio.Event()

    async def later() -> None:
        await begun.wait()
        await hash_password("p", 4)

    async with database.transaction():
        task = asyncio.create_task(later())
        begun.set()
        with pytest.raises(AwaitedWhileHeld):
            await task
    # It is over, also for those that were begun while it lasted.
    await hash_password("p", 4)


async def test_nor_another_transaction(database: Database):
    """Twenty who hold one connection each and want another one would wait for each other."""
    async with database.transaction():
        with pytest.raises(AwaitedWhileHeld):
            async with database.transaction():
                pass


async def test_outside_is_between_two_transactions_that_see_the_same(database: Database, admin: Person):
    path = text("SELECT current_setting('search_path'), current_user")
    async with database.transaction(admin.scope) as work:
        before = (await work.session.execute(path)).one()
        async with work.outside():
            await hash_password("p", 4)
            with pytest.raises(GivenBack):
                await work.session.execute(path)
            await work.session.rollback()
        assert (await work.session.execute(path)).one() == before
    assert before[1] == admin.scope.schema


async def test_what_was_given_back_is_not_used_again(database: Database):
    with pytest.raises(GivenBack):
        async with database.transaction() as work:
            await work.finish()
            await hash_password("p", 4)
            await work.session.execute(text("SELECT 1"))


@pytest.fixture
async def narrow(settings: Settings) -> AsyncIterator[Database]:
    """Two connections, of which one tenant has one."""
    assert settings.database_url is not None
    database = Database(
        settings.database_url.get_secret_value(), pool_size=1, patience_seconds=0.01, statement_seconds=3
    )
    yield database
    await database.close()


async def test_a_tenant_never_has_all_connections(narrow: Database, admin: Person, stranger: Person):
    async with Held(narrow, admin.scope.tenant_id.hex):
        with pytest.raises(OwnTurnsTaken, match="Too many requests of your tenant"):
            async with narrow.transaction(admin.scope):
                pass
        async with Held(narrow, stranger.scope.tenant_id.hex):
            pass


class Held:
    """A transaction of somebody, in a task of its own."""

    def __init__(self, database: Database, who: str):
        self._database, self._who = database, who
        self._there, self._over = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._hold())
        there = asyncio.create_task(self._there.wait())
        await asyncio.wait({self._task, there}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            there.cancel()
            self._task.result()
        in_turn_of(self._who)

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await self._task

    async def _hold(self) -> None:
        in_turn_of(self._who)
        async with self._database.transaction():
            self._there.set()
            await self._over.wait()


async def test_a_statement_that_takes_too_long_is_ended(narrow: Database):
    with pytest.raises(DatabaseBusy):
        async with narrow.transaction() as work:
            await work.session.execute(text("SELECT pg_sleep(600)"))
    async with narrow.transaction() as work:
        limits = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert (await work.session.execute(limits)).one() == ("3s", "1s")


async def test_a_database_without_a_free_turn_says_so(
    app: FastAPI, settings: Settings, admin: Person, monkeypatch: pytest.MonkeyPatch
):
    assert settings.database_url is not None
    small = Database(settings.database_url.get_secret_value(), pool_size=1, patience_seconds=0.01)
    put(monkeypatch, app.state, "database", small)
    async with Held(small, admin.tenant_id.hex):
        answer = await admin.http.get("flows")
    problem = refused(answer, 429, "too_many_at_once")
    assert "your tenant" in problem["detail"] and answer.headers["retry-after"] == "5"
    checked(await admin.http.get("flows"))
    await small.close()


async def test_requests_take_the_turns_of_whose_credentials_they_carry(app: FastAPI, admin: Person):
    made = checked(await admin.http.post("api-keys", json={"name": "k", "scopes": ["flows:read"]}), 201)
    options, known = app.state.identity_options, app.state.known_keys

    class At:
        def __init__(self, host: str):
            self.client = type("Client", (), {"host": host})()

    def turn(token: str | None, host: str = "192.0.2.7") -> str:
        return turn_of(cast("Any", At(host)), options, known, token)

    assert turn(admin.token) == admin.tenant_id.hex
    assert turn(made["key"]) == turn(None) == turn("nonsense") == "at 192.0.2.7"
    async with people.http_client(app, made["key"]) as program:
        checked(await program.get("flows"))
    assert turn(made["key"]) == admin.tenant_id.hex


# What leads out of the process, by the names that a module imports or calls.
LEADING_OUT = {"aiohttp", "aiosmtplib", "dns", "pymongo", "litellm", "smtplib", "httpx", "urllib.request"}
# Modules that import one of these and await nothing by it themselves, or only in a model call, whose gateway
# says so.
HARMLESS = {
    "adapters/models/asking.py": "in a model call",
    "adapters/models/failures.py": "reads errors",
    "adapters/models/through_litellm/handed_clients.py": "hands clients out",
    "adapters/models/through_litellm/library_call.py": "in a model call",
    "adapters/models/session.py": "sets the session up",
    "adapters/openai_chat/body.py": "in a model call",
    "adapters/openai_chat/client.py": "in a model call",
    "adapters/openai_chat/documents.py": "in a model call",
    "kit/outbound/interim_answers.py": "in a call that is under way",
}
# Modules that look up services of the installation, which no tenant names.
OWN_NAMES = {"kit/outbound/gate.py", "kit/process/loops.py", "kit/outbound/own_services.py"}


def test_every_module_that_leads_out_says_so():
    root = Path(watchbill.__file__).parent
    silent: list[str] = []
    for file in sorted(
        (*root.glob("kit/**/*.py"), *root.glob("adapters/**/*.py"), *root.glob("features/**/*.py"))
    ):
        name, source = str(file.relative_to(root)), file.read_text()
        if _leads_out(ast.parse(source)) and "about_to_await(" not in source and name not in HARMLESS:
            silent.append(name)
    assert not silent, f"{silent} lead outside without a word of kit.waits.about_to_await"


def _leads_out(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        if any(name == out or name.startswith(f"{out}.") for name in names for out in LEADING_OUT):
            return True
    return False


def test_the_resolver_of_the_system_is_asked_in_one_place():
    """Elsewhere it would be asked in the threads that everything else needs."""
    root = Path(watchbill.__file__).parent
    users = {
        str(file.relative_to(root))
        for folder in ("kit", "adapters", "features", "api")
        for file in root.glob(f"{folder}/**/*.py")
        if "getaddrinfo" in file.read_text()
    }
    assert users - OWN_NAMES == {"kit/outbound/lookups.py"}, users
