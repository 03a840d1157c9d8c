"""Whole executions a second: ten small nodes in a line, and a fan of twenty, started and awaited by HTTP."""

from __future__ import annotations

from typing import Any

import asyncpg

from bench import flows
from bench.client import Tenant, new_tenant, warm_up
from bench.figures import Figure
from bench.peers.load import CLIENTS_A, CLIENTS_B, NODES, WIDTH, Found, rates
from bench.stack import Stack

# Milliseconds.
_TARGETS = {"A, 1 client: p50": 20.0}
_SAMPLE = 100


async def measure(stack: Stack) -> list[Figure]:
    """Each client asks for the next execution when it has the result of the last."""
    await warm_up(stack)
    async with new_tenant(stack) as tenant:
        line = await tenant.flow(flows.transforms(NODES))
        found = await _rated(tenant, line)
        figures = [Figure(f"Watchbill {k}", v, unit, _TARGETS.get(k)) for k, (v, unit) in found.items()]
        return figures + await _journal(stack, tenant, line)


async def turn(stack: Stack) -> Found:
    """Flows A and B once, for a comparison in turns."""
    async with new_tenant(stack) as tenant:
        return await _rated(tenant, await tenant.flow(flows.transforms(NODES)))


async def _rated(tenant: Tenant, line: str) -> Found:
    fan = await tenant.flow(flows.fan(WIDTH))
    found = await rates("A", lambda: _result(tenant, line), CLIENTS_A)
    return found | await rates("B", lambda: _result(tenant, fan), CLIENTS_B)


async def _result(tenant: Tenant, flow: str) -> None:
    answer = await tenant.result(flow)
    if answer["status"] != "completed":
        raise RuntimeError(f"an execution did not complete: {answer}")


async def _journal(stack: Stack, tenant: Tenant, flow: str) -> list[Figure]:
    """What one execution of flow A costs the database, all that goes on beside it included."""
    connection: Any = await asyncpg.connect(stack.environment["WATCHBILL_DATABASE_URL"])
    try:
        before = await connection.fetchval(_COMMITS)
        ids = [(await tenant.result(flow))["id"] for _ in range(_SAMPLE)]
        commits = await connection.fetchval(_COMMITS) - before
        me = await tenant.call("GET", "auth/me")
        schema = f"tenant_{me['tenant']['id'].replace('-', '')}"
        rows, size = await connection.fetchrow(_ROWS.format(schema=schema), ids)
    finally:
        await connection.close()
    return [
        Figure("flow A: transactions of the database each", commits / _SAMPLE, ""),
        Figure("flow A: rows of the journal each", rows / _SAMPLE, "rows"),
        Figure("flow A: bytes of the journal each", size / _SAMPLE, "B"),
    ]


# The statistics of other connections come a second later at most.
_COMMITS = """
SELECT xact_commit FROM pg_stat_database, pg_stat_force_next_flush(), pg_sleep(1.5)
 WHERE datname = current_database()
"""
_ROWS = """
SELECT count(*), sum(pg_column_size(e)) FROM "{schema}".execution_events AS e
 WHERE execution_id = ANY($1::text[]::uuid[])
"""
