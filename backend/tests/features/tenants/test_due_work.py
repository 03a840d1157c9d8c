"""Due work: taken in turns, once or leased, by any number of workers; what fails stops nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text

from tests.people import Person
from watchbill.core.tenancy import TenantScope
from watchbill.kit import due_work
from watchbill.kit.database.transactions import Database, Work
from watchbill.kit.due_work import Due, DueWork, Leased, Within, loop, store
from watchbill.kit.due_work.store import Room, take
from watchbill.kit.process.setbacks import Setbacks

NOW = datetime(2001, 1, 1, tzinfo=UTC)
LEASE = timedelta(minutes=2)


@pytest.fixture(autouse=True)
async def nothing_else(database: Database) -> AsyncIterator[None]:
    """Kinds of these tests only, which nothing is left of."""
    yield
    async with database.transaction() as work:
        await work.session.execute(text("DELETE FROM public.due_work WHERE kind LIKE 'test%'"))


@pytest.fixture(params=[1_000, 1], ids=["few", "crowded"])
def crowd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due is within what is looked at first, or far more."""
    monkeypatch.setattr(store, "_LOOKED_AT", request.param)


async def put(database: Database, kind: str, person: Person, count: int = 1, at: datetime = NOW) -> list[str]:
    keys = [str(uuid4()) for _ in range(count)]
    async with database.transaction() as work:
        for index, key in enumerate(keys):
            await due_work.put(work.session, kind, person.tenant_id, at - timedelta(days=count - index), key)
    return keys


async def left(database: Database, kind: str) -> dict[str, tuple[datetime, int]]:
    async with database.transaction() as work:
        query = text("SELECT key, due_at, attempts FROM public.due_work WHERE kind = :kind")
        return {row[0]: (row[1], row[2]) for row in await work.session.execute(query, {"kind": kind})}


class Doer:
    """A handler that notes what it did."""

    def __init__(self) -> None:
        self.did: list[tuple[UUID, str]] = []
        self.at_once = self.most_at_once = 0
        self.broken: set[str] = set()
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def within(self, work: Work, due: Due) -> datetime | None:
        await work.enter(TenantScope(due.tenant_id))
        await self.do(due)
        return None

    async def do(self, due: Due) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        try:
            await self.gate.wait()
            if due.key in self.broken:
                raise RuntimeError("this one is broken")
            self.did.append((due.tenant_id, due.key))
        finally:
            self.at_once -= 1


@pytest.mark.usefixtures("crowd")
async def test_what_is_done_within_a_transaction_is_done_once_by_many_workers(
    database: Database, admin: Person, stranger: Person
) -> None:
    keys = [*await put(database, "test", admin, 30), *await put(database, "test", stranger, 5)]
    doer = Doer()
    kind = Within(name="test", handle=doer.within)
    await asyncio.gather(*(DueWork(database, [kind], now=lambda: NOW).drain() for _ in range(4)))
    assert Counter(key for _, key in doer.did) == Counter(keys)
    assert await left(database, "test") == {}


async def test_what_a_handler_says_is_due_later_is_done_then(database: Database, admin: Person) -> None:
    [key] = await put(database, "test", admin)
    now, did = NOW, 0

    async def handle(_work: Work, _due: Due) -> datetime | None:
        nonlocal did
        did += 1
        return NOW + timedelta(hours=1) if did == 1 else None

    worker = DueWork(database, [Within(name="test", handle=handle)], now=lambda: now)
    await worker.drain()
    assert (did, await left(database, "test")) == (1, {key: (NOW + timedelta(hours=1), 0)})
    now += timedelta(hours=1)
    await worker.drain()
    assert (did, await left(database, "test")) == (2, {})


async def test_a_worker_that_dies_within_leaves_it_as_it_was(database: Database, admin: Person) -> None:
    [key] = await put(database, "test", admin)
    before, doer = await left(database, "test"), Doer()
    doer.gate.clear()
    dying = DueWork(database, [Within(name="test", handle=doer.within)], now=lambda: NOW)
    task = asyncio.create_task(dying.run())
    await doer.begun.wait()
    assert await DueWork(database, [Within(name="test", handle=doer.within)], now=lambda: NOW).begin() == 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (doer.did, await left(database, "test")) == ([], before)
    doer.gate.set()
    await DueWork(database, [Within(name="test", handle=doer.within)], now=lambda: NOW).drain()
    assert doer.did == [(admin.tenant_id, key)]


async def test_what_is_leased_goes_to_the_next_one_when_its_worker_dies(
    database: Database, admin: Person
) -> None:
    [key] = await put(database, "test", admin)
    now, taken = NOW, list[Due]()

    async def handle(due: Due) -> None:
        taken.append(due)

    def worker() -> DueWork:
        return DueWork(
            database, [Leased(name="test", handle=handle, lease=LEASE, most=9, each=9)], now=lambda: now
        )

    await asyncio.gather(worker().drain(), worker().drain())
    assert [(due.key, due.due_at) for due in taken] == [(key, NOW + LEASE)]
    now = NOW + LEASE
    await worker().drain()
    assert [due.attempts for due in taken] == [0, 1]
    async with database.transaction() as work:
        assert not await due_work.settle(work.session, taken[0], None), "its lease is over"
        assert await due_work.settle(work.session, taken[1], None)
    assert await left(database, "test") == {}


async def test_what_is_put_anew_meanwhile_stays(database: Database, admin: Person) -> None:
    [key] = await put(database, "test", admin)

    async def handle(due: Due) -> None:
        async with database.transaction() as work:
            await due_work.put(work.session, "test", due.tenant_id, NOW + timedelta(days=1), due.key)
            assert not await due_work.settle(work.session, due, None)

    kind = Leased(name="test", handle=handle, lease=LEASE, most=9, each=9)
    await DueWork(database, [kind], now=lambda: NOW).drain()
    assert await left(database, "test") == {key: (NOW + timedelta(days=1), 0)}


@pytest.mark.usefixtures("crowd")
async def test_tenants_take_turns_and_none_has_more_than_its_share(
    database: Database, admin: Person, stranger: Person
) -> None:
    """However many things one tenant has, and however long they have been due."""
    await put(database, "test", admin, 40, NOW - timedelta(days=100))
    await put(database, "test", stranger, 3)

    async def handle(_due: Due) -> None: ...

    kind = Leased(name="test", handle=handle, lease=LEASE, most=200, each=8)

    async def taken(room: int, shares: dict[UUID, int]) -> Counter[UUID]:
        async with database.transaction() as work:
            return Counter(due.tenant_id for due in await take(work.session, [Room(kind, room, shares)], NOW))

    many, few = admin.tenant_id, stranger.tenant_id
    # Who has one in hand already comes after who has none.
    assert await taken(1, {many: 7}) == {few: 1}
    await put(database, "test", stranger)
    assert await taken(3, {}) == {many: 2, few: 1}
    assert await taken(100, {many: 1}) == {many: 1, few: 2}
    assert await taken(100, {many: 0}) == {}
    assert await taken(100, {few: 3}) == {many: 8}


async def test_more_than_is_looked_at_hides_nobody(
    database: Database, admin: Person, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_LOOKED_AT", 5)
    await put(database, "test", admin, 40, NOW - timedelta(days=100))
    [key] = await put(database, "test", stranger)
    doer = Doer()
    doer.gate.clear()
    kind = Within(name="test", handle=doer.within, each=2)
    worker = DueWork(database, [kind], now=lambda: NOW)
    assert [await worker.begin(), await worker.begin()] == [3, 0]
    doer.gate.set()
    await worker.done()
    assert (stranger.tenant_id, key) in doer.did


@pytest.mark.usefixtures("crowd")
async def test_no_more_at_once_than_the_kind_allows(
    database: Database, admin: Person, stranger: Person
) -> None:
    for person in (admin, stranger):
        await put(database, "test", person, 10)
    doer = Doer()
    kind = Within(name="test", handle=doer.within, at_once=1)
    await DueWork(database, [kind], now=lambda: NOW).drain()
    assert (len(doer.did), doer.most_at_once) == (20, 1)
    # One that has all hands full asks for nothing more.
    await put(database, "test other", admin, 10)

    async def handle(_due: Due) -> None:
        await doer.gate.wait()

    doer.gate.clear()
    leased = Leased(name="test other", handle=handle, lease=LEASE, most=3, each=9)
    worker = DueWork(database, [leased], now=lambda: NOW)
    assert [await worker.begin(), await worker.begin()] == [3, 0]
    doer.gate.set()
    await worker.done()
    assert await worker.begin() == 3
    await worker.done()


async def test_who_waits_for_its_tables_takes_one_place(
    database: Database, admin: Person, stranger: Person
) -> None:
    await put(database, "test", admin, 5)
    gate, served, tried = asyncio.Event(), asyncio.Event(), 0

    async def handle(_work: Work, due: Due) -> None:
        nonlocal tried
        if due.tenant_id == stranger.tenant_id:
            served.set()
            return
        tried += 1
        await gate.wait()

    worker = DueWork(database, [Within(name="test", handle=handle, at_once=2)], now=lambda: NOW)
    assert await worker.begin() == 5
    await put(database, "test", stranger)
    assert await worker.begin() == 1
    async with asyncio.timeout(60):
        await served.wait()
    assert tried == 1
    gate.set()
    await worker.drain()
    assert tried == 5


async def test_a_mistake_in_one_puts_off_that_one_for_longer_each_time(
    database: Database, admin: Person
) -> None:
    keys = await put(database, "test", admin, 5)
    doer, now = Doer(), NOW
    doer.broken = {keys[0]}
    worker = DueWork(database, [Within(name="test", handle=doer.within)], now=lambda: now)
    pauses = list[float]()
    for attempt in range(1, 5):
        await worker.drain()
        assert len(doer.did) == 4, "the others of its tenant are done"
        [(due_at, attempts)] = (await left(database, "test")).values()
        assert attempts == attempt
        pauses.append((due_at - now).total_seconds())
        now = due_at
    assert pauses == [60, 120, 240, 300]
    doer.broken.clear()
    await worker.drain()
    assert len(doer.did) == 5


@pytest.mark.usefixtures("crowd")
async def test_who_fails_is_left_alone_and_the_others_are_served(
    database: Database, admin: Person, stranger: Person
) -> None:
    await put(database, "test", admin, 5)
    await put(database, "test", stranger, 5)
    tried, seconds = Counter[UUID](), 0.0

    async def handle(work: Work, due: Due) -> None:
        tried[due.tenant_id] += 1
        if due.tenant_id == admin.tenant_id:
            await work.session.execute(text("SELECT no_such_function()"))

    setbacks = partial(Setbacks, clock=lambda: seconds)
    kind = Within(name="test", handle=handle, at_once=1)
    worker = DueWork(database, [kind], now=lambda: NOW, setbacks=setbacks)
    await worker.drain()
    assert tried == {admin.tenant_id: 1, stranger.tenant_id: 5}
    seconds = 4.0
    await worker.drain()
    assert tried[admin.tenant_id] == 1
    seconds = 5.0
    await worker.drain()
    assert tried[admin.tenant_id] == 2
    assert len(await left(database, "test")) == 5, "nothing is lost"


async def test_who_hangs_is_given_up(
    database: Database, admin: Person, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_WITHIN_SECONDS", 0.05)
    await put(database, "test", admin)
    doer = Doer()
    doer.gate.clear()
    worker = DueWork(database, [Within(name="test", handle=doer.within)], now=lambda: NOW)
    await worker.drain()
    [(due_at, attempts)] = (await left(database, "test")).values()
    assert (due_at, attempts) == (NOW + timedelta(seconds=5), 1)
    await put(database, "test other", stranger)
    kind = Leased(name="test other", handle=doer.do, lease=timedelta(seconds=0.05), most=9, each=9)
    await DueWork(database, [kind], now=lambda: NOW).drain()
    assert (doer.did, doer.at_once) == ([], 0)


@pytest.mark.usefixtures("crowd")
async def test_a_tenant_that_is_gone_stops_nobody_and_leaves_nothing(database: Database) -> None:
    async with database.transaction() as work:
        await due_work.put(work.session, "test", uuid4(), NOW, uuid4())
    doer = Doer()
    await DueWork(database, [Within(name="test", handle=doer.within)], now=lambda: NOW).drain()
    assert (doer.did, await left(database, "test")) == ([], {})


@pytest.mark.usefixtures("crowd")
async def test_suspended_tenants_are_served_by_kinds_that_say_so(database: Database, admin: Person) -> None:
    for name in ("test", "test also"):
        await put(database, name, admin)
    await _say(database, admin, "suspended")
    doer = Doer()
    kinds = [
        Within(name="test", handle=doer.within),
        Within(name="test also", handle=doer.within, also_suspended=True),
    ]
    try:
        await DueWork(database, kinds, now=lambda: NOW).drain()
        assert (len(doer.did), len(await left(database, "test"))) == (1, 1)
    finally:
        await _say(database, admin, "active")
    await DueWork(database, kinds, now=lambda: NOW).drain()
    assert len(doer.did) == 2


async def _say(database: Database, person: Person, status: str) -> None:
    async with database.transaction() as work:
        change = text("UPDATE public.tenants SET status = :status WHERE id = :id")
        await work.session.execute(change, {"status": status, "id": person.tenant_id})


async def test_kinds_that_nobody_knows_are_left_alone(database: Database, admin: Person) -> None:
    keys = await put(database, "test unknown", admin)
    doer = Doer()
    await DueWork(database, [Within(name="test", handle=doer.within)], now=lambda: NOW).drain()
    assert doer.did == [] and list(await left(database, "test unknown")) == keys


async def test_one_statement_asks_for_all_kinds(database: Database) -> None:
    async def statements(kinds: int) -> int:
        doer, said = Doer(), list[str]()

        def note(*args: object) -> None:
            said.append(str(args[2]))

        many = [Within(name=f"test {index}", handle=doer.within) for index in range(kinds)]
        worker = DueWork(database, many, now=lambda: NOW)
        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        try:
            assert await worker.begin() == 0
        finally:
            event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        return sum("due_work" in statement for statement in said)

    assert [await statements(1), await statements(50)] == [1, 1]
