"""Whose turn it is: the Journal port's rules for tenants, limits and workers that claim at once."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from fastapi import FastAPI

from tests.contracts.stores.journals import Setup, postgres
from tests.people import Person
from watchbill.adapters.journal import PostgresJournal
from watchbill.config import Settings
from watchbill.kit.database.pool import Connections


async def test_tenants_take_turns_and_limits_hold(
    app: FastAPI, admin: Person, stranger: Person, settings: Settings
) -> None:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        many, few = await postgres(app, admin, pool), await postgres(app, stranger, pool)
        crowd = [await many.create() for _ in range(8)]
        pair = [await few.create() for _ in range(2)]
        ours = {*crowd, *pair}
        # Other tests leave executions behind in this database; they are not to be counted.
        await pool.execute("DELETE FROM public.active_executions WHERE execution_id <> ALL($1)", list(ours))
        taken = await many.journal.claim("w", lease_seconds=600, limit=4)
        assert {claim.execution_id for claim in taken} >= set(pair)
        limit = "INSERT INTO public.tenant_limits (tenant_id, running) VALUES ($1, 3)"
        await pool.execute(limit, admin.scope.tenant_id)
        more = await many.journal.claim("w", lease_seconds=600, limit=10)
        assert len(more) == 1 and more[0].limited
        assert await many.journal.claim("w", lease_seconds=600, limit=10) == []
        await pool.execute("DELETE FROM public.tenant_limits")
        flow_limit = "UPDATE public.active_executions SET flow_limit = 4, flow_id = $1"
        await pool.execute(flow_limit, uuid4())
        assert len(await many.journal.claim("w", lease_seconds=600, limit=10)) == 1


@pytest.mark.parametrize("handed_over", [True, False], ids=["handed over", "left by a dead worker"])
async def test_who_began_goes_on_before_who_waits_for_its_place(
    app: FastAPI, admin: Person, settings: Settings, handed_over: bool
) -> None:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        made = await postgres(app, admin, pool)
        ids = [await made.create() for _ in range(3)]
        await pool.execute("DELETE FROM public.active_executions WHERE execution_id <> ALL($1)", ids)
        one = "UPDATE public.active_executions SET flow_limit = 1, flow_id = $1"
        await pool.execute(one, uuid4())
        worker = f"w-{uuid4().hex}"
        [first] = await made.journal.claim(worker, lease_seconds=600, limit=10)
        if handed_over:
            await made.journal.release(first.execution_id, first.epoch)
        else:
            assert await made.journal.abandon(worker) == 1
        [heir] = await made.journal.claim("heir", lease_seconds=600, limit=10)
        assert heir.execution_id == first.execution_id, "otherwise two of a flow limited to one are under way"


@pytest.mark.parametrize(
    ("installation", "operator", "admins", "running"),
    [
        (2, None, None, 2),
        (2, 0, None, 4),
        (0, 3, None, 3),
        (2, 3, None, 3),
        (0, None, 1, 1),
        (2, None, 3, 2),
        (1, 3, 2, 2),
        (0, None, None, 4),
    ],
)
async def test_a_tenant_runs_no_more_than_the_strictest_limit(
    app: FastAPI,
    admin: Person,
    settings: Settings,
    installation: int,
    operator: int | None,
    admins: int | None,
    running: int,
) -> None:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        made = await postgres(app, admin, pool)
        journal = PostgresJournal(Connections(pool, 2), running_limit=installation)
        ids = [await made.create() for _ in range(4)]
        await pool.execute("DELETE FROM public.active_executions WHERE execution_id <> ALL($1)", ids)
        for table, column, value in (
            ("tenant_limits", "running", operator),
            ("tenant_settings", "max_running", admins),
        ):
            insert = f"INSERT INTO public.{table} (tenant_id, {column}) VALUES ($1, $2)"
            await pool.execute(insert, admin.scope.tenant_id, value)
        limited = running < 4
        hinted = await journal.claim("w", lease_seconds=600, limit=10, only=ids)
        assert len(hinted) == (0 if limited else 4), "a hint passes over what is limited"
        swept = await journal.claim("w", lease_seconds=600, limit=10)
        assert len(swept) == (running if limited else 0)
        assert all(claim.limited for claim in swept)
        assert await journal.claim("w", lease_seconds=600, limit=10) == []


async def test_many_workers_never_claim_the_same(setup: Setup) -> None:
    ids = [await setup.create() for _ in range(30)]
    claims = await asyncio.gather(
        *(setup.journal.claim(f"w{n}", lease_seconds=600, limit=10, only=ids) for n in range(6))
    )
    taken = [claim.execution_id for group in claims for claim in group]
    assert sorted(taken) == sorted(set(taken))
