"""A long journal is read in parts, and whole."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.features.test_notifications import start
from tests.people import Person
from watchbill.core.events import NodeSkipped, envelope
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
