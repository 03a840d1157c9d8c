"""A worker that is killed in the middle: how soon its executions go on, and what is run again."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime

from bench import flows
from bench.client import Json, Tenant, new_tenant
from bench.figures import Figure
from bench.stack import Stack, another_worker

_CALLS = 3
_GO_ON = 5.0


async def measure(stack: Stack) -> list[Figure]:
    """The stack's only worker is killed in the second of three calls, and another one is started."""
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
        Figure("killed worker: from the new one's start to going on", max(0.0, went_on - ready), "s", _GO_ON),
        Figure("killed worker: from the kill to going on", went_on - killed, "s"),
        Figure("killed worker: nodes run again", again, "nodes", 1),
        Figure("killed worker: lost executions", int(events[-1]["type"] != "execution_completed"), "", 0),
    ]


async def _until(tenant: Tenant, execution: str, node: str) -> None:
    while True:
        events: list[Json] = await tenant.events(execution)
        if any(e["type"] == "node_started" and e["node_id"] == node for e in events):
            return
