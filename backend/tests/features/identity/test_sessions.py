"""Sessions: refreshing them, ending them, and slowing down whoever guesses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from redis.asyncio import ConnectionPool
from sqlalchemy import text

from tests.app_state import put
from tests.mails import mailed_link, mails_to, token_of
from tests.people import PASSWORD, Person, checked, http_client, new_email, refused
from watchbill.features.identity import tokens
from watchbill.features.identity.limits import guesses as throttle
from watchbill.features.identity.limits.guesses import Throttle
from watchbill.features.identity.sign_ins import GRACE
from watchbill.kit.limits.attempt_counts import AttemptCounts, Limit
from watchbill.kit.limits.own_counts import OwnCounts
from watchbill.kit.limits.patience import PAUSE_SECONDS, Patience

OURS = {"Origin": "http://test"}


@asynccontextmanager
async def browser(app: FastAPI, email: str, address: str = "127.0.0.1") -> AsyncIterator[AsyncClient]:
    """A browser where somebody signed in; it keeps cookies and says where its pages come from."""
    async with http_client(app, address=address) as client:
        client.headers.update(OURS)
        checked(await client.post("auth/login", json={"email": email, "password": PASSWORD}))
        yield client


async def run(database: Any, statement: str, **values: Any) -> Any:
    async with database.transaction() as work:
        return await work.session.execute(text(statement), values)


async def test_a_browser_gets_short_tokens_and_refreshes_them(app: FastAPI, admin: Person):
    async with browser(app, admin.email) as client:
        first = checked(await client.post("auth/refresh"))
        assert first["expires_in"] == 15 * 60
        assert first["refresh_token"] is None  # pages must not be able to read it
        cookie = (await client.post("auth/refresh")).headers.get_list("set-cookie")[1]
        assert "Path=/api/v1/auth;" in cookie and "HttpOnly" in cookie and "SameSite=strict" in cookie
        assert checked(await client.get("auth/me"))["user"]["email"] == admin.email


async def test_a_program_gets_a_long_token_and_its_refresh_token(app: FastAPI, admin: Person):
    async with http_client(app) as client:
        session = checked(await client.post("auth/login", json={"email": admin.email, "password": PASSWORD}))
        client.cookies.clear()
        assert session["expires_in"] == 24 * 3600
        body = {"refresh_token": session["refresh_token"]}
        again = checked(await client.post("auth/refresh", json=body))
        assert again["refresh_token"] != session["refresh_token"]
        client.cookies.clear()
        bearer = {"Authorization": f"Bearer {again['access_token']}"}
        checked(await client.get("auth/me", headers=bearer))


async def test_two_tabs_that_refresh_at_once_stay_signed_in(app: FastAPI, admin: Person):
    async with browser(app, admin.email) as client:
        token = client.cookies["watchbill_refresh"]
        body = {"refresh_token": token}
        async with http_client(app) as one, http_client(app) as other:
            answers = await asyncio.gather(
                *(tab.post("auth/refresh", json=body) for tab in (one, other, one))
            )
        given = {answer.cookies["watchbill_refresh"] for answer in answers}
        assert [answer.status_code for answer in answers] == [200] * 3
        assert len(given) == 1 and token not in given


async def test_a_refresh_token_used_again_ends_the_session(app: FastAPI, database, admin: Person):
    async with browser(app, admin.email) as client, http_client(app) as thief:
        stolen = {"refresh_token": client.cookies["watchbill_refresh"]}
        checked(await client.post("auth/refresh"))
        sign_in, _ = tokens.read_refresh(app.state.identity_options.jwt_secret, stolen["refresh_token"])
        passed = "UPDATE sign_ins SET refreshed_at = refreshed_at - CAST(:grace AS interval) WHERE id = :id"
        await run(database, passed, grace=GRACE * 2, id=sign_in)
        refused(await thief.post("auth/refresh", json=stolen), 401, "session_replayed")
        # Nobody can say who of the two was the thief.
        refused(await client.get("auth/me"), 401, "session_expired")
        refused(await client.post("auth/refresh"), 401, "session_expired")


async def test_bad_refresh_tokens(app: FastAPI, visitor: AsyncClient, admin: Person):
    refused(await visitor.post("auth/refresh"), 401, "not_authenticated")
    secret = app.state.identity_options.jwt_secret
    bad = ["", "wbr_", "wbr_!", "x" * 200, "ü", admin.token[:200]]
    bad.append(tokens.refresh_token("another secret", admin.user_id, 0))
    for token in bad:
        refused(await visitor.post("auth/refresh", json={"refresh_token": token}), 401)
    unknown = tokens.refresh_token(secret, admin.user_id, 0)
    refused(await visitor.post("auth/refresh", json={"refresh_token": unknown}), 401, "session_expired")
    refused(await visitor.post("auth/refresh", json={"refresh_token": "x" * 201}), 422)
    refused(await visitor.post("auth/refresh", json={}, headers={"Origin": "https://evil"}), 403)


async def test_a_session_ends_when_it_was_not_used(app: FastAPI, database, admin: Person):
    async with browser(app, admin.email) as client:
        await run(database, "UPDATE sign_ins SET expires_at = now() WHERE user_id = :u", u=admin.user_id)
        refused(await client.post("auth/refresh"), 401, "session_expired")


async def test_signing_out_ends_the_access_token_too(app: FastAPI, admin: Person):
    async with browser(app, admin.email) as client:
        bearer = {"Authorization": f"Bearer {client.cookies['watchbill_session']}"}
        refresh = {"refresh_token": client.cookies["watchbill_refresh"]}
        checked(await client.post("auth/logout"), 204)
        assert set(client.cookies) == {"watchbill_device"}
        async with http_client(app) as thief:
            refused(await thief.get("auth/me", headers=bearer), 401, "session_expired")
            refused(await thief.post("auth/refresh", json=refresh), 401, "session_expired")
    # The admin's own session is another one.
    checked(await admin.http.get("auth/me"))
    checked(await admin.http.post("auth/logout"), 204)
    refused(await admin.http.get("auth/me"), 401, "session_expired")


async def test_listing_and_ending_sessions(app: FastAPI, admin: Person, stranger: Person):
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    async with browser(app, admin.email, "192.0.2.7") as client:
        await client.post("auth/refresh", headers={"User-Agent": firefox})
        mine = checked(await client.get("auth/sessions"))["items"]
        assert [item["current"] for item in mine] == [True, False]
        assert (mine[0]["device"], mine[0]["address"]) == ("Firefox on Linux", "192.0.2.7")
        refused(await stranger.http.delete(f"auth/sessions/{mine[0]['id']}"), 404)
        refused(await admin.http.delete(f"auth/sessions/{admin.user_id}"), 404)
        checked(await admin.http.delete(f"auth/sessions/{mine[0]['id']}"), 204)
        refused(await admin.http.delete(f"auth/sessions/{mine[0]['id']}"), 404)
        refused(await client.get("auth/me"), 401, "session_expired")
    async with browser(app, admin.email) as client:
        checked(await admin.http.delete("auth/sessions"), 204)
        refused(await client.get("auth/me"), 401)
    assert len(checked(await admin.http.get("auth/sessions"))["items"]) == 1


async def test_last_use_is_noted_once_a_minute(app: FastAPI, database, admin: Person):
    async def used() -> Any:
        query = "SELECT last_used_at FROM sign_ins WHERE user_id = :u"
        return (await run(database, query, u=admin.user_id)).scalar_one()

    before = await used()
    checked(await admin.http.get("auth/me"))
    assert await used() == before
    late = "UPDATE sign_ins SET last_used_at = now() - interval '2 minutes' WHERE user_id = :u"
    await run(database, late, u=admin.user_id)
    checked(await admin.http.get("auth/me"))
    assert await used() > before


async def test_changing_the_password_ends_the_other_sessions(app: FastAPI, admin: Person):
    async with browser(app, admin.email) as client:
        form = {"current_password": "wrong", "new_password": "another good one"}
        problem = refused(await client.put("auth/me/password", json=form), 422, "wrong_password")
        assert problem["errors"][0]["loc"] == ["body", "current_password"]
        short = {"current_password": PASSWORD, "new_password": "short"}
        refused(await client.put("auth/me/password", json=short), 422)
        checked(await client.put("auth/me/password", json=form | {"current_password": PASSWORD}), 204)
        checked(await client.get("auth/me"))
        refused(await admin.http.get("auth/me"), 401, "session_expired")
        login = {"email": admin.email, "password": PASSWORD}
        refused(await client.post("auth/login", json=login), 401)
        checked(await client.post("auth/login", json=login | {"password": "another good one"}))


async def test_a_forgotten_password(app: FastAPI, visitor: AsyncClient, admin: Person):
    checked(await visitor.post("auth/forgot-password", json={"email": admin.email.upper()}), 202)
    first = mailed_link(app, admin.email)
    assert first.startswith("http://127.0.0.1:8000/reset-password/#token=")
    checked(await visitor.post("auth/forgot-password", json={"email": admin.email}), 202)
    token = token_of(mailed_link(app, admin.email))
    form = {"token": token, "password": "a new password"}
    refused(
        await visitor.post("auth/reset-password", json=form | {"token": token_of(first)}), 422, "bad_link"
    )
    refused(await visitor.post("auth/reset-password", json=form | {"password": "short"}), 422)
    checked(await visitor.post("auth/reset-password", json=form), 204)
    refused(await visitor.post("auth/reset-password", json=form), 422, "bad_link")
    refused(await admin.http.get("auth/me"), 401, "session_expired")
    login = {"email": admin.email, "password": "a new password"}
    assert checked(await visitor.post("auth/login", json=login))["user"]["email_verified_at"]


async def test_asking_for_a_link_tells_nothing_and_floods_nobody(app: FastAPI, admin: Person):
    nobody = new_email()
    async with http_client(app, address="192.0.2.9") as client:
        known = [await client.post("auth/forgot-password", json={"email": admin.email}) for _ in range(5)]
        unknown = await client.post("auth/forgot-password", json={"email": nobody})
        assert {answer.status_code for answer in known} == {202} == {unknown.status_code}
        assert known[0].content == unknown.content
    assert len(mails_to(app, admin.email)) == 3
    assert mails_to(app, nobody) == []


async def test_an_old_link_is_no_good(app: FastAPI, database, visitor: AsyncClient, admin: Person):
    await visitor.post("auth/forgot-password", json={"email": admin.email})
    await run(database, "UPDATE mail_links SET expires_at = now() WHERE user_id = :u", u=admin.user_id)
    form = {"token": token_of(mailed_link(app, admin.email)), "password": "a new password"}
    refused(await visitor.post("auth/reset-password", json=form), 422, "bad_link")


async def test_whoever_guesses_is_slowed_down(app: FastAPI, admin: Person):
    wrong = {"email": admin.email, "password": "a wrong guess"}
    async with http_client(app, address="192.0.2.20") as guesser:
        answers = [await guesser.post("auth/login", json=wrong) for _ in range(21)]
        assert [answer.status_code for answer in answers] == [401] * 20 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        # Not even the right password helps now, or the limit would tell which guess was right.
        refused(
            await guesser.post("auth/login", json=wrong | {"password": PASSWORD}), 429, "too_many_requests"
        )
    async with browser(app, admin.email, "192.0.2.21") as victim:
        checked(await victim.get("auth/me"))


async def test_guessing_from_everywhere_does_not_lock_the_owner_out(app: FastAPI, admin: Person, monkeypatch):
    monkeypatch.setattr(throttle, "_ACCOUNT", Limit("account", 5, 3600))
    async with browser(app, admin.email, "192.0.2.30") as owner:
        wrong = {"email": admin.email, "password": "a wrong guess"}
        for number in range(5):
            async with http_client(app, address=f"192.0.2.{40 + number}") as guesser:
                refused(await guesser.post("auth/login", json=wrong), 401)
        async with http_client(app, address="192.0.2.50") as guesser:
            refused(await guesser.post("auth/login", json=wrong), 429)
            guesser.cookies.set("watchbill_device", "made.up")
            refused(await guesser.post("auth/login", json=wrong), 429)
        # The owner's browser is known, whatever its address.
        login = {"email": admin.email, "password": PASSWORD}
        checked(await owner.post("auth/login", json=login))
        async with http_client(app, address="192.0.2.60") as elsewhere:
            elsewhere.cookies.update(owner.cookies)
            checked(await elsewhere.post("auth/login", json=login))


async def test_at_once_no_more_guesses_get_through(app: FastAPI, admin: Person, monkeypatch):
    patient = AttemptCounts(app.state.redis.connection_pool, Patience(120))
    put(monkeypatch, app.state, "throttle", Throttle(patient, "secret"))
    wrong = {"email": admin.email, "password": "a wrong guess"}
    async with http_client(app, address="192.0.2.70") as guesser:
        answers = await asyncio.gather(*(guesser.post("auth/login", json=wrong) for _ in range(40)))
    assert sum(answer.status_code == 401 for answer in answers) == 20


async def test_without_redis_people_still_sign_in(app: FastAPI, admin: Person, monkeypatch):
    away = AttemptCounts(ConnectionPool.from_url("redis://127.0.0.1:1"))
    put(monkeypatch, app.state, "throttle", Throttle(away, "secret"))
    async with browser(app, admin.email) as client:
        checked(await client.get("auth/me"))


async def test_without_redis_guesses_are_counted_all_the_same(app: FastAPI, admin: Person, monkeypatch):
    """By each process for itself: who can wait for an outage must not guess as long as it lasts."""
    away = AttemptCounts(ConnectionPool.from_url("redis://127.0.0.1:1"))
    put(monkeypatch, app.state, "throttle", Throttle(away, "secret"))
    wrong = {"email": admin.email, "password": "a wrong guess"}
    async with http_client(app, address="192.0.2.71") as guesser:
        answers = await asyncio.gather(*(guesser.post("auth/login", json=wrong) for _ in range(30)))
        refused_ = [answer for answer in answers if answer.status_code == 429]
        assert len(refused_) == 10 and all(1 < int(a.headers["retry-after"]) <= 300 for a in refused_)
    async with http_client(app, address="192.0.2.72") as elsewhere:
        checked(await elsewhere.post("auth/login", json={"email": admin.email, "password": PASSWORD}))


def test_own_counts_are_of_a_window_and_of_those_counted_last():
    now = 0.0
    counts = OwnCounts(most=2, clock=lambda: now)
    assert [counts.count("a", 2, 60) for _ in range(3)] == [True, True, False]
    assert not counts.left("a", 2) and counts.wait("a") == 60 and counts.left("b", 2)
    now += 59.5
    assert not counts.count("a", 2, 60) and counts.wait("a") == 1
    now += 0.5
    assert counts.left("a", 2) and counts.count("a", 2, 60)
    counts.forget("a")
    assert [counts.count(key, 1, 60) for key in ("a", "b", "a", "c", "a", "b")] == [
        True,
        True,
        False,
        True,
        True,
        True,
    ]


async def test_a_redis_that_goes_away_in_the_middle_sets_no_count_back(app: FastAPI):
    now = 0.0
    patience = Patience(120, clock=lambda: now)
    attempts = AttemptCounts(app.state.redis.connection_pool, patience)
    limit, who = Limit("guesses", 3, 60), new_email()
    assert [await attempts.count(limit, who) for _ in range(2)] == [True, True]
    with pytest.raises(ConnectionError):
        async with patience.asked():
            raise ConnectionError
    assert [await attempts.count(limit, who) for _ in range(2)] == [True, False]
    now += PAUSE_SECONDS
    assert [await attempts.count(limit, who) for _ in range(2)] == [True, False]


async def test_a_redis_that_hangs_is_waited_for_once_in_a_while():
    """Otherwise each sign-in waits as long as the socket does, several times."""
    asked, now = 0, 0.0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    pool = ConnectionPool.from_url(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    attempts = AttemptCounts(pool, Patience(0.2, clock=lambda: now))
    limit = Limit("guesses", 10, 60)
    try:
        for _ in range(3):
            assert await attempts.count(limit, "somebody")
            assert await attempts.left(limit, "somebody")
            await attempts.forget(limit, "somebody")
            assert await attempts.wait(limit, "somebody") == 1
        assert asked == 1
        now += PAUSE_SECONDS
        assert await attempts.count(limit, "somebody")
        assert asked == 2
    finally:
        server.close()
        await pool.disconnect()


def test_a_token_of_a_machine_whose_clock_is_ahead_is_good(monkeypatch):
    """Also one that was issued before the clock was set back."""
    who, tenant, sign_in = uuid4(), uuid4(), uuid4()
    with monkeypatch.context() as ahead:
        ahead.setattr(tokens, "now", lambda: datetime.now(UTC) + timedelta(hours=1))
        token = tokens.issue("s" * 40, who, tenant, "admin", sign_in, seconds=900)
    assert tokens.read("s" * 40, token) == tokens.Claims(who, tenant, sign_in)


async def test_ones_own_name(admin: Person, viewer: Person):
    assert checked(await viewer.http.patch("auth/me", json={"full_name": " Ada "}))["full_name"] == "Ada"
    assert checked(await viewer.http.patch("auth/me", json={"full_name": None}))["full_name"] is None
    refused(await viewer.http.patch("auth/me", json={"full_name": "x" * 201}), 422)
    refused(await viewer.http.patch("auth/me", json={}), 422)
    refused(await viewer.http.patch("auth/me", json={"email": "a@example.com"}), 422)
