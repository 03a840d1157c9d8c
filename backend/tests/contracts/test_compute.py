"""Compute: jobs in processes of their own, their limits, turns, and what happens when a process is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from watchbill.adapters.compute.pool import ProcessPool
from watchbill.core.errors import Unavailable
from watchbill.core.ports.compute import ComputeBug, ComputeBusy, ComputeLimit, ComputeLimits
from watchbill.core.tenancy import TenantScope

JOBS = "tests.contracts.compute_jobs"
ONE, OTHER = TenantScope(uuid4()), TenantScope(uuid4())
# Of a processor, so that a busy machine makes nothing fail.
LIMITS = ComputeLimits(cpu_seconds=3, wall_seconds=60, memory_bytes=512 * 1024 * 1024)


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes find the jobs of these tests."""
    tests = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
async def pool() -> AsyncGenerator[ProcessPool]:
    pool = ProcessPool(processes=2, waiting=3, limits=LIMITS, registry=JOBS)
    yield pool
    await pool.close()


def below() -> list[psutil.Process]:
    """The processes under this one that compute, apart from those of other tests."""
    return [process for process in psutil.Process().children(recursive=True) if _computes(process)]


def _computes(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and JOBS in process.cmdline()
    except psutil.NoSuchProcess:
        # It ended between the listing and this look.
        return False


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # conditions over other processes
            await asyncio.sleep(0.002)


@pytest.mark.parametrize(
    "value", [None, 2**63 - 1, -(2**63), 2**53 + 1, 0.1, "ü€\U0001f600", {"b": 1, "a": [True, {}]}, []]
)
async def test_values_come_back_as_they_were(pool: ProcessPool, value: Any):
    assert await pool.run(ONE, "same", value) == value


async def test_nothing_runs_before_the_first_job(pool: ProcessPool):
    assert pool.pid is None and not below()


@pytest.mark.parametrize(
    ("job", "argument", "what"),
    [
        ("forever", None, "time"),
        ("fill", None, "memory"),
        ("spend", 11, "steps"),
        ("long", LIMITS.answer_bytes + 1, "answer"),
        ("same", "x" * (LIMITS.argument_bytes + 1), "argument"),
        ("die", signal.SIGKILL, "memory"),
        ("die", signal.SIGABRT, "memory"),
    ],
)
async def test_what_exceeds_a_limit_fails_and_the_next_job_does_not(
    pool: ProcessPool, job: str, argument: Any, what: str
):
    with pytest.raises(ComputeLimit) as caught:
        await pool.run(ONE, job, argument)
    assert caught.value.what == what and caught.value.detail.endswith(".")
    assert await pool.run(ONE, "same", 1) == 1


async def test_a_job_that_only_waits_is_killed_too():
    pool = ProcessPool(limits=ComputeLimits(cpu_seconds=60, wall_seconds=0.2), registry=JOBS)
    with pytest.raises(ComputeLimit) as caught:
        await pool.run(ONE, "silent", None)
    assert caught.value.what == "time"
    await pool.close()


async def test_a_mistake_of_ours_is_told_with_its_place(pool: ProcessPool):
    with pytest.raises(ComputeBug, match="a mistake of ours"):
        await pool.run(ONE, "fail", None)
    with pytest.raises(ComputeBug, match="KeyError"):
        await pool.run(ONE, "unknown", None)


async def test_children_are_others_nice_and_know_no_secrets(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WATCHBILL_JWT_SECRET", "secret")
    first, second = [await pool.run(ONE, "look", None) for _ in range(2)]
    assert first == second and first["pid"] not in (os.getpid(), pool.pid)
    assert first["nice"] >= os.nice(0) + 10 or first["nice"] == 19
    assert not any("WATCHBILL" in name for name in first["environment"])


async def test_a_killed_child_is_replaced_and_its_job_done_again(pool: ProcessPool, tmp_path: Path):
    assert await pool.run(ONE, "die_once", str(tmp_path / "died")) == "done the second time"


async def test_the_loss_of_the_process_that_makes_children_is_got_over(pool: ProcessPool, tmp_path: Path):
    place = tmp_path / "begun"
    job = asyncio.create_task(pool.run(ONE, "stay", str(place)))
    await until(lambda: place.exists() and place.read_text())
    child, maker = psutil.Process(int(place.read_text())), pool.pid
    assert maker is not None
    os.kill(maker, signal.SIGKILL)
    # The child goes with it, and the job begins again in another.
    await until(lambda: not child.is_running() and place.read_text() not in ("", str(child.pid)))
    place.unlink()
    assert await job not in (child.pid, maker) and pool.pid != maker


async def test_a_cancelled_job_is_killed(pool: ProcessPool, tmp_path: Path):
    place = tmp_path / "begun"
    job = asyncio.create_task(pool.run(ONE, "stay", str(place)))
    await until(lambda: place.exists() and place.read_text())
    child = psutil.Process(int(place.read_text()))
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    await until(lambda: not child.is_running())
    assert await pool.run(ONE, "same", 1) == 1


async def test_a_tenant_that_computes_leaves_room_for_another(pool: ProcessPool, tmp_path: Path):
    places = [tmp_path / name for name in "abc"]
    jobs = [asyncio.create_task(pool.run(ONE, "stay", str(place))) for place in places]
    await until(lambda: places[0].exists())
    assert await pool.run(OTHER, "same", 1) == 1
    assert not places[1].exists() and not places[2].exists()
    for place in places:
        await until(place.exists)
        place.unlink()
    await asyncio.gather(*jobs)


async def test_tenants_take_turns(tmp_path: Path):
    pool = ProcessPool(processes=1, limits=LIMITS, registry=JOBS)
    place, order = tmp_path / "begun", list[str]()

    async def note(scope: TenantScope, name: str) -> None:
        await pool.run(scope, "same", name)
        order.append(name)

    first = asyncio.create_task(pool.run(ONE, "stay", str(place)))
    await until(place.exists)
    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "c"):
            group.create_task(note(ONE, name))
        group.create_task(note(OTHER, "x"))
        await asyncio.sleep(0)
        place.unlink()
    assert order.index("x") <= 1 and [name for name in order if name != "x"] == ["a", "b", "c"]
    await first
    await pool.close()


async def test_only_so_many_may_wait(pool: ProcessPool, tmp_path: Path):
    place = tmp_path / "begun"
    first = asyncio.create_task(pool.run(ONE, "stay", str(place)))
    await until(place.exists)
    waiting = [asyncio.create_task(pool.run(ONE, "same", number)) for number in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(ComputeBusy):
        await pool.run(ONE, "same", 4)
    # One that is given up makes room, and takes nobody's turn.
    waiting.pop().cancel()
    await asyncio.sleep(0)
    waiting.append(asyncio.create_task(pool.run(ONE, "same", 5)))
    place.unlink()
    assert await asyncio.gather(*waiting) == [0, 1, 5]
    await first


async def test_a_child_that_has_grown_makes_room(pool: ProcessPool):
    grown = await pool.run(ONE, "grow", 120)
    assert (await pool.run(ONE, "look", None))["pid"] != grown


async def test_processes_end_when_nobody_needs_them_and_come_back():
    pool = ProcessPool(idle_seconds=0.01, registry=JOBS)
    assert await pool.run(ONE, "same", 1) == 1
    await until(lambda: pool.pid is None and not below())
    assert await pool.run(ONE, "same", 2) == 2
    await pool.close()


async def test_closing_leaves_no_process(pool: ProcessPool, tmp_path: Path):
    place = tmp_path / "begun"
    job = asyncio.create_task(pool.run(ONE, "stay", str(place)))
    await until(place.exists)
    await pool.close()
    assert not below()
    with pytest.raises(RuntimeError):
        await job


async def test_a_process_that_makes_others_and_hangs_is_replaced():
    pool = ProcessPool(processes=1, limits=LIMITS, registry=JOBS, start_seconds=10)
    try:
        assert await pool.run(ONE, "same", 1) == 1
        [child] = [process for process in below() if process.pid != pool.pid]
        hanging = pool.pid
        assert hanging
        os.kill(hanging, signal.SIGSTOP)
        child.kill()
        assert await pool.run(ONE, "same", 2) == 2
        assert pool.pid != hanging and pool.trouble is None
        await until(lambda: hanging not in [process.pid for process in below()])
    finally:
        await pool.close()


async def test_nobody_is_blamed_for_processes_that_ended_while_idle(pool: ProcessPool):
    await asyncio.gather(*(pool.run(ONE, "same", "x" * 1_000_000) for _ in range(2)))
    assert pool.pid
    os.kill(pool.pid, signal.SIGKILL)
    await until(lambda: not below())
    assert await pool.run(ONE, "same", 3) == 3


async def test_what_is_ended_from_outside_is_not_called_too_large(pool: ProcessPool, tmp_path: Path):
    place, seen = tmp_path / "begun", {""}
    place.write_text("")
    job = asyncio.create_task(pool.run(ONE, "stay", str(place)))
    for _ in range(2):
        await until(lambda: place.read_text() not in seen)
        seen.add(place.read_text())
        assert pool.pid
        os.kill(pool.pid, signal.SIGKILL)
    with pytest.raises(Unavailable):
        await job


async def test_processes_that_cannot_start_are_a_trouble(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", "")
    pool = ProcessPool(limits=LIMITS, registry="no.such.module")
    for _ in range(3):
        assert pool.trouble is None
        with pytest.raises(Unavailable):
            await pool.run(ONE, "same", 1)
    assert pool.trouble == "no process started 3 times in a row"
    await pool.close()
