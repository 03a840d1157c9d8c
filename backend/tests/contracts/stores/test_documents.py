"""The DocumentStore port: one suite for PostgreSQL, for MongoDB, and for their in-memory twin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.mongodb import MongoServer
from tests.people import Person
from watchbill.adapters.documents import PostgresDocuments
from watchbill.adapters.documents.mongo import MongoDocuments
from watchbill.config import Settings
from watchbill.core.ports.documents import MAX_BODY_BYTES, Document, DocumentStore, DocumentTooLarge
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.pool import Connections
from watchbill.testing.memory import MemoryDocuments

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Kept = tuple[DocumentStore, TenantScope, TenantScope]


@pytest.fixture
async def in_memory() -> Kept:
    return MemoryDocuments(), TenantScope(uuid4()), TenantScope(uuid4())


@pytest.fixture
async def in_postgres(admin: Person, stranger: Person, settings: Settings) -> AsyncIterator[Kept]:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        yield PostgresDocuments(Connections(pool, 2)), admin.scope, stranger.scope


@pytest.fixture
async def in_mongodb(mongodb: MongoServer) -> AsyncIterator[Kept]:
    store = MongoDocuments(mongodb.url())
    yield store, TenantScope(uuid4()), TenantScope(uuid4())
    await store.close()


@pytest.fixture(params=["in_memory", "in_postgres", "in_mongodb"])
def kept(request: pytest.FixtureRequest) -> Kept:
    return request.getfixturevalue(request.param)


def document(seq: int, type_: str = "log", at: datetime = NOW) -> Document:
    return Document(seq, at, {"type": type_, "text": f"nr {seq} — 'quoted' \u2028"})


async def test_documents_come_back_in_order_from_where_one_asks(kept: Kept) -> None:
    store, mine, _ = kept
    await store.append(mine, "execution_logs", [("a", document(n)) for n in (3, 1, 2)])
    assert await store.read(mine, "execution_logs", "a") == [document(n) for n in (1, 2, 3)]
    assert await store.read(mine, "execution_logs", "a", after=1, limit=1) == [document(2)]


async def test_a_repeat_changes_nothing(kept: Kept) -> None:
    store, mine, _ = kept
    await store.append(mine, "execution_logs", [("a", document(1))])
    await store.append(mine, "execution_logs", [("a", document(1, "other")), ("a", document(2))])
    assert await store.read(mine, "execution_logs", "a") == [document(1), document(2)]


async def test_types_filter(kept: Kept) -> None:
    store, mine, _ = kept
    entries = [("a", document(1)), ("a", document(2, "llm_token")), ("a", document(3, "tool_started"))]
    await store.append(mine, "execution_logs", entries)
    found = await store.read(mine, "execution_logs", "a", types=["log", "tool_started"])
    assert [found_document.seq for found_document in found] == [1, 3]


async def test_tenants_collections_and_keys_are_apart(kept: Kept) -> None:
    store, mine, theirs = kept
    await store.append(mine, "execution_logs", [("a", document(1))])
    assert await store.read(theirs, "execution_logs", "a") == []
    assert await store.read(mine, "chat_messages", "a") == []
    assert await store.read(mine, "execution_logs", "b") == []


async def test_keys_can_be_deleted(kept: Kept) -> None:
    store, mine, theirs = kept
    for tenant in (mine, theirs):
        await store.append(tenant, "execution_logs", [(key, document(1)) for key in "abc"])
    await store.delete(mine, "execution_logs", "a", "c", "never there")
    await store.delete(mine, "execution_outputs", "b")
    await store.delete(mine, "execution_logs")
    assert [await store.read(mine, "execution_logs", key) for key in "abc"] == [[], [document(1)], []]
    assert await store.read(theirs, "execution_logs", "a") == [document(1)]


async def test_old_documents_expire(kept: Kept) -> None:
    store, mine, theirs = kept
    old = NOW - timedelta(days=31)
    await store.append(mine, "execution_logs", [("a", document(1, at=old)), ("a", document(2))])
    await store.append(theirs, "execution_logs", [("a", document(1, at=old))])
    assert await store.expire(mine, before=NOW - timedelta(days=30)) == 1
    assert await store.read(mine, "execution_logs", "a") == [document(2)]
    assert len(await store.read(theirs, "execution_logs", "a")) == 1


async def test_a_document_that_is_twice_in_one_batch_is_there_once(kept: Kept) -> None:
    store, mine, _ = kept
    twice = [("a", document(1)), ("a", document(1, "other")), ("a", document(2))]
    await store.append(mine, "execution_logs", twice)
    assert await store.read(mine, "execution_logs", "a") == [document(1), document(2)]


async def test_nothing_to_add_is_nothing(kept: Kept) -> None:
    store, mine, _ = kept
    await store.append(mine, "execution_logs", [])
    assert await store.read(mine, "execution_logs", "a") == []


async def test_times_keep_their_microseconds(kept: Kept) -> None:
    store, mine, _ = kept
    moments = [NOW + timedelta(microseconds=n) for n in (1, 999, 123_457, 999_999)]
    early = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    documents = [document(n, at=at) for n, at in enumerate([*moments, early], start=1)]
    await store.append(mine, "execution_logs", [("a", one) for one in documents])
    assert await store.read(mine, "execution_logs", "a") == documents
    assert await store.expire(mine, before=moments[1]) == 2


async def test_any_json_comes_back_as_it_was(kept: Kept) -> None:
    store, mine, _ = kept
    deep: dict[str, Any] = {}
    for _level in range(200):
        deep = {"in": deep}
    body = {
        "type": "log",
        "$set": {"a.b": 1, "": "empty", "$": {"_id": "x"}},
        "numbers": [2**63 - 1, -(2**63), 0.1, 1e300, True, None],
        "text": "⚓ 𝄞 \u2028 \\u0000 ' \" {{ }}",
        "deep": deep,
    }
    await store.append(mine, "execution_outputs", [("key.$with \u2028", Document(2**62, NOW, body))])
    found = await store.read(mine, "execution_outputs", "key.$with \u2028")
    assert found == [Document(2**62, NOW, body)]
    assert type(found[0].body["numbers"][4]) is bool


async def test_thousands_are_read_page_by_page(kept: Kept) -> None:
    store, mine, _ = kept
    await store.append(mine, "execution_logs", [("a", document(n)) for n in range(1, 5001)])
    seen: list[int] = []
    while page := await store.read(mine, "execution_logs", "a", after=seen[-1] if seen else 0, limit=700):
        seen += [one.seq for one in page]
    assert seen == list(range(1, 5001))
    assert len(await store.read(mine, "execution_logs", "a", limit=1_000_000)) == 5000


@pytest.mark.parametrize(("room", "seen"), [(1, 1), (1_500, 2), (10**9, 6)])
async def test_a_reading_ends_where_it_has_no_more_room(kept: Kept, room: int, seen: int) -> None:
    """The first document is given in any case, and each knows how large it was."""
    store, mine, _ = kept
    types = ["log", "log", "other", "log", "log", "log", "log"]
    bodies = [{"type": type_, "text": "é" * 1_000} for type_ in types]
    entries = [("a", Document(seq, NOW, body)) for seq, body in enumerate(bodies, 1)]
    await store.append(mine, "execution_logs", entries)
    found = await store.read(mine, "execution_logs", "a", types=["log"], limit=6, room=room)
    assert [one.seq for one in found] == [1, 2, 4, 5, 6, 7][:seen]
    assert all(1_000 < one.size < 1_100 for one in found)
    assert len(await store.read(mine, "execution_logs", "a", after=3, limit=2, room=10**9)) == 2
    assert await store.read(mine, "execution_logs", "a", after=7, room=room) == []


async def test_documents_are_copied_to_another_key(kept: Kept) -> None:
    store, mine, theirs = kept
    later = NOW + timedelta(days=400)
    await store.append(mine, "execution_outputs", [("a", document(n)) for n in (1, 2, 2**40)])
    await store.append(mine, "execution_logs", [("a", document(9))])
    await store.append(theirs, "execution_outputs", [("a", document(9))])
    wanted = {1: 7, 2**40: 5, 9: 9}
    for _time in range(2):
        assert await store.copy(mine, "execution_outputs", "a", "b", wanted, at=later) == {1, 2**40}
    found = await store.read(mine, "execution_outputs", "b")
    assert found == [
        replace(document(2**40), seq=5, created_at=later),
        replace(document(1), seq=7, created_at=later),
    ]
    assert [one.seq for one in await store.read(mine, "execution_outputs", "a")] == [1, 2, 2**40]
    assert await store.read(theirs, "execution_outputs", "b") == []


async def test_the_largest_fits_and_a_larger_one_is_refused_with_its_batch(kept: Kept) -> None:
    store, mine, _ = kept
    largest = MAX_BODY_BYTES - len('{"output":""}')
    bodies = [{"output": "x" * size} for size in (largest, largest + 1)]
    await store.append(mine, "execution_outputs", [("a", Document(1, NOW, bodies[0]))])
    batch = [("a", Document(2, NOW, {})), ("a", Document(3, NOW, bodies[1]))]
    with pytest.raises(DocumentTooLarge, match="document 3 of a"):
        await store.append(mine, "execution_outputs", batch)
    (found,) = await store.read(mine, "execution_outputs", "a")
    assert found.body == bodies[0]


async def test_everything_of_a_tenant_can_be_had_and_dropped(kept: Kept) -> None:
    store, mine, theirs = kept
    await store.append(theirs, "execution_logs", [("a", document(1))])
    assert await store.remains(mine) == []
    await store.append(mine, "execution_logs", [("a", document(n)) for n in range(1, 1202)])
    await store.append(mine, "execution_outputs", [("b", document(7))])
    found = [entry async for entry in store.everything(mine)]
    assert len(found) == 1202 and ("execution_outputs", "b", document(7)) in found
    assert len({(kind, key, one.seq) for kind, key, one in found}) == 1202
    assert await store.remains(mine) != []
    for _time in range(2):
        await store.drop(mine)
        assert await store.remains(mine) == [] == [entry async for entry in store.everything(mine)]
    assert await store.read(theirs, "execution_logs", "a") == [document(1)]
    # What a slow writer brings is kept as ever, and one document only once.
    await store.append(mine, "execution_logs", [("a", document(1))])
    await store.append(mine, "execution_logs", [("a", document(1, "other"))])
    assert await store.read(mine, "execution_logs", "a") == [document(1)]


async def test_it_answers(kept: Kept) -> None:
    await kept[0].ping()
