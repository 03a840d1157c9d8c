"""What engine and journal add to a node's own work, one execution at a time."""

from __future__ import annotations

import time
from datetime import datetime
from itertools import pairwise
from statistics import median

from bench import flows
from bench.client import Json, Tenant, new_tenant, warm_up
from bench.figures import Figure
from bench.stack import Stack

_QUESTIONS, _TRANSFORMS = 10, 50
_WARM_UP, _ROUNDS, _PAIRS = 3, 20, 40


async def measure(stack: Stack) -> list[Figure]:
    """Nodes that wait for a model and nodes that only compute."""
    await warm_up(stack)
    async with new_tenant(stack) as tenant:
        await tenant.script(text="Fine.")
        added = await _questions(tenant)
        transform, ten = await _transforms(tenant)
    return [
        Figure("added to an LLM node, median", median(added), "ms", 15),
        Figure("added by a transform node, median", transform, "ms", 15),
        Figure("10 transforms, HTTP start to SSE end, median", ten, "ms"),
    ]


async def _questions(tenant: Tenant) -> list[float]:
    """Milliseconds from each node's start to the next one's, without the call that the gateway timed.

    The start is written before the call and the end before the next start, so this holds both commits.
    """
    flow = await tenant.flow(flows.questions(_QUESTIONS))
    added: list[float] = []
    for number in range(_WARM_UP + _ROUNDS):
        id_ = await tenant.execute(flow)
        await tenant.finish(id_)
        if number >= _WARM_UP:
            added += _beyond_the_call(await tenant.events(id_))
    return added


def _beyond_the_call(events: list[Json]) -> list[float]:
    calls = {e["node_id"]: e["data"]["duration_ms"] for e in events if e["type"] == "llm_completed"}
    starts = [(e["node_id"], _ms(e["timestamp"])) for e in events if e["type"] == "node_started"]
    return [then - now - calls[node] for (node, now), (_, then) in pairwise(starts) if node in calls]


async def _transforms(tenant: Tenant) -> tuple[float, float]:
    """Milliseconds a transform adds: a line of many against a line of none, taken in turn, over HTTP."""
    ids = [await tenant.flow(flows.transforms(count)) for count in (0, 10, _TRANSFORMS)]
    walls: list[list[float]] = [[], [], []]
    for number in range(_WARM_UP + _PAIRS):
        for flow, wall in zip(ids, walls, strict=True):
            started = time.perf_counter()
            await tenant.finish(await tenant.execute(flow))
            if number >= _WARM_UP:
                wall.append((time.perf_counter() - started) * 1000)
    none, ten, many = (median(wall) for wall in walls)
    return (many - none) / _TRANSFORMS, ten


def _ms(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp() * 1000
