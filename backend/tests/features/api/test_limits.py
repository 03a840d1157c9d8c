"""Limits on requests: who is refused, what the answer says, and what happens without Redis."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from redis.asyncio import ConnectionPool, Redis
from sqlalchemy import text

from tests import people
from tests.app_state import put
from tests.people import Person, checked, refused
from watchbill.config import Settings
from watchbill.core.tenancy import TenantDefaults
from watchbill.features.identity.cookies import COOKIE
from watchbill.features.identity.limits.requests import RequestLimits
from watchbill.kit.limits.rates import Rate, Rates, Standing

PATIENCE = 120.0


@pytest.fixture
async def limited(app: FastAPI, settings: Settings):
    """Switches limits on for one test."""
    before, pools = app.state.limits, []

    def switch(
        url: str | None = None, clock: Callable[[], float] = time.monotonic, **amounts: int
    ) -> RequestLimits:
        address = url or settings.redis_url.get_secret_value()
        pools.append(ConnectionPool.from_url(address))
        # A busy machine may take its time; a Redis that is away is not waited for.
        patience = {} if url else {"patience": PATIENCE}
        app.state.limits = RequestLimits(
            Rates(pools[-1], **patience), clock=clock, **({"user": 0, "tenant": 0, "address": 0} | amounts)
        )
        return app.state.limits

    yield switch
    app.state.limits = before
    for pool in pools:
        await pool.disconnect()


async def test_a_person_has_so_many_requests_a_minute(admin: Person, member: Person, limited):
    limited(user=3, tenant=100)
    for left in (2, 1, 0):
        answer = await admin.http.get("agents")
        checked(answer)
        assert answer.headers["ratelimit-policy"] == '"user";q=3;w=60, "tenant";q=100;w=60'
        assert re.match(rf'"user";r={left};t=\d+, "tenant";r=9\d;t=\d+$', answer.headers["ratelimit"])
    too_many = await admin.http.get("agents")
    problem = refused(too_many, 429, "too_many_requests")
    assert "3 requests a minute for this user" in problem["detail"]
    assert 1 <= int(too_many.headers["retry-after"]) <= 60
    assert '"user";r=0' in too_many.headers["ratelimit"]
    checked(await member.http.get("agents"))


async def test_who_goes_on_at_once_is_refused_without_asking_anybody(
    app: FastAPI, admin: Person, member: Person, visitor: AsyncClient, limited, monkeypatch
):
    now = 0.0
    limits = limited(user=1, tenant=100, clock=lambda: now)
    checked(await admin.http.get("agents"))
    first = await admin.http.get("agents")
    refused(first, 429, "too_many_requests")
    count, counted = limits.rates.count, list[Rate]()

    async def noted(*rates: Rate) -> list[Standing]:
        counted.extend(rates)
        return await count(*rates)

    monkeypatch.setattr(limits.rates, "count", noted)
    for _ in range(5):
        again = await admin.http.post("flows", json={})
        refused(again, 429, "too_many_requests")
        assert again.headers["retry-after"] == first.headers["retry-after"]
        assert again.headers["ratelimit"] == first.headers["ratelimit"]
    token = admin.http.headers["authorization"].partition(" ")[2]
    for spelled in ({"authorization": f"bearer   {token}"}, {"cookie": f"more=1; {COOKIE}={token}; other=2"}):
        refused(await visitor.get("agents", headers=spelled), 429, "too_many_requests")
    assert not counted
    # Others are not meant, and neither is what needs no credentials, or ends them.
    checked(await member.http.get("agents"))
    refused(await visitor.get("agents"), 401)
    assert (await admin.http.get(admin.http.base_url.copy_with(path="/health/live"))).status_code == 200
    assert counted
    counted.clear()
    now += 1.1
    refused(await admin.http.get("agents"), 429, "too_many_requests")
    assert counted, "after a second it is looked up"
    checked(await admin.http.post("auth/logout"), 204)


async def test_a_tenant_has_so_many_requests_a_minute(
    admin: Person, member: Person, stranger: Person, limited
):
    limited(user=100, tenant=4)
    for person in (admin, member, admin, member):
        checked(await person.http.get("agents"))
    refused(await admin.http.get("agents"), 429)
    refused(await member.http.get("agents"), 429)
    checked(await stranger.http.get("agents"))


async def test_a_tenant_is_told_the_limits_that_it_has_by_default(
    app: FastAPI, admin: Person, viewer: Person, limited, monkeypatch
):
    limited(user=100, tenant=1000)
    put(monkeypatch, app.state, "tenant_defaults", TenantDefaults(running=5))
    seen = checked(await viewer.http.get("tenant"))
    assert seen["default_limits"] == {"user_a_minute": 100, "tenant_a_minute": 1000, "running": 5}
    assert seen["limits"] == {"user_a_minute": None, "tenant_a_minute": None, "running": None}
    renamed = checked(await admin.http.patch("tenant", json={"name": "Acme Ltd"}))
    assert renamed["default_limits"] == seen["default_limits"]


async def test_a_tenant_can_have_its_own_limits(app: FastAPI, admin: Person, limited):
    limits = limited(user=2, tenant=2)
    async with app.state.database.transaction() as work:
        insert = "INSERT INTO public.tenant_limits VALUES (:id, 0, 5)"
        await work.session.execute(text(insert), {"id": admin.tenant_id})
    answers = [(await admin.http.get("agents")).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    async with app.state.database.transaction() as work:
        await work.session.execute(text("DELETE FROM public.tenant_limits"))
    limits.forget(admin.tenant_id)
    answers = [(await admin.http.get("agents")).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


async def test_a_session_that_is_over_uses_up_nothing_of_the_tenants(admin: Person, member: Person, limited):
    checked(await member.http.post("auth/logout"), 204)
    limited(tenant=2)
    checked(await admin.http.get("agents"))
    for _ in range(4):
        refused(await member.http.get("agents"), 401, "session_expired")
    checked(await admin.http.get("agents"))
    refused(await admin.http.get("agents"), 429)


async def test_signing_in_has_a_limit_of_its_own(app: FastAPI, visitor: AsyncClient, limited):
    limited(address=2)
    form = {"email": people.new_email(), "password": "whatever it is"}
    refused(await visitor.post("auth/login", json=form), 401)
    refused(await visitor.post("auth/login", json=form), 401)
    refused(await visitor.post("auth/register", json=form), 429)
    # A session that is there goes on.
    assert (await visitor.post("auth/refresh")).status_code != 429


async def test_no_limit_counts_nothing(admin: Person, limited):
    limited()
    assert "ratelimit" not in (await admin.http.get("agents")).headers


async def test_without_redis_requests_go_on_and_that_is_said_once(admin: Person, limited, caplog):
    limits = limited("redis://127.0.0.1:9/0", user=1, tenant=1)
    for _ in range(3):
        checked(await admin.http.get("agents"))
    assert limits.rates.uncounted == 3
    said = [record.msg for record in caplog.records if "requests_not_counted" in str(record.msg)]
    assert len(said) == 1


async def test_what_is_over_the_limit_is_not_counted(services):
    pool = ConnectionPool.from_url(services.redis_url)
    rates = Rates(pool, patience=PATIENCE)
    standings = [(await rates.count(Rate("test", "slides", 2)))[0] for _ in range(3)]
    assert [standing.within for standing in standings] == [True, True, False]
    assert [standing.left for standing in standings] == [1, 0, 0]
    await pool.disconnect()


async def test_earlier_requests_count_less_the_longer_ago_they_were(services):
    """In a window of days: nothing slides while the test runs."""
    pool, day = ConnectionPool.from_url(services.redis_url), 86_400
    redis = Redis(connection_pool=pool)
    rates, now_ms = Rates(pool, patience=PATIENCE, window_seconds=day), (await redis.time())[0] * 1000
    # (when the window began, in days ago; counted in it; before it) -> how many of 11 are left after one more
    for number, (days, count, before, left) in enumerate(
        [(0.25, 4, 0, 6), (1.25, 5, 0, 7), (1.25, 10, 99, 3), (0.25, 4, 6, 2), (2.25, 10, 10, 10)]
    ):
        kept = {"began": int(now_ms - days * day * 1000), "count": count, "before": before}
        await redis.hset(f"wb:rate:test:11:{number}", mapping=kept)
        [standing] = await rates.count(Rate("test", str(number), 11))
        assert (standing.within, standing.left) == (True, left), (days, count, before)
    await redis.hset("wb:rate:test:3:full", mapping={"began": now_ms - 90_000_000, "count": 4, "before": 0})
    [over] = await rates.count(Rate("test", "full", 3))
    # 82,800 seconds of the window before count still: 3.83 requests, and 2 once another 18,000 have gone.
    assert (over.within, over.left) == (False, 0) and 17_000 < over.seconds <= 18_000
    await pool.disconnect()


async def test_nobody_waits_for_a_clock_that_was_set_back(services):
    pool = ConnectionPool.from_url(services.redis_url)
    redis = Redis(connection_pool=pool)
    ahead = ((await redis.time())[0] + 3600) * 1000
    await redis.hset("wb:rate:test:3:ahead", mapping={"began": ahead, "count": 3, "before": 3})
    [standing] = await Rates(pool, patience=PATIENCE).count(Rate("test", "ahead", 3))
    assert (standing.within, standing.left) == (True, 2)
    await pool.disconnect()


async def test_several_rates_are_counted_in_one_go_and_each_by_itself(services):
    pool = ConnectionPool.from_url(services.redis_url)
    rates = Rates(pool, patience=PATIENCE)
    one, other = Rate("test", "narrow", 1), Rate("test", "wide", 5)
    assert [(each.within, each.left) for each in await rates.count(one, other)] == [(True, 0), (True, 4)]
    assert [(each.within, each.left) for each in await rates.count(one, other)] == [(False, 0), (True, 3)]
    await pool.disconnect()


async def test_requests_at_the_same_moment_are_counted_one_by_one(services):
    pool = ConnectionPool.from_url(services.redis_url)
    rates, together = Rates(pool, patience=PATIENCE), Rate("test", "together", 20)
    standings = [one for [one] in await asyncio.gather(*(rates.count(together) for _ in range(25)))]
    assert [standing.within for standing in standings] == [True] * 20 + [False] * 5
    assert [standing.left for standing in standings] == [*range(19, -1, -1), *[0] * 5]
    await pool.disconnect()


async def test_addresses_of_one_network_are_counted_together(app: FastAPI, limited):
    """Whoever has one IPv6 address has 2^64 of them."""
    limited(address=2)

    async def sign_in(address: str) -> int:
        async with people.http_client(app, address=address) as http:
            form = {"email": people.new_email(), "password": "wrong password"}
            return (await http.post("auth/login", json=form)).status_code

    assert [await sign_in(f"2001:db8:5:5::{number}") for number in range(1, 4)] == [401, 401, 429]
    assert await sign_in("2001:db8:5:6::1") == 401
    spellings = ("198.51.100.9", "::ffff:198.51.100.9", "::ffff:c633:6409")
    assert [await sign_in(address) for address in spellings] == [401, 401, 429]
