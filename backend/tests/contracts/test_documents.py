"""The DocumentStore port: one suite for PostgreSQL and for its in-memory twin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from tests.people import Person

from watchbill.adapters.documents import PostgresDocuments
from watchbill.config import Settings
from watchbill.core.ports.documents import Document, DocumentStore
from watchbill.core.tenancy import TenantScope
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
        yield PostgresDocuments(pool), admin.scope, stranger.scope


@pytest.fixture(params=["in_memory", "in_postgres"])
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
