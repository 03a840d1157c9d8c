"""A worker that is killed in the middle: how soon its executions go on, and what is run again; and how soon a
long execution that was parked goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import datetime
from statistics import median

from bench import flows
from bench.client import Json, Tenant, new_tenant
from bench.figures import Figure
from bench.stack import Stack, another_worker

_CALLS = 3
_GO_ON = 5.0
_RECLAIM = 0.2
# Of as many items each, and four events for each item.
_ROWS = 50
_TIMES = 5


async def measure(stack: Stack) -> list[Figure]:
    """The stack's only worker is killed in the second of three calls, and another one is started. Nothing
    works after it."""
    long_one = await _long_one(stack)
    async with new_tenant(stack) as tenant:
        execution = await tenant.execute(await tenant.flow(flows.calls(stack.slow_url, _CALLS)))
        await _until(tenant, execution, "call_1")
        os.kill(stack.worker_pid, signal.SIGKILL)
        killed = time.time()
        # It keeps this loop waiting, and nobody else is on it.
        with another_worker(stack):
            ready = time.time()
            await tenant.finish(execution)
        events = await tenant.events(execution)
    resumed = next(e for e in events if e["type"] == "execution_resumed")
    went_on = datetime.fromisoformat(resumed["timestamp"]).timestamp()
    starts = [e["node_id"] for e in events if e["type"] == "node_started"]
    again = len(starts) - len(set(starts))
    return [
        long_one,
        Figure("killed worker: from the new one's start to going on", max(0.0, went_on - ready), "s", _GO_ON),
        Figure("killed worker: from the kill to going on", went_on - killed, "s"),
        Figure("killed worker: nodes run again", again, "nodes", 1),
        Figure("killed worker: lost executions", int(events[-1]["type"] != "execution_completed"), "", 0),
    ]


async def _long_one(stack: Stack) -> Figure:
    """From the request that wakes a parked execution of 10,000 events to the event that says it goes on."""
    took: list[float] = []
    async with new_tenant(stack) as tenant:
        execution = await tenant.execute(await tenant.flow(flows.long_and_parked(_ROWS)))
        _, seq = await _next(tenant, execution, "execution_waiting", 0)
        for _ in range(_TIMES):
            await tenant.call("POST", f"executions/{execution}/pause")
            _, seq = await _next(tenant, execution, "execution_waiting", seq)
            asked = time.time()
            await tenant.call("POST", f"executions/{execution}/resume")
            went_on, _ = await _next(tenant, execution, "execution_resumed", seq)
            _, seq = await _next(tenant, execution, "execution_waiting", seq)
            took.append(went_on - asked)
        await tenant.call("POST", f"executions/{execution}/cancel")
    return Figure(f"re-claim of an execution of {seq:,} events", median(took), "s", _RECLAIM)


async def _next(tenant: Tenant, execution: str, type_: str, after: int) -> tuple[float, int]:
    """When the next event of that type came, and its number."""
    while True:
        page = await tenant.call("GET", f"executions/{execution}/events?after={after}&limit=1000")
        events: list[Json] = page["items"]
        for event in events:
            if event["type"] == type_:
                return datetime.fromisoformat(event["timestamp"]).timestamp(), event["seq"]
        if page["next_after"]:
            after = page["next_after"]
        else:
            await asyncio.sleep(0.02)


async def _until(tenant: Tenant, execution: str, node: str) -> None:
    while True:
        events: list[Json] = await tenant.events(execution)
        if any(e["type"] == "node_started" and e["node_id"] == node for e in events):
            return
