"""An event loop whose blocking functions run in place, where that holds nothing up."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from watchbill.adapters.crewai.loop import run_in_place


def test_a_step_runs_where_its_loop_does():
    async def step() -> bool:
        return await asyncio.to_thread(threading.get_ident) == threading.get_ident()

    assert run_in_place(step())


def test_a_step_may_start_an_event_loop_of_its_own():
    async def inner() -> str:
        await asyncio.sleep(0)
        return "inner"

    async def outer() -> tuple[str, bool]:
        loop = asyncio.get_running_loop()
        said = await asyncio.to_thread(lambda: asyncio.run(inner()))
        return said, asyncio.get_running_loop() is loop

    assert run_in_place(outer()) == ("inner", True)


def test_steps_that_are_to_run_side_by_side_do():
    meeting = threading.Barrier(3)

    async def together() -> list[int]:
        return await asyncio.gather(*(asyncio.to_thread(meeting.wait, 60) for _ in range(3)))

    assert sorted(run_in_place(together())) == [0, 1, 2]


def test_a_step_with_a_time_limit_does_not_hold_its_loop_up():
    hold = threading.Event()

    async def limited() -> None:
        try:
            await asyncio.wait_for(asyncio.to_thread(hold.wait, 60), 0.01)
        finally:
            hold.set()

    with pytest.raises(TimeoutError):
        run_in_place(limited())


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError()])
def test_what_a_step_raises_reaches_whoever_awaits_it(error: BaseException):
    def fail() -> Any:
        raise error

    async def step() -> str:
        try:
            await asyncio.to_thread(fail)
        except (ValueError, asyncio.CancelledError) as caught:
            return type(caught).__name__
        return ""

    assert run_in_place(step()) == type(error).__name__
