"""The noisy neighbour: what one tenant's trivial flow takes while another tenant does its worst, which
`bench.attacks` lists.

Calm and attacked samples are taken in turns, so that whatever else the machine does is in both.
"""

from __future__ import annotations

import sys
import time

from bench.attacker import Attacker, attacking
from bench.attacks import ATTACKS, Attack, flow, run
from bench.client import Tenant, new_tenant
from bench.figures import Figure, percentile
from bench.stack import Stack

_ROUNDS, _SAMPLES = 3, 20
_MOST = 3.0


async def measure(stack: Stack) -> list[Figure]:
    """For each attack: by how much the neighbour's 95th percentile grows, and how the attacker ends."""
    figures: list[Figure] = []
    async with new_tenant(stack) as neighbour, attacking(stack) as attacker:
        calm_flow = await neighbour.flow(flow())
        await _times(neighbour, calm_flow)
        for number, attack in enumerate(ATTACKS):
            await attacker.prepare(number)
            figures += await _beside(attack, attacker, neighbour, calm_flow)
    return figures


async def _beside(attack: Attack, attacker: Attacker, neighbour: Tenant, calm_flow: str) -> list[Figure]:
    calm: list[float] = []
    noisy: list[float] = []
    ends: set[str] = set()
    for _ in range(_ROUNDS):
        calm += await _times(neighbour, calm_flow)
        await attacker.begin()
        noisy += await _times(neighbour, calm_flow)
        ends |= await attacker.end()
    before, during = percentile(calm, 95) * 1000, percentile(noisy, 95) * 1000
    told = ", ".join(sorted(ends)) or "cancelled"
    wrong = [end for end in ends if not end.startswith(attack.ends)]
    print(f"neighbour: {attack.name}: {before:.0f} -> {during:.0f} ms; {told}", file=sys.stderr, flush=True)
    return [
        Figure(f"neighbour's p95 beside {attack.name}, calm", before, "ms"),
        Figure(f"neighbour's p95 beside {attack.name}", during / before, "x", _MOST),
        Figure(f"  unexpected ends of the attack ({told})", len(wrong), "kinds", 0),
    ]


async def _times(tenant: Tenant, flow_id: str) -> list[float]:
    times: list[float] = []
    for _ in range(_SAMPLES):
        started = time.perf_counter()
        end = await run(tenant, flow_id, [])
        if end != "completed":
            raise RuntimeError(f"the neighbour's flow ended with {end}")
        times.append(time.perf_counter() - started)
    return times
