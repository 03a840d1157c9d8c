"""A long journal is read in parts, and whole."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from uuid import UUID

import pytest
from fastapi import FastAPI

from tests.features.test_notifications import start
from tests.people import Person, checked
from watchbill.core.events import Event, NodeCompleted, NodeSkipped, envelope
from watchbill.features.executions import journal_queries
from watchbill.features.executions.backend import ExecutionBackend
from watchbill.features.executions.journal_queries import PART
from watchbill.features.executions.watch import watch
from watchbill.kit.db import Database


@pytest.mark.parametrize("length", [PART - 1, PART, PART + 1, 3 * PART + 7])
async def test_a_journal_is_read_whole(admin: Person, database: Database, length: int) -> None:
    run = UUID(await start(admin))
    async with database.transaction(admin.scope) as work:
        journal_queries.add_events(
            work.session,
            [
                envelope(NodeSkipped(), seq=seq, execution_id=run, node_id="ask", timestamp=datetime.now(UTC))
                for seq in range(2, length + 1)
            ],
        )
    async with database.transaction(admin.scope) as work:
        for after, limit in (
            (0, 2**31 - 1),
            (0, length),
            (0, PART),
            (PART - 1, PART + 1),
            (length, 5),
            (0, 1),
        ):
            events = await journal_queries.events(work.session, run, after, limit)
            wanted = range(after + 1, min(length, after + limit) + 1)
            assert [event.seq for event in events] == list(wanted)
            assert all(event.execution_id == run and event.timestamp for event in events)


async def pages(admin: Person, run: UUID) -> list[list[int]]:
    """The numbers of all events, page by page."""
    found: list[list[int]] = []
    after: int | None = 0
    while after is not None:
        page = checked(await admin.http.get(f"executions/{run}/events?limit=1000&after={after}"))
        found.append([event["seq"] for event in page["items"]])
        after = page["next_after"]
    return found


@pytest.mark.parametrize(("count", "size", "most"), [(300, 60_000, 140), (7, 100_000, 2), (300, 10, 300)])
async def test_a_page_of_events_has_some_megabytes_at_most(
    admin: Person, app: FastAPI, count: int, size: int, most: int
) -> None:
    """Large outputs lie aside, and count as much as they may have."""
    run = UUID(await start(admin))
    events = [
        envelope(
            NodeCompleted(attempt=1, output="x" * size),
            seq=seq,
            execution_id=run,
            node_id="ask",
            timestamp=datetime.now(UTC),
        )
        for seq in range(2, count + 2)
    ]
    events = await app.state.executions.history.without_large_outputs(admin.scope, events)
    async with app.state.database.transaction(admin.scope) as work:
        journal_queries.add_events(work.session, events)
    found = await pages(admin, run)
    assert [seq for page in found for seq in page] == list(range(1, count + 2))
    assert max(map(len, found)) <= most + 1 and len(found) >= count // (most + 1)


async def test_who_watches_is_given_a_few_large_outputs_at_a_time(
    admin: Person, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of an execution may have a hundred megabytes, which whoever reads slowly would hold here."""
    run = UUID(await start(admin))
    events = [
        envelope(
            NodeCompleted(attempt=1, output="x" * 100_000),
            seq=seq,
            execution_id=run,
            node_id="ask",
            timestamp=datetime.now(UTC),
        )
        for seq in range(2, 22)
    ]
    parts: ExecutionBackend = app.state.executions
    events = await parts.history.without_large_outputs(admin.scope, events)
    async with app.state.database.transaction(admin.scope) as work:
        journal_queries.add_events(work.session, events)
    seen: list[Event] = []
    async with aclosing(watch(parts.live, parts.history, admin.scope, run, after=0)) as blocks:
        async for block in blocks:
            seen += block
            large = [event for event in block if event.type == "node_completed"]
            assert len(large) <= 1 and all(event.data["output"] for event in large)
            if len(seen) == 21:
                break
    assert [event.seq for event in seen] == list(range(1, 22))
