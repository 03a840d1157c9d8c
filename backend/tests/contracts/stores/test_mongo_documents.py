"""What of the MongoDB store is its own: names, indexes, odd bodies, and a server that is away."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pymongo
import pytest
from pymongo import AsyncMongoClient

from tests.mongodb import MongoServer, mongo_server
from watchbill.adapters.documents.mongo import MongoDocuments
from watchbill.core.ports.documents import Document, DocumentsUnavailable
from watchbill.core.tenancy import TenantScope
from watchbill.kit.process.free_port import free_port

NOW = datetime(2026, 1, 1, 12, 30, 0, 123_456, tzinfo=UTC)
LOGS = "execution_logs"


@pytest.fixture
def scope() -> TenantScope:
    return TenantScope(uuid4())


@pytest.fixture
async def client(mongodb: MongoServer) -> AsyncIterator[AsyncMongoClient]:
    async with AsyncMongoClient(mongodb.url()) as client:
        yield client


@pytest.fixture
async def store(mongodb: MongoServer) -> AsyncIterator[MongoDocuments]:
    store = MongoDocuments(mongodb.url())
    yield store
    await store.close()


def entries(*seqs: int) -> list[tuple[str, Document]]:
    return [("a", Document(seq, NOW, {"type": "log", "n": seq})) for seq in seqs]


async def test_each_tenant_and_kind_has_a_collection_with_its_indexes(
    store: MongoDocuments, client: AsyncMongoClient, scope: TenantScope
) -> None:
    await store.append(scope, LOGS, entries(1))
    await store.append(scope, "execution_exchanges", entries(1))
    names = [n for n in await client["watchbill"].list_collection_names() if n.endswith(scope.tenant_id.hex)]
    hexes = scope.tenant_id.hex
    assert sorted(names) == [f"execution_exchanges_{hexes}", f"execution_logs_{hexes}"]
    indexes = await client["watchbill"][names[0]].index_information()
    assert indexes["key_seq"]["key"] == [("key", 1), ("seq", 1)] and indexes["key_seq"]["unique"]
    assert indexes["created_at"]["key"] == [("created_at", 1)]
    assert not any("expireAfterSeconds" in index for index in indexes.values())


async def test_the_url_names_the_database(
    mongodb: MongoServer, client: AsyncMongoClient, scope: TenantScope
) -> None:
    store = MongoDocuments(mongodb.url("other%2Done?w=1"))
    await store.append(scope, LOGS, entries(1))
    await store.close()
    assert await client["other-one"].list_collection_names() == [f"execution_logs_{scope.tenant_id.hex}"]
    await client.drop_database("other-one")


async def test_several_processes_may_begin_at_once(mongodb: MongoServer, scope: TenantScope) -> None:
    stores = [MongoDocuments(mongodb.url()) for _ in range(5)]
    await asyncio.gather(*(store.append(scope, LOGS, entries(*range(1, 20))) for store in stores))
    assert [one.seq for one in await stores[0].read(scope, LOGS, "a")] == list(range(1, 20))
    for store in stores:
        await store.close()


async def test_what_no_json_can_hold_is_cleaned(store: MongoDocuments, scope: TenantScope) -> None:
    body = {"type": "log", "huge": 2**70, "half": "\ud800 and \x00", "none": float("nan")}
    await store.append(scope, LOGS, [("a", Document(1, NOW, body))])
    (found,) = await store.read(scope, LOGS, "a", types=["log"])
    assert found.body == {"type": "log", "huge": str(2**70), "half": "\ufffd and \ufffd", "none": None}


async def test_any_refusal_but_that_of_a_duplicate_is_told(
    store: MongoDocuments, client: AsyncMongoClient, scope: TenantScope
) -> None:
    name = scope.collection(LOGS)
    await client["watchbill"].create_collection(name, validator={"seq": {"$lt": 3}})
    await store.append(scope, LOGS, entries(1))
    with pytest.raises(DocumentsUnavailable, match="MongoDB: BulkWriteError"):
        await store.append(scope, LOGS, entries(1, 2, 3))
    # Nobody is away: what can be written is.
    assert [one.seq for one in await store.read(scope, LOGS, "a")] == [1, 2]


@pytest.mark.parametrize(
    "url", ["mongodb://me:se/cret@host/db", "mongodb://me:secret@host:none/", "localhost:27017", "mongodb://"]
)
def test_a_url_that_is_wrong_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(ValueError, match="WATCHBILL_MONGO_URL cannot be read") as refusal:
        MongoDocuments(url)
    assert "cret" not in str(refusal.value) and refusal.value.__cause__ is None


async def test_a_server_that_is_away_is_waited_for_once(scope: TenantScope) -> None:
    url = f"mongodb://me:secret@127.0.0.1:{free_port()}/?timeoutMS=400"
    store = MongoDocuments(url)
    with pytest.raises(DocumentsUnavailable, match="ServerSelectionTimeoutError") as refusal:
        await store.append(scope, LOGS, entries(1))
    assert refusal.value.__cause__ is not None and "secret" not in str(refusal.value)
    for asked in (
        store.append(scope, LOGS, entries(1)),
        store.read(scope, LOGS, "a"),
        store.delete(scope, LOGS, "a"),
        store.expire(scope, before=NOW),
        store.drop(scope),
        store.remains(scope),
        store.ping(),
        anext(store.everything(scope)),
    ):
        with pytest.raises(DocumentsUnavailable) as refusal:
            await asked
        # The driver was not asked: it is known already.
        assert refusal.value.__cause__ is None
    await store.close()


@pytest.fixture
def given_up() -> Iterator[None]:
    """The driver leaves the socket of a connect that it gave up to the garbage collection. That happens here,
    before a test that has nothing to do with it is told of it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.usefixtures("given_up")
async def test_a_server_that_hangs_is_not_waited_for_for_ever(scope: TenantScope) -> None:
    taken = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await taken.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = MongoDocuments(f"mongodb://127.0.0.1:{port}/?timeoutMS=500&directConnection=true")
    with pytest.raises(DocumentsUnavailable, match="Timeout"):
        await store.read(scope, LOGS, "a")
    await store.close()
    taken.set()
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def losing(port: int, mark: bytes) -> AsyncIterator[int]:
    """A port that leads to another one, where questions with this mark never arrive."""
    passing: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while said := await reader.read(65536):
                if mark not in said:
                    writer.write(said)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, on = await asyncio.open_connection("127.0.0.1", port)
        passing.update((asyncio.create_task(carry(reader, on)), asyncio.create_task(carry(there, writer))))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)


async def test_a_question_that_takes_too_long_refuses_nobody_elses(
    mongodb: MongoServer, scope: TenantScope
) -> None:
    """The server is there: it only has much to do for one tenant."""
    other = TenantScope(uuid4())
    async with losing(mongodb.port, scope.collection(LOGS).encode()) as port:
        store = MongoDocuments(f"mongodb://127.0.0.1:{port}/?timeoutMS=60000&directConnection=true")
        await store.append(other, LOGS, entries(1))
        for _time in range(3):
            with pytest.raises(DocumentsUnavailable, match="Timeout"), pymongo.timeout(0.3):
                await store.read(scope, LOGS, "a")
            assert [one.seq for one in await store.read(other, LOGS, "a")] == [1]
        await store.close()


async def test_it_goes_on_when_the_server_is_back(scope: TenantScope) -> None:
    with mongo_server() as server:
        store = MongoDocuments(server.url(milliseconds=20_000))
        await store.append(scope, LOGS, entries(1))
        await asyncio.to_thread(server.stop)
        with pytest.raises(DocumentsUnavailable):
            await store.append(scope, LOGS, entries(2))
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(60):
            while True:
                try:
                    await store.append(scope, LOGS, entries(2, 3))
                    break
                except DocumentsUnavailable:
                    await asyncio.sleep(0.05)
        assert [one.seq for one in await store.read(scope, LOGS, "a")] == [1, 2, 3]
        await store.close()
