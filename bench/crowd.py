"""Many executions at once, each one CrewAI agent, on one worker process."""

from __future__ import annotations

import asyncio
import time

from bench import flows
from bench.client import Tenant, new_tenant, warm_up
from bench.figures import Figure
from bench.stack import Stack

_EXECUTIONS = 100
_MODEL_MS = 2000
_GIVE_UP_SECONDS = 120


async def measure(stack: Stack) -> list[Figure]:
    """All are asked for together; the clock runs from the first request until a client sees the last one
    completed. CrewAI is loaded already."""
    await warm_up(stack)
    async with new_tenant(stack) as tenant:
        flow = await tenant.flow(flows.agent())
        await tenant.script(text="Tides rise and fall.", delay_ms=_MODEL_MS)
        started = time.perf_counter()
        ids = await asyncio.gather(*(tenant.execute(flow) for _ in range(_EXECUTIONS)))
        accepted = time.perf_counter() - started
        await _all_over(tenant)
        seconds = time.perf_counter() - started
        flawed = [id_ for id_ in ids if not await _whole(tenant, id_)]
        calls = await tenant.llm_calls()
    return [
        Figure("100 agents at once on a 2 s model", seconds, "s", 12),
        Figure("  of which until all were accepted", accepted, "s"),
        Figure("  executions lost, failed or with a gap", len(flawed), "executions", 0),
        Figure("  model calls beyond one each", calls - _EXECUTIONS, "calls", 0),
    ]


async def _all_over(tenant: Tenant) -> None:
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        pages = [await tenant.call("GET", f"executions?status={s}&limit=1") for s in ("pending", "running")]
        if not any(page["items"] for page in pages):
            return
        await asyncio.sleep(0.1)


async def _whole(tenant: Tenant, execution_id: str) -> bool:
    """Whether it completed and every event is there once."""
    events = await tenant.events(execution_id)
    numbers = [event["seq"] for event in events]
    return numbers == list(range(1, len(events) + 1)) and events[-1]["type"] == "execution_completed"
