"""A journal of each kind to hold to one contract, and ways to make executions for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from fastapi import FastAPI

from tests.core.flows import chain
from tests.people import Person
from watchbill.adapters.journal import PostgresJournal
from watchbill.core.events import (
    Event,
    ExecutionStatus,
    Usage,
    envelope,
)
from watchbill.core.ports.journal import Batch, Claim, Journal, Outcome
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.starting import Ask, start_definition
from watchbill.kit.database.pool import Connections
from watchbill.testing.memory import MemoryJournal

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Setup:
    """A journal, and ways to make and look at executions that the port itself does not have."""

    journal: Journal
    create: Callable[..., Awaitable[UUID]]
    request_cancel: Callable[[UUID], Awaitable[None]]
    status: Callable[[UUID], Awaitable[str]]


async def memory() -> Setup:
    journal, scope = MemoryJournal(), TenantScope(uuid4())

    async def create(topic: str = "x") -> UUID:
        journal.create(scope, id_ := uuid4(), chain(1), {"topic": topic})
        return id_

    async def request_cancel(id_: UUID) -> None:
        journal.request_cancel(id_)

    async def status(id_: UUID) -> str:
        return journal.outcomes[id_].status

    return Setup(journal, create, request_cancel, status)


async def postgres(app: FastAPI, admin: Person, pool: asyncpg.Pool) -> Setup:
    database, scope = app.state.database, admin.scope

    async def create(topic: str = "x") -> UUID:
        async with database.transaction(scope) as work:
            started = await start_definition(work.session, scope, chain(1), Ask({"topic": topic}))
        return started.execution.id

    async def request_cancel(id_: UUID) -> None:
        await pool.execute(
            "UPDATE public.active_executions SET cancel_requested = true, wakes = wakes + 1, due_at = now()"
            " WHERE execution_id = $1",
            id_,
        )

    async def status(id_: UUID) -> str:
        return await pool.fetchval(f'SELECT status FROM "{scope.schema}".executions WHERE id = $1', id_)

    return Setup(PostgresJournal(Connections(pool, 2)), create, request_cancel, status)


async def claimed(setup: Setup, owner: str = "me", lease: float = 600) -> Claim:
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
