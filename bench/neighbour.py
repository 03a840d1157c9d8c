"""The noisy neighbour: what one tenant's trivial flow takes while another tenant does its worst.

Calm and attacked samples are taken in turns, so that whatever else the machine does is in both.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from uuid import uuid4

import aiohttp

from bench.figures import Figure, percentile
from bench.stack import Stack

ROUNDS, SAMPLES = 3, 20
MOST = 3.0
_PAIRS = "size(inputs.items.map(a, inputs.items.map(b, a + b)))"


def _flow(*middle: Mapping[str, Any], result: str = "{{ inputs.items }}") -> dict[str, Any]:
    """input -> the nodes -> output."""
    fields = [{"name": "items", "type": "list"}]
    nodes: list[Mapping[str, Any]] = [
        {"id": "start", "type": "input", "config": {"fields": fields}},
        *middle,
        {"id": "end", "type": "output", "config": {"values": {"result": result}}},
    ]
    edges = [
        {"id": f"e{index}", "source": a["id"], "target": b["id"]}
        for index, (a, b) in enumerate(pairwise(nodes))
    ]
    return {"schema": "watchbill.flow/v1", "nodes": nodes, "edges": edges}


def _transform(value: str) -> dict[str, Any]:
    return {"id": "work", "type": "transform", "config": {"values": {"value": value}}}


def _map(items: str, body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "each", "type": "map", "config": {"items": items, "body": {"nodes": [body]}, **more}}


def _nested() -> dict[str, Any]:
    inner = {**_map("{{ inputs.items }}", _transform("1")), "id": "inner"}
    return _map("{{ inputs.items }}", inner)


_GROWS = '"aaaaaaaaaa"' + '.replace("a", "aaaaaaaaaa")' * 7
_EXISTS = "inputs.items.exists(a, inputs.items.exists(b, inputs.items.exists(c, a + b + c < 0)))"
CALM = _flow(result="ok")
# By what is attacked: the flow, and its input.
ATTACKS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "two loops over 1,500 numbers": (
        _flow(_transform("{{ " + _PAIRS + " }}"), result="ok"),
        list(range(1500)),
    ),
    "three nested exists": (_flow(_transform("{{ " + _EXISTS + " }}"), result="ok"), list(range(1500))),
    "joins of texts of 20 kB": (
        _flow(_transform("{{ inputs.items.map(a, inputs.items.map(b, a + b)) }}"), result="ok"),
        ["x" * 20_000] * 100,
    ),
    "a text that grows tenfold seven times": (_flow(_transform("{{ " + _GROWS + " }}"), result="ok"), []),
    "two loops over 3,000 items": (
        _flow(_transform("{{ inputs.items.exists(a, inputs.items.exists(b, a + b < 0)) }}"), result="ok"),
        list(range(3000)),
    ),
    "Map of 400 with 300 kB each": (
        _flow(_map("{{ lists.range(400) }}", _transform("{{ inputs.items[0] }}")), result="ok"),
        ["x" * 300_000],
    ),
    "Map of 200 in a Map of 200": (_flow(_nested(), result="ok"), list(range(200))),
}


async def measure(stack: Stack) -> list[Figure]:
    """For each attack: by how much the neighbour's 95th percentile grows, and how the attacker ends."""
    figures: list[Figure] = []
    async with aiohttp.ClientSession(stack.api_url, cookie_jar=aiohttp.DummyCookieJar()) as http:
        neighbour, attacker = [await _tenant(http) for _ in range(2)]
        calm_flow = await _made(http, neighbour, CALM)
        await _times(http, neighbour, calm_flow)
        for name, (flow, items) in ATTACKS.items():
            attack = await _made(http, attacker, flow)
            calm: list[float] = []
            noisy: list[float] = []
            ends: set[str] = set()
            for _ in range(ROUNDS):
                calm += await _times(http, neighbour, calm_flow)
                stop = asyncio.Event()
                attacking = asyncio.create_task(_attack(http, attacker, attack, items, ends, stop))
                noisy += await _times(http, neighbour, calm_flow)
                # The next turn is calm again only when the attack is over.
                stop.set()
                await attacking
            before, during = percentile(calm, 95) * 1000, percentile(noisy, 95) * 1000
            told = ", ".join(sorted(ends)) or "none ended"
            print(f"neighbour: {name}: {before:.0f} -> {during:.0f} ms; {told}", file=sys.stderr)
            figures.append(Figure(f"neighbour's p95 beside {name}, calm", before, "ms"))
            figures.append(Figure(f"neighbour's p95 beside {name} ({told})", during / before, "x", MOST))
    return figures


async def _attack(
    http: aiohttp.ClientSession,
    headers: Mapping[str, str],
    flow_id: str,
    items: list[Any],
    ends: set[str],
    stop: asyncio.Event,
) -> None:
    """Run it again and again, two at a time, until it is to stop; notes how each ends."""

    async def again() -> None:
        while not stop.is_set():
            answer = await _execute(http, headers, flow_id, items)
            error = answer.get("error")
            ends.add(f"{error['kind']}: {error['code']}" if error else answer["status"])

    await asyncio.gather(again(), again())


async def _times(http: aiohttp.ClientSession, headers: Mapping[str, str], flow_id: str) -> list[float]:
    times: list[float] = []
    for _ in range(SAMPLES):
        started = time.perf_counter()
        answer = await _execute(http, headers, flow_id, [])
        if answer["status"] != "completed":
            raise RuntimeError(f"the neighbour's flow is {answer['status']}")
        times.append(time.perf_counter() - started)
    return times


async def _execute(
    http: aiohttp.ClientSession, headers: Mapping[str, str], flow_id: str, items: list[Any]
) -> dict[str, Any]:
    form = {"inputs": {"items": items}, "options": {"wait_seconds": 30}}
    async with http.post(f"/api/v1/flows/{flow_id}/execute", json=form, headers=headers) as answer:
        answer.raise_for_status()
        return await answer.json()


async def _made(http: aiohttp.ClientSession, headers: Mapping[str, str], definition: Any) -> str:
    form = {"name": "flow", "definition": definition}
    async with http.post("/api/v1/flows", json=form, headers=headers) as answer:
        answer.raise_for_status()
        return (await answer.json())["id"]


async def _tenant(http: aiohttp.ClientSession) -> Mapping[str, str]:
    name = uuid4().hex
    person = {"email": f"{name}@example.com", "password": "correct horse battery", "tenant_name": name}
    async with http.post("/api/v1/auth/register", json=person) as answer:
        session = await answer.json()
    return {"Authorization": f"Bearer {session['access_token']}"}
