"""From an event in the worker to whoever watches, with many executions streaming at once."""

from __future__ import annotations

import asyncio
import json
import sys

from bench import flows
from bench.client import Tenant, new_tenant
from bench.figures import Figure, percentile
from bench.stack import Stack

EXECUTIONS = 50
_WORDS, _WORD_MS, _BEFORE_MS = 300, 33, 4000


async def measure(stack: Stack) -> list[Figure]:
    """Each execution's model speaks 30 words a second for ten seconds; each has one watcher over HTTP.

    An event that carries several words has the time of the first one, so the age is that of its oldest word.
    """
    async with new_tenant(stack) as tenant:
        await tenant.script(text="word " * _WORDS, delay_ms=_BEFORE_MS, token_ms=_WORD_MS)
        flow = await tenant.flow(flows.questions(1))
        ids = [await tenant.execute(flow) for _ in range(EXECUTIONS)]
        seen = await _watched(stack, tenant, ids)
    ages, rate = seen["ages_ms"], seen["events"] / seen["seconds"]
    return [
        Figure("streams with a missing or doubled event", seen["broken"], "streams", 0),
        Figure("event to watcher, p50", percentile(ages, 50), "ms"),
        Figure("event to watcher, p95", percentile(ages, 95), "ms", 100),
        Figure("event to watcher, p99", percentile(ages, 99), "ms"),
        Figure("events to watchers meanwhile", rate, "events/s"),
    ]


async def _watched(stack: Stack, tenant: Tenant, ids: list[str]) -> dict:
    """What the watchers saw, from a process of their own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.watchers", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    question = {"url": stack.api_url, "token": tenant.token, "executions": ids}
    answer, _ = await process.communicate(json.dumps(question).encode())
    if process.returncode:
        raise RuntimeError("the watchers failed")
    return json.loads(answer)
