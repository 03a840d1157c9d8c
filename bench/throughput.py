"""Whole executions a second: ten small nodes in a line, and a fan of twenty, started and awaited by HTTP."""

from __future__ import annotations

import asyncio
import time

from bench import flows
from bench.client import Tenant, new_tenant, warm_up
from bench.figures import Figure, percentile
from bench.stack import Stack

_SECONDS = 6.0


async def measure(stack: Stack) -> list[Figure]:
    """Each client asks for the next execution when it has the result of the last."""
    await warm_up(stack)
    figures: list[Figure] = []
    async with new_tenant(stack) as tenant:
        for name, definition, crowds in (
            ("A", flows.transforms(10), (1, 10, 50)),
            ("B", flows.fan(20), (1, 10)),
        ):
            flow = await tenant.flow(definition)
            await _clients(tenant, flow, 4, 1.0)
            for clients in crowds:
                times, seconds = await _clients(tenant, flow, clients, _SECONDS)
                who = f"{name}, {clients} client{'s' if clients > 1 else ''}"
                figures.append(Figure(f"{who}: executions a second", len(times) / seconds, "/s"))
                figures.append(Figure(f"{who}: p50", percentile(times, 50), "ms"))
                figures.append(Figure(f"{who}: p95", percentile(times, 95), "ms"))
    return figures


async def _clients(tenant: Tenant, flow: str, count: int, seconds: float) -> tuple[list[float], float]:
    """Milliseconds each execution took, and the seconds that all together took."""
    times: list[float] = []
    begin = time.perf_counter()

    async def client() -> None:
        while time.perf_counter() - begin < seconds:
            started = time.perf_counter()
            answer = await tenant.result(flow)
            if answer["status"] != "completed":
                raise RuntimeError(f"an execution did not complete: {answer}")
            times.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(client() for _ in range(count)))
    return times, time.perf_counter() - begin
