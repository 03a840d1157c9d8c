"""A long journal is read in parts, and whole."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from fastapi import FastAPI

from tests.features.test_notifications import start
from tests.people import Person, checked
from watchbill.core.events import NodeCompleted, NodeSkipped, envelope
from watchbill.features.executions import journal_queries
from watchbill.features.executions.journal_queries import PART
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
