"""The load that every engine is put under, in its own process. Of the standard library, as each engine has an
environment of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

SECONDS = 6.0
CLIENTS_A = (1, 10, 50)
CLIENTS_B = (1, 10, 50)
CROWDS = (500, 1000)
NODES = 10
WIDTH = 20
RATE = "executions a second"

Run = Callable[[], Awaitable[Any]]
# For each name the value and its unit.
Found = dict[str, tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the caller says: a PostgreSQL database of one's own, and a server that takes two seconds."""

    database_url: str
    slow_url: str


def arguments() -> Arguments:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--slow-url", required=True)
    given = parser.parse_args()
    return Arguments(given.database_url, given.slow_url)


async def measure(a: Run, b: Run, c: Run, idle: float | None = None) -> None:
    """Run the three flows, and print as JSON what was found: for each name its value and unit.

    Args:
        idle: the idle memory in MiB of an engine that is not in this process.
    """
    found: Found = {"idle memory": (_memory() if idle is None else idle, "MB")}
    for name, run, crowds in (("A", a, CLIENTS_A), ("B", b, CLIENTS_B)):
        found |= await rates(name, run, crowds)
    for count in CROWDS:
        begin = time.perf_counter()
        await asyncio.gather(*(c() for _ in range(count)))
        found[f"C, {count} at once"] = (time.perf_counter() - begin, "s")
    json.dump(found, sys.stdout)


async def rates(name: str, run: Run, crowds: Sequence[int]) -> Found:
    """How often a second a flow is run when so many clients each ask for the next one when they have the
    last, and how long they wait."""
    found: Found = {}
    await _clients(run, 4, 1.0)
    for count in crowds:
        times, seconds = await _clients(run, count, SECONDS)
        who = f"{name}, {count} client{'s' if count > 1 else ''}"
        found[f"{who}: {RATE}"] = (len(times) / seconds, "/s")
        found[f"{who}: p50"] = (_percentile(times, 50), "ms")
        found[f"{who}: p95"] = (_percentile(times, 95), "ms")
    return found


async def _clients(run: Run, count: int, seconds: float) -> tuple[list[float], float]:
    times: list[float] = []
    begin = time.perf_counter()

    async def client() -> None:
        while time.perf_counter() - begin < seconds:
            started = time.perf_counter()
            await run()
            times.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(client() for _ in range(count)))
    return times, time.perf_counter() - begin


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def _memory() -> float:
    # Linux gives kilobytes; the most until now, which is before any load.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
