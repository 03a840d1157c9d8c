"""Long-lived tasks: whatever ends them is logged and they go on; what keeps failing or is stuck is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.core.flows import chain
from tests.engine.conftest import Ship
from watchbill.kit.process import supervision
from watchbill.kit.process.supervision import MOST_FAILURES, Alive, Supervisor


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # conditions over plain data
            await asyncio.sleep(0)


async def test_a_task_that_fails_is_logged_by_name_and_goes_on_with_growing_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    supervisor = Supervisor(clock=clock, sleep=clock.sleep)
    ends: list[Exception | None] = [ValueError("a"), KeyError("b"), None, OSError("c")]

    async def work(_alive: Alive) -> None:
        if ends:
            error = ends.pop(0)
            if error is not None:
                raise error
            return
        await asyncio.Event().wait()

    supervisor.keep("the task", work)
    await until(lambda: len(clock.slept) == 4)
    assert clock.slept == [1, 2, 4, 8]
    assert supervisor.failures == {"the task": 4}
    told = [record.getMessage() for record in caplog.records if "the task" in record.getMessage()]
    assert len(told) == 4
    assert supervisor.troubles() == {}
    await supervisor.stop()


async def test_what_keeps_failing_is_a_trouble_until_it_lived_for_a_while() -> None:
    clock = Clock()
    supervisor = Supervisor(clock=clock, sleep=clock.sleep)
    well, lives = False, asyncio.Event()

    async def work(_alive: Alive) -> None:
        if well:
            lives.set()
            await asyncio.Event().wait()
        raise ValueError("again")

    supervisor.keep("task", work)
    await until(lambda: supervisor.failures["task"] >= MOST_FAILURES)
    assert "in a row" in supervisor.troubles()["task"]
    well = True
    await lives.wait()
    assert "in a row" in supervisor.troubles()["task"]
    clock.now += 61
    assert supervisor.troubles() == {}
    await supervisor.stop()


async def test_a_task_that_gives_no_sign_of_life_is_a_trouble() -> None:
    clock = Clock()
    supervisor = Supervisor(clock=clock, sleep=clock.sleep)
    signs: list[Alive] = []

    async def work(alive: Alive) -> None:
        signs.append(alive)
        await asyncio.Event().wait()

    supervisor.keep("stuck", work, stuck_seconds=60)
    supervisor.keep("patient", work)
    await until(lambda: len(signs) == 2)
    clock.now = 61
    assert supervisor.troubles() == {"stuck": "no sign of life for 61 s"}
    for alive in signs:
        alive()
    assert supervisor.troubles() == {}
    await supervisor.stop()


async def test_a_task_that_swallows_a_cancellation_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "_HEEDED_SECONDS", 0.01)
    supervisor, swallowed, begun = Supervisor(), 0, asyncio.Event()

    async def work(_alive: Alive) -> None:
        nonlocal swallowed
        while True:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 3:
                    raise

    supervisor.keep("deaf", work)
    await begun.wait()
    async with asyncio.timeout(60):
        await supervisor.stop()
    assert swallowed == 3


@pytest.mark.parametrize("method", ["claim", "heartbeat"])
@pytest.mark.parametrize("error", [ValueError("a bug"), KeyError("another"), OSError("away")])
async def test_a_worker_goes_on_claiming_and_extending_leases_whatever_goes_wrong(
    ship: Ship, method: str, error: Exception
) -> None:
    whole, calls = getattr(ship.journal, method), 0

    async def broken(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls <= 2:
            raise error
        return await whole(*args, **named)

    setattr(ship.journal, method, broken)
    ship.engine(heartbeat_seconds=0.01)
    id_ = ship.submit(chain(1), topic="x")
    await ship.finish(id_)
    await ship.until(lambda: calls > 3)
