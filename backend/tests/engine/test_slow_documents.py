"""Documents of one tenant that hang hold up nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from watchbill.core.ports.documents import Collection, Document, DocumentsUnavailable
from watchbill.core.tenancy import TenantScope
from watchbill.engine.missing import Missing
from watchbill.engine.outbox import Outbox
from watchbill.testing.memory import MemoryDocuments

SLOW, OTHER = TenantScope(UUID(int=1)), TenantScope(UUID(int=2))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Hanging(MemoryDocuments):
    """Takes nothing of one tenant until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.free = asyncio.Event()

    async def append(
        self, scope: TenantScope, collection: Collection, entries: Sequence[tuple[str, Document]]
    ) -> None:
        if self.away:
            raise DocumentsUnavailable("away")
        if scope == SLOW:
            await self.free.wait()
        await super().append(scope, collection, entries)


def entry(number: int) -> tuple[str, Document]:
    return "k", Document(number, NOW, {"type": "log"})


async def test_documents_of_others_are_written_meanwhile():
    documents = Hanging()
    box = Outbox(documents, Missing())
    first = box.put(SLOW, "execution_exchanges", [entry(1)])
    assert await box.put(OTHER, "execution_exchanges", [entry(1)]).tried
    assert documents.kept[OTHER, "execution_exchanges", "k"] and not first.tried.done()
    # What comes while the first is being written goes after it.
    second = box.put(SLOW, "execution_exchanges", [entry(2)])
    documents.free.set()
    assert await first.tried and await second.tried
    assert len(documents.kept[SLOW, "execution_exchanges", "k"]) == 2


async def test_others_are_caught_up_with_meanwhile():
    documents = Hanging()
    documents.away = True
    box = Outbox(documents, Missing())
    assert not await box.put(SLOW, "execution_logs", [entry(1)]).tried
    assert not await box.put(OTHER, "execution_logs", [entry(1)]).tried
    documents.away = False
    finishing = asyncio.create_task(box.finish())
    async with asyncio.timeout(60):
        while not documents.kept[OTHER, "execution_logs", "k"]:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert not documents.kept[SLOW, "execution_logs", "k"]
    documents.free.set()
    await finishing
    assert documents.kept[SLOW, "execution_logs", "k"]


async def test_what_comes_when_the_last_was_just_written_is_written_too():
    documents = MemoryDocuments()
    box = Outbox(documents, Missing())
    for number in range(1, 50):
        # Whoever hears that it is written may hand over the next one before the lane has come to rest.
        parcel = box.put(OTHER, "execution_logs", [entry(number)])
        for _ in range(number % 5):
            await asyncio.sleep(0)
        if parcel.tried.done():
            parcel = box.put(OTHER, "execution_logs", [entry(100 + number)])
        async with asyncio.timeout(60):
            assert await parcel.tried
