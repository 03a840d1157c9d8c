"""The Journal port: one suite for PostgreSQL and for its in-memory twin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import FastAPI
from tests.core.flows import chain
from tests.people import Person

from watchbill.adapters.journal import PostgresJournal
from watchbill.config import Settings
from watchbill.core.events import (
    Event,
    ExecutionCompleted,
    ExecutionStatus,
    NodeCompleted,
    NodeStarted,
    Usage,
    envelope,
)
from watchbill.core.ports.journal import Batch, Claim, Journal, Outcome
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.service import Start, start
from watchbill.testing.memory import MemoryJournal

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Setup:
    """A journal, and ways to make and look at executions that the port itself does not have."""

    journal: Journal
    create: Callable[[], Awaitable[UUID]]
    request_cancel: Callable[[UUID], Awaitable[None]]
    status: Callable[[UUID], Awaitable[str]]


async def _memory() -> Setup:
    journal, scope = MemoryJournal(), TenantScope(uuid4())

    async def create() -> UUID:
        journal.create(scope, id_ := uuid4(), chain(1), {"topic": "x"})
        return id_

    async def request_cancel(id_: UUID) -> None:
        journal.request_cancel(id_)

    async def status(id_: UUID) -> str:
        return journal.outcomes[id_].status

    return Setup(journal, create, request_cancel, status)


async def _postgres(app: FastAPI, admin: Person, pool: asyncpg.Pool) -> Setup:
    database, scope = app.state.database, admin.scope

    async def create() -> UUID:
        async with database.transaction(scope) as work:
            execution, _ = await start(work.session, scope, Start(chain(1), {"topic": "x"}))
        return execution.id

    async def request_cancel(id_: UUID) -> None:
        await pool.execute(
            "UPDATE public.active_executions SET cancel_requested = true WHERE execution_id = $1", id_
        )

    async def status(id_: UUID) -> str:
        return await pool.fetchval(f'SELECT status FROM "{scope.schema}".executions WHERE id = $1', id_)

    return Setup(PostgresJournal(pool), create, request_cancel, status)


@pytest.fixture
async def memory_setup() -> Setup:
    return await _memory()


@pytest.fixture
async def postgres_setup(app: FastAPI, admin: Person, settings: Settings) -> AsyncIterator[Setup]:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
        yield await _postgres(app, admin, pool)


@pytest.fixture(params=["memory_setup", "postgres_setup"])
def setup(request: pytest.FixtureRequest) -> Setup:
    return request.getfixturevalue(request.param)


async def claimed(setup: Setup, owner: str = "me", lease: float = 10) -> Claim:
    id_ = await setup.create()
    [claim] = await setup.journal.claim(owner, lease_seconds=lease, limit=1, only=[id_])
    return claim


def event(claim: Claim, seq: int, data: Any, node_id: str | None = "in") -> Event:
    return envelope(data, seq=seq, execution_id=claim.execution_id, node_id=node_id, timestamp=NOW)


def batch(claim: Claim, *events: Event, outcome: Outcome | None = None) -> Batch:
    return Batch(
        claim.execution_id, claim.epoch, events[-1].seq if events else claim.last_seq, events, outcome
    )


DONE = Outcome(ExecutionStatus.COMPLETED, NOW, NOW, {"a": 1}, None, Usage().model_dump(mode="json"))


async def test_a_claim_is_exclusive_and_begins_with_the_queued_event(setup: Setup) -> None:
    claim = await claimed(setup)
    assert (claim.epoch, claim.last_seq, claim.cancel_requested) == (1, 1, False)
    assert await setup.journal.claim("you", lease_seconds=1, limit=9, only=[claim.execution_id]) == []
    [queued] = await setup.journal.events(claim.scope, claim.execution_id)
    assert (queued.seq, queued.type, queued.data["inputs"]) == (1, "execution_queued", {"topic": "x"})
    assert (await setup.journal.definition(claim.scope, claim.plan_digest))["schema"] == "watchbill.flow/v1"


async def test_events_are_read_back_as_they_were_written(setup: Setup) -> None:
    claim = await claimed(setup)
    events = [
        event(claim, 2, NodeStarted(attempt=1, input={"a": [1, None, "ä\u2028'\""]})),
        event(claim, 4, NodeCompleted(attempt=1, output={"big": 2**53, "x": 1.5})),
    ]
    await setup.journal.append(claim.scope, [batch(claim, *events)], lease_seconds=10)
    assert await setup.journal.events(claim.scope, claim.execution_id, after=1) == events
    assert await setup.journal.events(claim.scope, claim.execution_id, after=1, limit=1) == events[:1]


async def test_a_batch_of_several_executions_is_written_at_once(setup: Setup) -> None:
    first, second = await claimed(setup), await claimed(setup)
    batches = [batch(c, event(c, 2, NodeStarted(attempt=1))) for c in (first, second)]
    answer = await setup.journal.append(first.scope, batches, lease_seconds=10)
    assert answer == {first.execution_id: False, second.execution_id: False}
    for claim in (first, second):
        assert len(await setup.journal.events(claim.scope, claim.execution_id)) == 2


async def test_an_old_epoch_is_fenced_off_and_others_in_the_batch_are_not(setup: Setup) -> None:
    zombie, healthy = await claimed(setup, lease=-1), await claimed(setup)
    [heir] = await setup.journal.claim("heir", lease_seconds=10, limit=1, only=[zombie.execution_id])
    assert heir.epoch == 2
    batches = [batch(c, event(c, 2, NodeStarted(attempt=1))) for c in (zombie, healthy)]
    answer = await setup.journal.append(zombie.scope, batches, lease_seconds=10)
    assert set(answer) == {healthy.execution_id}
    assert len(await setup.journal.events(zombie.scope, zombie.execution_id)) == 1


async def test_a_final_outcome_ends_the_claim(setup: Setup) -> None:
    claim = await claimed(setup)
    done = event(claim, 2, ExecutionCompleted(outputs={"a": 1}, usage=Usage()), None)
    assert await setup.journal.append(claim.scope, [batch(claim, done, outcome=DONE)], lease_seconds=10)
    assert await setup.status(claim.execution_id) == "completed"
    late = event(claim, 3, NodeStarted(attempt=1))
    assert await setup.journal.append(claim.scope, [batch(claim, late)], lease_seconds=10) == {}
    assert await setup.journal.claim("you", lease_seconds=1, limit=9, only=[claim.execution_id]) == []


async def test_traced_events_move_the_last_number(setup: Setup) -> None:
    claim = await claimed(setup, lease=-1)
    only_trace = Batch(claim.execution_id, claim.epoch, 7, [])
    await setup.journal.append(claim.scope, [only_trace], lease_seconds=-1)
    [heir] = await setup.journal.claim("heir", lease_seconds=1, limit=1, only=[claim.execution_id])
    assert heir.last_seq == 7


async def test_a_heartbeat_keeps_what_it_names_and_tells_of_cancels(setup: Setup) -> None:
    kept, crashed = await claimed(setup, lease=-1), await claimed(setup, lease=-1)
    assert await setup.journal.heartbeat("me", [kept.execution_id], lease_seconds=10) == {
        kept.execution_id: False
    }
    both = [kept.execution_id, crashed.execution_id]
    taken = await setup.journal.claim("heir", lease_seconds=1, limit=9, only=both)
    assert [claim.execution_id for claim in taken] == [crashed.execution_id]
    await setup.request_cancel(kept.execution_id)
    assert await setup.journal.heartbeat("me", both, lease_seconds=10) == {kept.execution_id: True}
    answer = await setup.journal.append(kept.scope, [batch(kept)], lease_seconds=10)
    assert answer == {kept.execution_id: True}


async def test_a_released_execution_can_be_taken_at_once(setup: Setup) -> None:
    claim = await claimed(setup)
    await setup.journal.release(claim.execution_id, claim.epoch)
    [heir] = await setup.journal.claim("heir", lease_seconds=1, limit=1, only=[claim.execution_id])
    await setup.journal.release(heir.execution_id, heir.epoch - 1)
    assert await setup.journal.claim("third", lease_seconds=1, limit=1, only=[claim.execution_id]) == []


async def test_many_workers_never_claim_the_same(setup: Setup) -> None:
    ids = [await setup.create() for _ in range(30)]
    claims = await asyncio.gather(
        *(setup.journal.claim(f"w{n}", lease_seconds=10, limit=10, only=ids) for n in range(6))
    )
    taken = [claim.execution_id for group in claims for claim in group]
    assert sorted(taken) == sorted(set(taken))
