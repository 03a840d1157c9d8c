"""Hints cost an engine little however many come, and one that stops takes nothing more on."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.core.flows import node
from tests.engine.conftest import Ship
from tests.engine.test_bodies import around
from tests.engine.test_neighbours import CALM
from watchbill.core.tenancy import TenantScope
from watchbill.engine.engine import Engine

ASKING = around(node("ask", "llm", {"prompt": "x"}))


async def test_hints_without_room_are_looked_at_once(ship: Ship, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep finds what they tell of. To go through them in parts would hold up all that runs."""
    told: list[UUID] = []
    hint = Engine.hint

    def noted(engine: Engine, scope: TenantScope, execution_id: UUID) -> None:
        told.append(execution_id)
        hint(engine, scope, execution_id)

    monkeypatch.setattr(Engine, "hint", noted)
    engine = ship.engine(capacity=1)
    ship.model.gates["ask"] = asyncio.Event()
    running = ship.submit(ASKING, topic="x")
    await ship.until(lambda: ship.model.asked)
    other = TenantScope(uuid4())
    many = [ship.submit_for(other, CALM, topic="x") for _ in range(500)]
    ship.model.gates["ask"].set()
    await ship.until(lambda: all(id_ in ship.journal.outcomes for id_ in (running, *many)))
    assert len(told) == 501
    assert engine.claims >= 501


async def test_an_engine_that_stops_claims_nothing_more(ship: Ship, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it was given in that very moment is given back, and what it was told of is left to others."""
    asked, answered = asyncio.Event(), asyncio.Event()
    claim = ship.journal.claim
    calls: list[Any] = []

    async def slow(*args: Any, **named: Any) -> Any:
        if named["only"] is None:
            return []
        calls.append(named["only"])
        claims = await claim(*args, **named)
        asked.set()
        await answered.wait()
        return claims

    monkeypatch.setattr(ship.journal, "claim", slow)
    engine = ship.engine()
    ids = [ship.submit_for(TenantScope(uuid4()), CALM, topic="x") for _ in range(5)]
    await asked.wait()
    stopping = asyncio.create_task(engine.stop(grace_seconds=60))
    await asyncio.sleep(0)
    answered.set()
    await stopping
    assert len(calls) == 1 and engine.running == 0
    assert not any(row.owner for row in ship.journal.rows.values())
    assert [id_ in ship.journal.outcomes for id_ in ids] == [True, False, False, False, False]
