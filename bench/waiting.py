"""A thousand executions at once, each waiting on a call that takes two seconds."""

from __future__ import annotations

import asyncio
import time

import psutil

from bench import flows
from bench.client import new_tenant
from bench.figures import Figure
from bench.stack import Stack, running

_SECONDS = {500: None, 1000: 7.0}
_MIB = 2**20


async def measure(stack: Stack) -> list[Figure]:
    """Each is started, and its result awaited, in one request."""
    figures: list[Figure] = []
    async with new_tenant(stack) as tenant:
        flow = await tenant.flow(flows.calls(stack.slow_url, 1))
        await tenant.result(flow)
        for count, target in _SECONDS.items():
            begin = time.perf_counter()
            answers = await asyncio.gather(*(tenant.result(flow) for _ in range(count)))
            seconds = time.perf_counter() - begin
            done = sum(answer["status"] == "completed" for answer in answers)
            figures.append(Figure(f"C, {count} at once", seconds, "s", target))
            figures.append(Figure(f"C, {count} at once: not completed", count - done, "executions", 0))
    return figures


async def memory(_stack: Stack) -> list[Figure]:
    """Of an API and a worker that never loaded CrewAI, after as many at once."""
    with running(WATCHBILL_WORKER_PRELOAD="false") as lean:
        async with new_tenant(lean) as tenant:
            flow = await tenant.flow(flows.calls(lean.slow_url, 1))
            await asyncio.gather(*(tenant.result(flow) for _ in range(max(_SECONDS))))
        resident = sum(psutil.Process(pid).memory_info().rss for pid in (lean.api_pid, lean.worker_pid))
    return [Figure("C: API and worker afterwards, CrewAI not loaded", resident / _MIB, "MB", 600)]
