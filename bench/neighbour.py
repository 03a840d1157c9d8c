"""The noisy neighbour: what one tenant's trivial flow takes while another tenant does its worst, which
`bench.attacks` lists.

Calm and attacked samples are taken in turns, so that whatever else the machine does is in both.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress

from bench.attacks import ATTACKS, Attack, Blow, flow, run
from bench.client import Refused, Tenant, new_tenant
from bench.figures import Figure, percentile
from bench.stack import Stack

_ROUNDS, _SAMPLES = 3, 20
_MOST = 3.0
# Who attacks when the samples are taken gets so long to see how that ends.
_END_SECONDS = 15.0


async def measure(stack: Stack) -> list[Figure]:
    """For each attack: by how much the neighbour's 95th percentile grows, and how the attacker ends."""
    figures: list[Figure] = []
    async with new_tenant(stack) as neighbour, new_tenant(stack) as attacker:
        calm_flow = await neighbour.flow(flow())
        await _times(neighbour, calm_flow)
        for attack in ATTACKS:
            blow = await attack.prepare(attacker, stack)
            figures += await _beside(attack, blow, attacker, neighbour, calm_flow)
    return figures


async def _beside(
    attack: Attack, blow: Blow, attacker: Tenant, neighbour: Tenant, calm_flow: str
) -> list[Figure]:
    calm: list[float] = []
    noisy: list[float] = []
    ends: set[str] = set()
    for _ in range(_ROUNDS):
        calm += await _times(neighbour, calm_flow)
        stop = asyncio.Event()
        blows = [asyncio.create_task(_again(blow, ends, stop)) for _ in range(attack.at_once)]
        noisy += await _times(neighbour, calm_flow)
        stop.set()
        # The next turn is calm again only when the attack is over.
        _, going = await asyncio.wait(blows, timeout=_END_SECONDS)
        for one in going:
            one.cancel()
        for found in await asyncio.gather(*blows, return_exceptions=True):
            if isinstance(found, Exception):
                raise found
        await _cancel_all(attacker)
    before, during = percentile(calm, 95) * 1000, percentile(noisy, 95) * 1000
    told = ", ".join(sorted(ends)) or "cancelled"
    wrong = [end for end in ends if not end.startswith(attack.ends)]
    print(f"neighbour: {attack.name}: {before:.0f} -> {during:.0f} ms; {told}", file=sys.stderr, flush=True)
    return [
        Figure(f"neighbour's p95 beside {attack.name}, calm", before, "ms"),
        Figure(f"neighbour's p95 beside {attack.name}", during / before, "x", _MOST),
        Figure(f"  unexpected ends of the attack ({told})", len(wrong), "kinds", 0),
    ]


async def _again(blow: Blow, ends: set[str], stop: asyncio.Event) -> None:
    """Attack again and again until it is to stop; notes how each ends."""
    while not stop.is_set():
        ends.add(await blow())


async def _cancel_all(tenant: Tenant) -> None:
    """Nobody waits for these executions any more, but they would go on beside the next calm samples."""
    while True:
        pages = [await tenant.call("GET", f"executions?status={s}&limit=100") for s in ("pending", "running")]
        going = [execution["id"] for page in pages for execution in page["items"]]
        if not going:
            return
        for id_ in going:
            # It may have ended meanwhile.
            with suppress(Refused):
                await tenant.call("POST", f"executions/{id_}/cancel")
        await asyncio.sleep(0.1)


async def _times(tenant: Tenant, flow_id: str) -> list[float]:
    times: list[float] = []
    for _ in range(_SAMPLES):
        started = time.perf_counter()
        end = await run(tenant, flow_id, [])
        if end != "completed":
            raise RuntimeError(f"the neighbour's flow ended with {end}")
        times.append(time.perf_counter() - started)
    return times
