"""From an event in the worker to whoever watches, with many executions streaming at once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench import flows
from bench.client import Tenant, new_tenant, warm_up
from bench.figures import Figure, percentile
from bench.stack import Stack

EXECUTIONS = 50
# The pause before the first word is there for all watchers to connect.
_WORDS, _WORD_MS, _BEFORE_MS = 300, 33, 8000
_APART_SECONDS = 0.07  # people do not start in the same instant, and models do not end in one


async def measure(stack: Stack) -> list[Figure]:
    """Each execution's model speaks 30 words a second for ten seconds; each has one watcher over HTTP.

    An event that carries several words has the time of the first one, so the age is that of its oldest word.
    """
    await warm_up(stack)
    async with new_tenant(stack) as tenant:
        await tenant.script(text="word " * _WORDS, delay_ms=_BEFORE_MS, token_ms=_WORD_MS)
        flow = await tenant.flow(flows.questions(1))
        async with _watchers() as process:
            ids = [await _in_turn(tenant, flow) for _ in range(EXECUTIONS)]
            question = {"url": stack.api_url, "token": tenant.token, "executions": ids}
            answer, _ = await process.communicate(json.dumps(question).encode())
    seen = json.loads(answer)
    if len(seen["ages_ms"]) < seen["events"] / 2:
        raise RuntimeError("the watchers connected so late that the figures would say nothing")
    ages = seen["ages_ms"]
    return [
        Figure("streams with a missing or doubled event", seen["broken"], "streams", 0),
        Figure("event to watcher, p50", percentile(ages, 50), "ms"),
        Figure("event to watcher, p95", percentile(ages, 95), "ms", 100),
        Figure("event to watcher, p99", percentile(ages, 99), "ms"),
        Figure("events to watchers meanwhile", len(ages) / seen["seconds"], "events/s"),
    ]


async def _in_turn(tenant: Tenant, flow: str) -> str:
    await asyncio.sleep(_APART_SECONDS)
    return await tenant.execute(flow)


@asynccontextmanager
async def _watchers() -> AsyncIterator[asyncio.subprocess.Process]:
    """The watchers' process, started early: it needs a second to load."""
    command = (sys.executable, "-m", "bench.watchers")
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
