"""Watching an execution while Redis tells nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Literal
from uuid import UUID

from fastapi import FastAPI

from tests.features.notifications.test_notifications import start
from tests.people import Person
from watchbill.core.events import Event, NodeSkipped, envelope
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.queries import journal as journal_queries
from watchbill.features.executions.watching.events import watch
from watchbill.testing.memory import MemoryLive


class Restless(MemoryLive):
    """As a Redis whose connection comes and goes: its bells ring again and again without anything to read."""

    @asynccontextmanager
    async def doorbell(self, scope: TenantScope, execution_id: UUID) -> AsyncGenerator[asyncio.Event]:
        yield Ringing()


class Ringing(asyncio.Event):
    def is_set(self) -> bool:
        return True

    async def wait(self) -> Literal[True]:
        await asyncio.sleep(0)
        return True


async def test_who_watches_looks_into_the_stores_though_bells_ring_without_news(
    admin: Person, app: FastAPI
) -> None:
    run, history = UUID(await start(admin)), app.state.executions.history
    ticks = count()
    seen: list[Event] = []
    async with (
        asyncio.timeout(120),
        aclosing(
            watch(Restless(), history, admin.scope, run, after=0, clock=lambda: float(next(ticks)))
        ) as blocks,
    ):
        async for block in blocks:
            seen += block
            if len(seen) == 2:
                break
            if block:
                skipped = envelope(
                    NodeSkipped(), seq=2, execution_id=run, node_id="ask", timestamp=datetime.now(UTC)
                )
                async with app.state.database.transaction(admin.scope) as work:
                    journal_queries.add_events(work.session, [skipped])
    assert [event.seq for event in seen] == [1, 2]
