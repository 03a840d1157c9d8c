"""Whose turn it is on a worker's loop: who does little goes on before who has much to do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.core.flows import transform
from tests.engine.conftest import Ship
from tests.engine.test_bodies import around, each
from tests.engine.test_neighbours import CALM, NUMBERS, end_of
from watchbill.core.tenancy import TenantScope
from watchbill.engine.slices import Slices


async def test_who_has_much_to_do_pauses_for_other_tenants_only() -> None:
    now, waits = 0.0, list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    slices = Slices(clock=lambda: now, sleep=sleep)
    much, small, third = (TenantScope(uuid4()) for _ in range(3))

    async def paused(scope: TenantScope = much) -> bool:
        async with slices.turn(scope):
            return waits[-1] > 0

    assert not await paused(), "alone"
    slices.small(much)
    assert not await paused(), "an execution of one's own"
    slices.small(small)
    assert await paused()
    slices.small(much)
    assert await paused(), "the other one was there a moment ago"
    assert await paused(small)
    now += 0.1
    slices.small(third)
    slices.small(much)
    now += 0.15
    assert await paused(), "the third one was"
    now += 1.0
    assert not await paused(), "they are gone"


async def test_who_starts_many_is_served_in_parts(ship: Ship, monkeypatch: pytest.MonkeyPatch) -> None:
    claimed: list[set[UUID]] = []
    groups: list[int] = []
    claim, append = ship.journal.claim, ship.journal.append

    async def noted_claim(*args: Any, **named: Any) -> Any:
        found = await claim(*args, **named)
        claimed.append({one.execution_id for one in found})
        return found

    async def noted_append(scope: Any, batches: Any, **named: Any) -> Any:
        groups.append(len(batches))
        return await append(scope, batches, **named)

    monkeypatch.setattr(ship.journal, "claim", noted_claim)
    monkeypatch.setattr(ship.journal, "append", noted_append)
    ship.engine(sweep_seconds=600)
    # The first sweep is over.
    await ship.until(lambda: claimed)
    many = {ship.submit(CALM, topic="x") for _ in range(100)}
    calm = ship.submit_for(TenantScope(uuid4()), CALM, topic="x")
    assert await end_of(ship, calm) is None
    assert {await end_of(ship, one) is None for one in many} == {True}
    hinted = [part for part in claimed if part]
    assert hinted[0] == {calm}, "who starts one goes first"
    assert max(map(len, hinted)) < len(many) // 4
    assert max(groups) < len(many) // 4


async def test_many_who_have_much_to_do_at_once_go_on_one_slice_at_a_time(
    ship: Ship, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else is on the loop has its turn after a slice of one of them, not after one of each."""
    asked = 0

    def now() -> datetime:
        nonlocal asked
        asked += 1
        return datetime.now(UTC)

    monkeypatch.setattr(ship, "now", now)
    ship.engine()
    definition = around(each(transform("x", "1"), items="{{ inputs.topic }}"))
    many = [ship.submit_for(TenantScope(uuid4()), definition, topic=NUMBERS[:300]) for _ in range(12)]
    await ship.until(lambda: all(ship.journal.written[id_][1:] for id_ in many))
    begun, most = asked, 0
    while not all((found := ship.journal.outcomes.get(id_)) and found.status.final for id_ in many):
        before = asked
        await asyncio.sleep(0)
        most = max(most, asked - before)
    # A slice of each would be ten times as much, and all that one commits together more.
    assert asked - begun > 12 * 600 and most < 300, (asked - begun, most)


async def test_tenants_take_turns_however_many_executions_one_has() -> None:
    """One tenant's hundred that have much to do are one in the queue, not a hundred."""
    slices = Slices()
    crowd, single = TenantScope(uuid4()), TenantScope(uuid4())
    turns: list[TenantScope] = []

    async def work(scope: TenantScope, slices_wanted: int) -> None:
        for _ in range(slices_wanted):
            async with slices.turn(scope):
                turns.append(scope)

    many = [asyncio.create_task(work(crowd, 3)) for _ in range(100)]
    await asyncio.sleep(0)
    await work(single, 20)
    # It waits for the one whose turn it is when it asks, and for the next.
    mine = [place for place, scope in enumerate(turns) if scope == single]
    assert max(later - earlier for earlier, later in pairwise([0, *mine])) <= 3, mine
    await asyncio.gather(*many)
    assert turns.count(crowd) == 300


async def test_who_gives_up_waiting_or_fails_in_a_slice_leaves_the_turn_to_the_next() -> None:
    slices = Slices()
    one, other = TenantScope(uuid4()), TenantScope(uuid4())
    done: list[str] = []

    async def work(scope: TenantScope, name: str) -> None:
        async with slices.turn(scope):
            done.append(name)
            if name == "fails":
                raise RuntimeError(name)

    async with slices.turn(one):
        waiting = {
            name: asyncio.create_task(work(scope, name))
            for name, scope in (("leaves", one), ("fails", other), ("last", one), ("stays", one))
        }
        await asyncio.sleep(0)
        waiting["leaves"].cancel()
        await asyncio.sleep(0)
    # The turn is this one's by now, though it has not begun.
    waiting["last"].cancel()
    await asyncio.gather(*waiting.values(), return_exceptions=True)
    assert done[0] == "fails" and set(done) == {"fails", "stays"}
    async with asyncio.timeout(60), slices.turn(other):
        done.append("free")
    assert done[-1] == "free"
