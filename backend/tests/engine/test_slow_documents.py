"""Documents of one tenant that hang hold up nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from watchbill.core.exchanges import Exchange
from watchbill.core.ports.documents import Collection, Document, DocumentsUnavailable
from watchbill.core.tenancy import TenantScope
from watchbill.engine.exchange_writer import ExchangeWriter
from watchbill.engine.exchanges import Kept
from watchbill.engine.losses import Losses
from watchbill.engine.trace_writer import TraceWriter
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


def kept(number: int) -> Kept:
    return Kept(Exchange("llm", {"messages": []}, {"text": "x"}, None, 1), number, "ask", 1, number, NOW)


async def test_exchanges_of_others_are_written_meanwhile():
    documents = Hanging()
    writer = ExchangeWriter(documents, lambda _: (), Losses())
    slow, other = uuid4(), uuid4()
    writer.put(SLOW, slow, [kept(1)])
    writer.put(OTHER, other, [kept(1)])
    await writer.written(other)
    assert documents.kept[OTHER, "execution_exchanges", str(other)]
    # What comes while the first is being written goes after it.
    writer.put(SLOW, slow, [kept(2)])
    documents.free.set()
    await writer.finish()
    assert len(documents.kept[SLOW, "execution_exchanges", str(slow)]) == 2


async def test_traces_of_others_are_caught_up_with_meanwhile():
    documents = Hanging()
    documents.away = True
    writer = TraceWriter(documents, Losses())
    entry = ("k", Document(1, NOW, {"type": "log"}))
    assert not await writer.write(SLOW, [entry])
    assert not await writer.write(OTHER, [entry])
    documents.away = False
    finishing = asyncio.create_task(writer.finish())
    async with asyncio.timeout(60):
        while not documents.kept[OTHER, "execution_logs", "k"]:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert not documents.kept[SLOW, "execution_logs", "k"]
    documents.free.set()
    await finishing
    assert documents.kept[SLOW, "execution_logs", "k"]
