"""An API behind PgBouncer in transaction mode: 50 clients of 10 tenants, and no row of a wrong tenant."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import aiohttp

from bench.figures import Figure, percentile
from bench.stack import Stack, extra_api
from watchbill.testing.pgbouncer import pgbouncer

TENANTS, CLIENTS, REQUESTS = 10, 50, 20_000
_CONNECTIONS = 5


async def measure(stack: Stack) -> list[Figure]:
    """Every answer names the tenant that each of its rows belongs to."""
    with pgbouncer(stack.environment["WATCHBILL_DATABASE_URL"], pool_size=_CONNECTIONS) as url:
        environment = {
            **stack.environment,
            "WATCHBILL_DATABASE_URL": url,
            "WATCHBILL_DATABASE_PGBOUNCER": "true",
        }
        with extra_api(stack, environment) as api_url:
            return await _measure(api_url)


async def _measure(api_url: str) -> list[Figure]:
    times: list[float] = []
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        api_url, connector=connector, cookie_jar=aiohttp.DummyCookieJar()
    ) as http:
        tenants = [await _tenant(http) for _ in range(TENANTS)]
        started = time.perf_counter()
        wrong = await asyncio.gather(
            *(_ask(http, tenants[number % TENANTS], times) for number in range(CLIENTS))
        )
        seconds = time.perf_counter() - started
    print(f"isolation: {len(times)} requests in {seconds:.0f} s", file=sys.stderr)
    return [
        Figure("rows of a wrong tenant in 20,000 requests behind PgBouncer", sum(wrong), "rows", 0),
        Figure("requests that were not made", REQUESTS - len(times), "requests", 0),
        Figure("request behind PgBouncer, 50 clients, p95", percentile(times, 95) * 1000, "ms"),
    ]


async def _tenant(http: aiohttp.ClientSession) -> tuple[str, Mapping[str, str]]:
    name = uuid4().hex
    person = {"email": f"{name}@example.com", "password": "correct horse battery", "tenant_name": name}
    async with http.post("/api/v1/auth/register", json=person) as answer:
        session = await answer.json()
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    async with http.post("/api/v1/flows", json={"name": name, "definition": {}}, headers=headers) as answer:
        answer.raise_for_status()
    return name, headers


async def _ask(http: aiohttp.ClientSession, tenant: tuple[str, Mapping[str, str]], times: list[float]) -> int:
    """Returns how many rows were another tenant's."""
    name, headers = tenant
    wrong = 0
    for turn in range(REQUESTS // CLIENTS):
        started = time.perf_counter()
        if turn % 10 == 0:
            form = {"name": name, "definition": {}}
            request = http.post("/api/v1/flows", json=form, headers=headers)
        else:
            request = http.get("/api/v1/flows", params={"limit": "20"}, headers=headers)
        async with request as answer:
            answer.raise_for_status()
            content: Any = await answer.json()
        times.append(time.perf_counter() - started)
        wrong += sum(item["name"] != name for item in content.get("items", [content]))
    return wrong
