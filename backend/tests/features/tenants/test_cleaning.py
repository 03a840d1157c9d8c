"""The clean-up: what is removed at which moment, for whom, and what is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import JSON

from tests.elsewhere import elsewhere
from tests.people import Person, checked, refused
from watchbill.adapters.documents import PostgresDocuments
from watchbill.config import Settings
from watchbill.core.ports.documents import Document
from watchbill.core.tenancy import TenantDefaults
from watchbill.features.executions.queries import executions as queries
from watchbill.features.tenants import cleaning
from watchbill.features.tenants.cleaning import Cleaner
from watchbill.kit.database.pool import Connections
from watchbill.kit.due_work import DueWork

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOTHING: dict[str, Any] = {"max_running": None, "keep_executions_days": None, "keep_logs_days": None}


def answer(text: str) -> dict[str, Any]:
    return {
        "schema": "watchbill.flow/v1",
        "nodes": [
            {"id": "in", "type": "input", "config": {"fields": []}},
            {"id": "out", "type": "output", "config": {"values": {"answer": text}}},
        ],
        "edges": [{"id": "e", "source": "in", "target": "out"}],
    }


@dataclass
class Place:
    """One tenant's executions, made and looked at."""

    app: FastAPI
    person: Person
    documents: PostgresDocuments
    flows: dict[str, str] = field(default_factory=dict[str, str])

    async def run(self, ended: datetime | None, says: str = "42") -> UUID:
        """An execution with a log and a large output; `ended` None means that it is not over."""
        if says not in self.flows:
            form = {"name": says, "definition": answer(says)}
            self.flows[says] = checked(await self.person.http.post("flows", json=form), 201)["id"]
        url = f"flows/{self.flows[says]}/execute"
        id_ = UUID(checked(await self.person.http.post(url, json={"inputs": {}}), 202)["id"])
        body = {"type": "log", "node_id": None, "data": {"level": "info", "message": "hello"}}
        key = str(id_)
        for collection in ("execution_logs", "execution_exchanges"):
            await self.documents.append(self.person.scope, collection, [(key, Document(2, NOW, body))])
        output = Document(2**32 + 3, NOW, {"output": "large"})
        await self.documents.append(self.person.scope, "execution_outputs", [(key, output)])
        if ended is not None:
            await self.sql("DELETE FROM public.active_executions WHERE execution_id = :id", id=id_)
            change = "UPDATE executions SET status = 'completed', finished_at = :ended WHERE id = :id"
            await self.sql(change, id=id_, ended=ended)
            event = "INSERT INTO execution_events VALUES (:id, 3, 'execution_completed', NULL, :ended, :data)"
            data = bindparam("data", {"outputs": {"answer": says}, "usage": {}}, JSON)
            await self.sql(text(event).bindparams(data), id=id_, ended=ended)
        return id_

    async def sql(self, statement: str | TextClause, **values: Any) -> Any:
        query = text(statement) if isinstance(statement, str) else statement
        async with self.app.state.database.transaction(self.person.scope) as work:
            result = await work.session.execute(query, values)
            return result.all() if result.returns_rows else None

    async def left(self) -> set[UUID]:
        return {row[0] for row in await self.sql("SELECT id FROM executions")}

    async def logs(self, id_: UUID) -> int:
        """How many logs it has; as many exchanges were recorded."""
        logs = await self.documents.read(self.person.scope, "execution_logs", str(id_))
        exchanges = await self.documents.read(self.person.scope, "execution_exchanges", str(id_))
        assert len(logs) == len(exchanges)
        return len(logs)

    async def keep(self, **values: int) -> None:
        checked(await self.person.http.put("tenant/settings", json=NOTHING | values))


@pytest.fixture
async def documents(settings: Settings) -> AsyncIterator[PostgresDocuments]:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        yield PostgresDocuments(Connections(pool, 2))


@pytest.fixture
def here(app: FastAPI, admin: Person, documents: PostgresDocuments) -> Place:
    return Place(app, admin, documents)


@pytest.fixture
def there(app: FastAPI, stranger: Person, documents: PostgresDocuments) -> Place:
    return Place(app, stranger, documents)


@pytest.fixture
def cleaner(app: FastAPI, documents: PostgresDocuments) -> Cleaner:
    return Cleaner(app.state.database, documents, TenantDefaults(keep_logs_days=30), now=lambda: NOW)


async def test_an_execution_is_kept_to_the_second_and_then_removed_whole(
    here: Place, there: Place, cleaner: Cleaner
) -> None:
    limit = NOW - timedelta(days=10)
    old, young = await here.run(limit - SECOND), await here.run(limit + SECOND)
    waiting = await here.run(None)
    await here.sql("UPDATE executions SET created_at = :long_ago", long_ago=NOW - timedelta(days=400))
    approval = "INSERT INTO approvals (id, execution_id, node_id, title, details, role, fields)"
    approval += " VALUES (gen_random_uuid(), :id, 'ask', 't', '', 'member', '[]')"
    await here.sql(approval, id=old)
    await here.sql("INSERT INTO execution_snapshots VALUES (:id, 3, '{}')", id=old)
    theirs = await there.run(limit - SECOND)
    await here.keep(keep_executions_days=10)
    for place in (here, there):
        await cleaner.clean(place.person.scope)
    assert await here.left() == {young, waiting}
    assert await there.left() == {theirs}, "another tenant's setting is not theirs"
    refused(await here.person.http.get(f"executions/{old}"), 404)
    for table in ("execution_events", "execution_snapshots", "approvals"):
        assert await here.sql(f"SELECT 1 FROM {table} WHERE execution_id = :id", id=old) == [], table
    assert await here.sql("SELECT 1 FROM documents WHERE key = :id", id=str(old)) == []
    assert len(await here.sql("SELECT 1 FROM documents WHERE key = :id", id=str(young))) == 3
    assert await here.logs(waiting) == 1


async def test_what_is_over_on_paper_but_active_is_left_alone(here: Place, cleaner: Cleaner) -> None:
    id_ = await here.run(None)
    await here.sql("UPDATE executions SET finished_at = :ended", ended=NOW - timedelta(days=99))
    await here.keep(keep_executions_days=1, keep_logs_days=1)
    assert await cleaner.clean(here.person.scope) == cleaning.Removed()
    assert await here.left() == {id_} and await here.logs(id_) == 1


async def test_logs_go_before_their_execution_which_can_be_read_on(
    app: FastAPI, here: Place, there: Place, cleaner: Cleaner
) -> None:
    limit = NOW - timedelta(days=30)
    old, young = await here.run(limit - SECOND), await here.run(limit + SECOND)
    kept = await there.run(limit - SECOND)
    await there.keep(keep_logs_days=0)
    for place in (here, there):
        await cleaner.clean(place.person.scope)
    assert [await here.logs(old), await here.logs(young), await there.logs(kept)] == [0, 1, 1]
    assert await here.left() == {old, young}
    history = app.state.executions.history
    events, _ = await history.contiguous(here.person.scope, old, after=0, limit=10)
    assert [event.seq for event in events] == [1, 3], "watchers do not wait for what never comes"
    assert checked(await here.person.http.get(f"executions/{old}"))["definition"]["nodes"]
    outputs = await here.sql("SELECT 1 FROM documents WHERE collection = 'execution_outputs'")
    assert len(outputs) == 2, "outputs stay as long as the execution"
    assert (await cleaner.clean(here.person.scope)).logs == 0, "what was done is not done again"


async def test_a_plan_goes_with_its_last_execution(here: Place, cleaner: Cleaner) -> None:
    old = NOW - timedelta(days=2)
    await here.run(old, "alone")
    await here.run(old, "shared")
    left = await here.run(NOW, "shared")
    await here.keep(keep_executions_days=1)
    removed = await cleaner.clean(here.person.scope)
    assert (removed.executions, removed.plans) == (2, 1)
    plans = await here.sql("SELECT digest FROM plans")
    assert plans == await here.sql("SELECT plan_digest FROM executions WHERE id = :id", id=left)
    # A flow whose plan is gone runs again.
    again = await here.run(NOW, "alone")
    assert again in await here.left()


async def test_what_somebody_resumes_at_this_moment_is_left_alone(here: Place, cleaner: Cleaner) -> None:
    held, free = await here.run(NOW - timedelta(days=2)), await here.run(NOW - timedelta(days=2))
    await here.keep(keep_executions_days=1)
    async with here.app.state.database.transaction(here.person.scope) as work:
        await queries.locked(work.session, held)
        await elsewhere(cleaner.clean(here.person.scope))
        assert await elsewhere(here.left()) == {held}
    await cleaner.clean(here.person.scope)
    assert await here.left() == set() and free not in await here.left()


async def test_much_is_removed_in_batches_and_turns(
    here: Place, cleaner: Cleaner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "BATCH", 2)
    monkeypatch.setattr(cleaning, "_BATCHES_A_TURN", 2)
    for _ in range(7):
        await here.run(NOW - timedelta(days=2))
    await here.keep(keep_executions_days=1)
    first = await cleaner.clean(here.person.scope)
    assert (first.executions, first.more) == (4, True)
    second = await cleaner.clean(here.person.scope)
    assert (second.executions, second.plans, second.more) == (3, 1, False)


async def test_each_tenant_is_looked_at_by_one_worker_once_an_hour_and_after_a_change(
    app: FastAPI, here: Place, there: Place, documents: PostgresDocuments
) -> None:
    looked: list[UUID] = []
    moment = datetime.now(UTC)

    class Watching(Cleaner):
        async def clean(self, scope: Any) -> cleaning.Removed:
            looked.append(scope.tenant_id)
            return await super().clean(scope)

    def worker() -> DueWork:
        cleaner = Watching(app.state.database, documents, TenantDefaults(), now=lambda: moment)
        return DueWork(app.state.database, [cleaner.kind], now=lambda: moment)

    workers = [worker() for _ in range(3)]

    async def all_due() -> set[UUID]:
        looked.clear()
        await asyncio.gather(*(worker.drain() for worker in workers))
        assert len(looked) == len(set(looked)), "no tenant twice"
        return set(looked)

    mine, other = here.person.tenant_id, there.person.tenant_id
    assert {mine, other} <= await all_due()
    assert await all_due() == set()
    await here.keep(keep_executions_days=5)
    moment = datetime.now(UTC) + SECOND
    assert await all_due() == {mine}
    moment += timedelta(minutes=61)
    assert {mine, other} <= await all_due()


async def test_a_tenant_that_fails_stops_nobody_else(
    app: FastAPI, here: Place, there: Place, documents: PostgresDocuments
) -> None:
    await there.run(NOW - timedelta(days=2))
    await there.keep(keep_executions_days=1)
    await here.keep(keep_executions_days=1)
    broken = f"ALTER TABLE {here.person.scope.schema}.executions RENAME TO away"
    async with app.state.database.transaction() as work:
        await work.session.execute(text(broken))
    later = datetime.now(UTC) + timedelta(days=1)
    await there.sql("UPDATE executions SET finished_at = :ended", ended=later - timedelta(days=2))
    cleaner = Cleaner(app.state.database, documents, TenantDefaults(), now=lambda: later)
    await DueWork(app.state.database, [cleaner.kind], now=lambda: later).drain()
    assert await there.left() == set()
