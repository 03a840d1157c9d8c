"""A member who is removed, or whose role is lowered, while a request of theirs is under way: it is finished
before, or it does nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from tests import people
from tests.app_state import put
from tests.core.flows import ANSWER
from tests.people import Person, checked, http_client, refused
from watchbill.config import Settings
from watchbill.kit.outbound.lookups import Found, Lookups
from watchbill.kit.outbound.url_guard import UrlGuard


class SlowNames:
    """A resolver that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answering = threading.Event()
        self._loop = asyncio.get_running_loop()

    def find(self, host: str, port: int, **_: Any) -> Found:
        """As socket.getaddrinfo does."""
        self._loop.call_soon_threadsafe(self.asked.set)
        self.answering.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.2", port))]


@pytest.fixture
async def names(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlowNames]:
    slow = SlowNames()
    parts = replace(
        app.state.notifications, guard=UrlGuard(["127.0.0.2"], names=Lookups(slow.find, seconds=50))
    )
    put(monkeypatch, app.state, "notifications", parts)
    yield slow
    slow.answering.set()


async def flow_of(person: Person) -> str:
    return checked(await person.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]


async def lowered(admin: Person, member: Person) -> None:
    checked(await admin.http.patch(f"members/{member.user_id}", json={"role": "viewer"}))


async def removed(admin: Person, member: Person) -> None:
    checked(await admin.http.delete(f"members/{member.user_id}"), 204)


CHANGES = {"lowered": (lowered, 403, "access_changed"), "removed": (removed, 401, "access_ended")}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_request_that_waits_outside_does_nothing_afterwards(
    app: FastAPI, admin: Person, member: Person, names: SlowNames, change: str
) -> None:
    form = {"channel": "webhook", "recipients": ["https://slow.invalid/"], "statuses": ["failed"]}
    request = asyncio.create_task(member.http.post("notifications", json={"name": "n", **form}))
    await names.asked.wait()
    happens, status, code = CHANGES[change]
    await happens(admin, member)
    names.answering.set()
    refused(await request, status, code)
    assert checked(await admin.http.get("notifications"))["items"] == []


@asynccontextmanager
async def held(settings: Settings, statement: str) -> AsyncIterator[None]:
    """Somebody else has the lock that a statement takes, for the time of a block."""
    assert settings.database_url
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        async with connection.transaction():
            await connection.execute(statement)
            yield
    finally:
        await connection.close()


def tenant_held(settings: Settings, admin: Person) -> AbstractAsyncContextManager[None]:
    return held(settings, f"SELECT 1 FROM tenants WHERE id = '{admin.tenant_id}' FOR UPDATE")


async def until_waiting(app: FastAPI, kind: str, task: asyncio.Task[httpx.Response]) -> None:
    """Until somebody waits for a lock of that kind in the database, or the request is done."""
    query = text(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND locktype = :kind AND datname = current_database()"
    )
    while not task.done():
        async with app.state.database.engine.connect() as connection:
            if await connection.scalar(query, {"kind": kind}):
                return
        await asyncio.sleep(0)


@pytest.mark.parametrize("by", ["session", "key"])
async def test_a_removal_sees_what_a_request_under_way_commits(
    app: FastAPI, settings: Settings, admin: Person, by: str
) -> None:
    member = await people.join(app, admin.tenant_id, "admin")
    flow = await flow_of(member)
    http = member.http
    if by == "key":
        form = {"name": "k", "scopes": ["triggers:write", "flows:execute", "executions:read"]}
        http = http_client(app, checked(await http.post("api-keys", json=form), 201)["key"])
    trigger = {"flow_id": flow, "name": "t", "schedule": {"cron": "0 8 * * *"}}
    closed = f'LOCK TABLE "{admin.scope.schema}".triggers IN SHARE ROW EXCLUSIVE MODE'
    async with held(settings, closed):
        making = asyncio.create_task(http.post("triggers", json=trigger))
        await until_waiting(app, "relation", making)
        removing = asyncio.create_task(
            admin.http.delete(f"members/{member.user_id}", params={"schedules": "pause"})
        )
        await until_waiting(app, "advisory", removing)
    made = await making
    checked(await removing, 204)
    assert made.status_code == 201, made.text
    [kept] = checked(await admin.http.get("triggers"))["items"]
    assert not kept["is_active"]


async def test_a_request_that_comes_during_a_removal_waits_and_is_refused(
    app: FastAPI, settings: Settings, admin: Person, member: Person
) -> None:
    flow = await flow_of(admin)
    # The removal has the membership, and waits for the tenant.
    async with tenant_held(settings, admin):
        removing = asyncio.create_task(admin.http.delete(f"members/{member.user_id}"))
        await until_waiting(app, "transactionid", removing)
        trigger = {"flow_id": flow, "name": "t", "schedule": {"cron": "0 8 * * *"}}
        making = asyncio.create_task(member.http.post("triggers", json=trigger))
        await until_waiting(app, "advisory", making)
    checked(await removing, 204)
    refused(await making, 401, "access_ended")


async def test_two_admins_who_remove_each_other_at_once_leave_one(
    app: FastAPI, settings: Settings, admin: Person
) -> None:
    other = await people.join(app, admin.tenant_id, "admin")
    async with tenant_held(settings, admin):
        first = asyncio.create_task(admin.http.delete(f"members/{other.user_id}"))
        await until_waiting(app, "transactionid", first)
        second = asyncio.create_task(other.http.delete(f"members/{admin.user_id}"))
        await until_waiting(app, "tuple", second)
    answers = [await first, await second]
    assert sorted(answer.status_code for answer in answers) == [204, 403], [a.text for a in answers]
