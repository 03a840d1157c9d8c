"""From an event in the worker to whoever watches, with many executions streaming at once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench import flows
from bench.client import Tenant, new_tenant, warm_up
from bench.figures import Figure, percentile
from bench.stack import Stack

_APART_SECONDS = 0.07  # people do not start in the same instant, and models do not end in one


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many executions, each with so many watchers, whose models say so many words. The pause
    before the first word is there for all watchers to connect."""

    executions: int
    watchers: int
    words: int
    word_ms: int
    before_ms: int
    target: float


# A watcher for each execution, of models that speak as fast as models do; and many watchers of slow ones.
_EACH = Crowd(50, 1, 300, 33, 8_000, 100)
_MANY = Crowd(100, 10, 20, 1_000, 25_000, 250)


async def measure(stack: Stack) -> list[Figure]:
    """An event that carries several words has the time of the first one, so the age is that of its oldest
    word."""
    await warm_up(stack)
    return [*await _measure(stack, _EACH), *await _measure(stack, _MANY)]


async def _measure(stack: Stack, crowd: Crowd) -> list[Figure]:
    async with new_tenant(stack) as tenant:
        await tenant.script(text="word " * crowd.words, delay_ms=crowd.before_ms, token_ms=crowd.word_ms)
        flow = await tenant.flow(flows.questions(1))
        async with _watchers() as process:
            ids = [await _in_turn(tenant, flow) for _ in range(crowd.executions)]
            executions = ids * crowd.watchers
            question = {"url": stack.api_url, "token": tenant.token, "executions": executions}
            answer, _ = await process.communicate(json.dumps(question).encode())
    seen = json.loads(answer)
    if len(seen["ages_ms"]) < seen["events"] / 2:
        raise RuntimeError("the watchers connected so late that the figures would say nothing")
    ages = seen["ages_ms"]
    who = f"{len(executions):,} watchers"
    return [
        Figure(f"{who}: streams with a missing or doubled event", seen["broken"], "streams", 0),
        Figure(f"{who}: event to watcher, p50", percentile(ages, 50), "ms"),
        Figure(f"{who}: event to watcher, p95", percentile(ages, 95), "ms", crowd.target),
        Figure(f"{who}: event to watcher, p99", percentile(ages, 99), "ms"),
        Figure(f"{who}: events meanwhile", len(ages) / seen["seconds"], "events/s"),
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
