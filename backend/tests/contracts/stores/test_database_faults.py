"""Faults of our own database: an answer that is lost, connections that break, a tenant that is broken.
Nothing is done twice, nothing is blamed on a flow, and others go on."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from tests.breaking import WAYS, How, broken
from tests.contracts.stores.journals import DONE, batch, event
from tests.core.flows import edge, flow, input_node, llm, output
from tests.engine.conftest import Model
from tests.people import Person
from tests.proxy import Proxy, proxied
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.documents import open_documents
from watchbill.adapters.journal import PostgresJournal
from watchbill.config import Settings
from watchbill.core.events import ExecutionCompleted, NodeCompleted, NodeWaiting, Usage
from watchbill.core.ports import Ports
from watchbill.core.ports.journal import Claim, Journal, Park
from watchbill.core.tenancy import TenantScope
from watchbill.engine.engine import Engine
from watchbill.engine.settings import EngineSettings
from watchbill.features.executions.starting import Ask, start_definition
from watchbill.kit.database.pool import Connections, open_pool
from watchbill.kit.database.transactions import Database, DatabaseUnavailable
from watchbill.kit.process import setbacks
from watchbill.nodes.registry import NODE_TYPES
from watchbill.testing.memory import MemoryLive
from watchbill.testing.ports import node_ports

MARK = "lose-the-answer-to-this"
LINE = flow(
    [
        input_node("topic"),
        llm("one"),
        llm("two", "{{ nodes.one.output }}"),
        output(x="{{ nodes.two.output }}"),
    ],
    [edge("in", "one"), edge("one", "two"), edge("two", "out")],
)


@pytest.fixture
def url(settings: Settings) -> str:
    assert settings.database_url
    return settings.database_url.get_secret_value()


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[Proxy]:
    async with proxied(url) as proxy:
        yield proxy
    # The driver leaves sockets of connections that were cut to the collector, which warns in whichever test
    # it runs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def submit(database: Database, scope: TenantScope) -> UUID:
    async with database.transaction(scope) as work:
        started = await start_definition(work.session, scope, LINE, Ask({"topic": "x"}))
    return started.execution.id


@pytest.fixture
async def claim(database: Database, admin: Person, proxy: Proxy) -> AsyncIterator[tuple[Journal, Claim]]:
    id_ = await submit(database, admin.scope)
    pool = await open_pool(proxy.url, name="test", least=0, most=4, pgbouncer=False)
    journal = PostgresJournal(pool)
    [claim] = await journal.claim("me", lease_seconds=600, limit=1, only=[id_])
    yield journal, claim
    pool.terminate()


def completed(claim: Claim, seq: int) -> Any:
    return event(claim, seq, NodeCompleted(attempt=1, output={"text": MARK, "n": [1, 2.5, None, "é"]}))


@pytest.mark.parametrize("how", ["goes on", "parks", "ends"])
async def test_a_commit_whose_answer_was_lost_is_found_and_not_written_twice(
    claim: tuple[Journal, Claim], proxy: Proxy, how: str
) -> None:
    journal, mine = claim
    given = batch(mine, completed(mine, 2))
    if how == "parks":
        given = replace(given, park=Park(None, 0))
    if how == "ends":
        end = event(mine, 3, ExecutionCompleted(outputs={"a": 1}, usage=Usage()), None)
        given = batch(mine, completed(mine, 2), end, outcome=DONE)
    proxy.lose_answer_to(MARK.encode())
    with pytest.raises(OSError, match="PostgreSQL"):
        await journal.append(mine.scope, [given], lease_seconds=600)
    assert proxy.lost == 1
    for _ in range(2):
        written = await journal.append(mine.scope, [given], lease_seconds=600, again=True)
        assert set(written) == {mine.execution_id}
    stored = await journal.events(mine.scope, mine.execution_id, after=1)
    assert stored == list(given.events)


async def test_what_another_wrote_meanwhile_is_not_taken_for_ones_own(claim: tuple[Journal, Claim]) -> None:
    journal, mine = claim
    await journal.release(mine.execution_id, mine.epoch)
    [heirs] = await journal.claim("heir", lease_seconds=600, limit=1, only=[mine.execution_id])
    theirs = event(heirs, 2, NodeCompleted(attempt=1, output="another"))
    await journal.append(mine.scope, [batch(heirs, theirs)], lease_seconds=600)
    given = batch(mine, completed(mine, 2))
    assert await journal.append(mine.scope, [given], lease_seconds=600, again=True) == {}
    assert await journal.events(mine.scope, mine.execution_id, after=1) == [theirs]


async def test_what_was_not_written_is_written_the_second_time(claim: tuple[Journal, Claim]) -> None:
    journal, mine = claim
    given = batch(mine, completed(mine, 2))
    written = await journal.append(mine.scope, [given], lease_seconds=600, again=True)
    assert set(written) == {mine.execution_id}
    assert await journal.events(mine.scope, mine.execution_id, after=1) == list(given.events)


async def test_a_question_that_was_answered_meanwhile_keeps_its_answer(
    claim: tuple[Journal, Claim], proxy: Proxy, url: str
) -> None:
    journal, mine = claim
    request = {"title": MARK, "details": "", "role": "member", "fields": [], "mails": None}
    asked = NodeWaiting.model_validate({"until": None, "request": request})
    given = replace(batch(mine, event(mine, 2, asked)), approvals=True)
    proxy.lose_answer_to(MARK.encode())
    with pytest.raises(OSError, match="PostgreSQL"):
        await journal.append(mine.scope, [given], lease_seconds=600)
    connection = await asyncpg.connect(url)
    answered = f'UPDATE "{mine.scope.schema}".approvals SET answer = \'{{"decision": "yes"}}\''
    await connection.execute(answered)
    await journal.append(mine.scope, [given], lease_seconds=600, again=True)
    assert await journal.answers(mine.scope, mine.execution_id) == {"in": {"decision": "yes"}}
    await connection.close()


@dataclass
class Ship:
    """An engine on the real stores."""

    engine: Engine
    model: Model
    journal: PostgresJournal
    pool: Connections
    compute: ProcessPool

    async def restart(self, lease_seconds: float = 600) -> None:
        await self.engine.stop(grace_seconds=0)
        self.engine = engine_on(self.pool, self.model, self.compute, lease_seconds)
        self.engine.start()

    async def end_of(self, scope: TenantScope, id_: UUID) -> Any:
        async with asyncio.timeout(300):
            while True:
                outcome = await self.journal.outcome(scope, id_)
                if outcome is None or outcome.status.final:
                    return outcome
                await asyncio.sleep(0.02)


def engine_on(pool: Connections, model: Model, compute: ProcessPool, lease_seconds: float = 600) -> Engine:
    return Engine(
        ports=Ports(
            PostgresJournal(pool), open_documents(None, pool), MemoryLive(), compute, node_ports(llm=model)
        ),
        node_types=NODE_TYPES,
        settings=EngineSettings(
            owner="worker", heartbeat_seconds=0.2, sweep_seconds=0.1, lease_seconds=lease_seconds
        ),
        now=lambda: datetime.now(UTC),
    )


@pytest.fixture
async def ship(proxy: Proxy, url: str, compute: ProcessPool) -> AsyncIterator[Ship]:
    pool = await open_pool(proxy.url, name="test", least=0, most=6, pgbouncer=False)
    direct = await open_pool(url, name="test", least=0, most=2, pgbouncer=False)
    await direct.pool.execute("DELETE FROM public.active_executions")
    model = Model()
    engine = engine_on(pool, model, compute)
    engine.start()
    yield (ship := Ship(engine, model, PostgresJournal(direct), pool, compute))
    await ship.engine.stop(grace_seconds=0)
    pool.terminate()
    await direct.close()


async def test_no_call_is_made_twice_when_an_answer_is_lost(
    ship: Ship, database: Database, admin: Person, proxy: Proxy
) -> None:
    ship.model.answers["one"] = MARK
    proxy.lose_answer_to(b'"output":"' + MARK.encode())
    id_ = await submit(database, admin.scope)
    ship.engine.hint(admin.scope, id_)
    outcome = await ship.end_of(admin.scope, id_)
    assert (outcome.status, outcome.outputs) == ("completed", {"x": "an answer"})
    assert proxy.lost == 1
    assert ship.model.asked == ["one", "two"]


async def test_connections_that_break_all_the_time_fail_nothing(
    ship: Ship, database: Database, admin: Person, proxy: Proxy
) -> None:
    # A claim whose answer is lost is nobody's until its lease is over.
    await ship.restart(lease_seconds=10)
    ids = [await submit(database, admin.scope) for _ in range(30)]

    async def cut() -> None:
        for _ in range(12):
            proxy.cut()
            await asyncio.sleep(0.1)
        # And away for a moment: nobody is let in.
        proxy.refusing = True
        proxy.cut()
        await asyncio.sleep(1)
        proxy.refusing = False

    cutting = asyncio.create_task(cut())
    for id_ in ids:
        ship.engine.hint(admin.scope, id_)
    outcomes = [await ship.end_of(admin.scope, id_) for id_ in ids]
    await cutting
    assert [outcome.status for outcome in outcomes] == ["completed"] * 30
    for id_ in ids:
        events = await ship.journal.events(admin.scope, id_)
        assert not [one for one in events if one.type in ("node_failed", "node_retrying")]


@pytest.mark.parametrize("how", WAYS)
async def test_a_broken_tenants_executions_keep_nobody_elses_from_running(
    ship: Ship,
    database: Database,
    admin: Person,
    stranger: Person,
    url: str,
    how: How,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nobody is taken again while the others are served, however long that takes here.
    monkeypatch.setattr(setbacks, "_FIRST_SECONDS", 3600.0)
    theirs = [await submit(database, admin.scope) for _ in range(3)]
    async with broken(url, admin.scope, how):
        for id_ in theirs:
            ship.engine.hint(admin.scope, id_)
        mine = await submit(database, stranger.scope)
        ship.engine.hint(stranger.scope, mine)
        assert (await ship.end_of(stranger.scope, mine)).status == "completed"
        claims = ship.engine.claims
        again = await submit(database, stranger.scope)
        assert (await ship.end_of(stranger.scope, again)).status == "completed"
        assert ship.engine.claims - claims <= 4, "they are put off, and not taken again and again"
    connection = await asyncpg.connect(url)
    await connection.execute("UPDATE public.active_executions SET due_at = now()")
    await connection.close()
    await ship.restart()
    for id_ in theirs:
        assert (await ship.end_of(admin.scope, id_)).status == "completed"


async def test_a_server_that_hangs_is_not_waited_for_without_end(proxy: Proxy):
    connections = await open_pool(
        proxy.url, name="test", least=0, most=2, pgbouncer=False, answer_seconds=0.5
    )
    journal = PostgresJournal(connections)
    asked = [await journal.owners() for _ in range(2)]
    proxy.freeze()
    for _ in range(2):
        # Both have a connection that hangs, and the third gets none.
        found = await asyncio.gather(*(journal.owners() for _ in range(3)), return_exceptions=True)
        assert all(isinstance(error, OSError) for error in found)
    proxy.thaw()
    connections.terminate()
    pool = await open_pool(proxy.url, name="test", least=0, most=2, pgbouncer=False)
    assert await PostgresJournal(pool).owners() == asked[0]
    await pool.close()


async def test_a_tenant_with_many_statements_delays_others_by_one(url: str):
    connections = await open_pool(url, name="test", least=0, most=2, pgbouncer=False)
    done: list[str] = []
    free = asyncio.Event()

    async def work(name: str, *who: str) -> None:
        async with connections.of(*who) as connection:
            await connection.execute("SELECT 1")
            if name == "many":
                await free.wait()
            done.append(name)

    held = [asyncio.create_task(work("many", "tenant_1")) for _ in range(20)]
    # A tenant has half at most, so one is left for the others, whoever came first.
    await work("other", "tenant_2")
    await work("own")
    assert done == ["other", "own"]
    free.set()
    await asyncio.gather(*held)
    assert len(done) == 22
    await connections.close()


async def test_a_connection_that_is_cut_off_in_a_request_is_no_bug_of_ours(database: Database):
    """The request is told that the database was away, and may come again."""
    with pytest.raises(DatabaseUnavailable):
        async with database.transaction() as work:
            pid = await work.session.scalar(text("SELECT pg_backend_pid()"))
            async with database.engine.connect() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
            await work.session.execute(text("SELECT 1"))
    async with database.transaction() as work:
        assert await work.session.scalar(text("SELECT 1")) == 1


async def test_a_request_does_not_wait_without_end_for_a_server_that_hangs(proxy: Proxy):
    """It is told that the database is away, and its connection is not kept from those that come later."""
    database = Database(
        proxy.url, pool_size=1, patience_seconds=20, statement_seconds=0.5, silent_seconds=0.0
    )
    begun = asyncio.Event()

    async def ask(*, meanwhile: bool = False) -> None:
        async with database.transaction() as work:
            await work.session.execute(text("SELECT 1"))
            if meanwhile:
                begun.set()
                await frozen.wait()
            await work.session.execute(text("SELECT 2"))

    frozen = asyncio.Event()
    within = asyncio.create_task(ask(meanwhile=True))
    await begun.wait()
    proxy.freeze()
    frozen.set()
    # One hangs in the middle of its transaction, one before it.
    found = await asyncio.gather(within, ask(), return_exceptions=True)
    assert [type(error) for error in found] == [DatabaseUnavailable] * 2, found
    proxy.cut()
    proxy.thaw()
    await asyncio.gather(ask(), ask())
    await database.close()
