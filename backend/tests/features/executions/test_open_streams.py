"""Streams that are open end with the access of whoever watches: session, place, tenant, key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uvicorn
import websockets
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import delete, update

from tests.core.flows import ANSWER
from tests.people import Person, checked, refused
from watchbill.cli import tenants as commands
from watchbill.cli.installation import Installation
from watchbill.features.executions import cancelling
from watchbill.features.executions.tables import ActiveExecution
from watchbill.features.executions.watching import access as watch_access
from watchbill.features.executions.watching import events as watch
from watchbill.features.identity import service as people
from watchbill.features.identity import tokens
from watchbill.features.identity.identity import Identity
from watchbill.features.identity.tables import Tenant
from watchbill.kit.secrets.crypto import KeyRing


@pytest.fixture
async def url(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The API on a port of its own, where access is looked at more often than in production."""
    monkeypatch.setattr(watch_access, "RECHECK_SECONDS", 0.1)
    monkeypatch.setattr(watch_access, "GOOD_SECONDS", 0.05)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.1)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(120):
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event either
            await asyncio.sleep(0.01)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def execution(admin: Person) -> str:
    """One that nobody works on, so that its stream stays open."""
    flow = checked(await admin.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    return checked(await admin.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)["id"]


Ending = Callable[[FastAPI, Person, Person], Awaitable[object]]


async def sign_out(_app: FastAPI, _admin: Person, person: Person) -> None:
    checked(await person.http.post("auth/logout"), 204)


async def remove(_app: FastAPI, admin: Person, person: Person) -> None:
    checked(await admin.http.delete(f"members/{person.user_id}"), 204)


async def suspend(app: FastAPI, admin: Person, _person: Person) -> None:
    keys, parts = KeyRing.parse(app.state.settings.encryption_keys.get_secret_value()), app.state.executions
    await commands.suspend(
        Installation(
            app.state.database, app.state.redis, parts.documents, keys, parts.journal, parts.publisher
        ),
        str(admin.tenant_id),
    )


async def mark_suspended(app: FastAPI, admin: Person, _person: Person) -> None:
    """As it is before the tenant's executions are cancelled."""
    async with app.state.database.transaction() as work:
        change = update(Tenant).where(Tenant.id == admin.tenant_id).values(status="suspended")
        await work.session.execute(change)


ENDINGS = [
    (sign_out, 401, "session_expired"),
    (remove, 401, "access_ended"),
    (mark_suspended, 403, "tenant_suspended"),
]


@asynccontextmanager
async def events(url: str, execution: str, token: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """The names and data of a stream's events."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        AsyncClient(base_url=f"http://{url}/api/v1/", timeout=120) as http,
        http.stream("GET", f"executions/{execution}/stream", headers=headers) as response,
    ):
        yield _parsed(response.aiter_lines())


async def _parsed(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@pytest.mark.parametrize(("end", "status", "code"), ENDINGS)
async def test_a_stream_ends_with_the_reason(
    app: FastAPI, admin: Person, viewer: Person, execution: str, url: str, end: Ending, status: int, code: str
):
    async with asyncio.timeout(120), events(url, execution, viewer.token) as stream:
        assert (await anext(stream))[0] == "execution_queued"
        await end(app, admin, viewer)
        rest = [event async for event in stream]
    name, said = rest[-1]
    assert (name, said["status"], said["code"]) == ("refused", status, code)
    assert said["detail"] and "end" not in [name for name, _ in rest]


@pytest.mark.parametrize(("end", "status", "code"), ENDINGS)
async def test_a_websocket_closes_with_the_status(
    app: FastAPI, admin: Person, viewer: Person, execution: str, url: str, end: Ending, status: int, code: str
):
    headers = {"Authorization": f"Bearer {viewer.token}"}
    address = f"ws://{url}/api/v1/ws/executions/{execution}"
    async with asyncio.timeout(120), websockets.connect(address, additional_headers=headers) as socket:
        assert json.loads(await socket.recv())["type"] == "execution_queued"
        await end(app, admin, viewer)
        with pytest.raises(websockets.ConnectionClosedError):
            await socket.recv()
        assert socket.close_code == 4000 + status


async def test_streams_of_a_suspended_tenant_end_with_the_end_of_their_executions(
    app: FastAPI,
    admin: Person,
    viewer: Person,
    execution: str,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
):
    # Otherwise it would be chance what is noticed first.
    monkeypatch.setattr(watch_access, "RECHECK_SECONDS", 3600)
    async with asyncio.timeout(120), events(url, execution, viewer.token) as stream:
        await anext(stream)
        await suspend(app, admin, viewer)
        assert [name async for name, _ in stream][-2:] == ["execution_cancelled", "end"]
    async with AsyncClient(base_url=f"http://{url}/api/v1/") as http:
        headers = {"Authorization": f"Bearer {viewer.token}"}
        refused(await http.get(f"executions/{execution}/stream", headers=headers), 403, "tenant_suspended")


async def test_a_stream_of_a_key_ends_when_it_is_revoked(
    app: FastAPI, admin: Person, execution: str, url: str
):
    form = {"name": "k", "scopes": ["executions:read"]}
    key = checked(await admin.http.post("api-keys", json=form), 201)
    async with asyncio.timeout(120), events(url, execution, key["key"]) as stream:
        await anext(stream)
        checked(await admin.http.delete(f"api-keys/{key['id']}"), 204)
        assert [said["code"] async for name, said in stream if name == "refused"] == ["bad_key"]


async def test_a_stream_outlives_its_access_token_but_not_the_session(
    app: FastAPI, viewer: Person, execution: str, url: str, monkeypatch: pytest.MonkeyPatch
):
    looks: asyncio.Queue[None] = asyncio.Queue()
    again = people.authenticate_again

    async def counted(*args: Any) -> Identity:
        looks.put_nowait(None)
        return await again(*args)

    monkeypatch.setattr(people, "authenticate_again", counted)
    async with asyncio.timeout(120), events(url, execution, viewer.token) as stream:
        assert (await anext(stream))[0] == "execution_queued"
        waiting = asyncio.ensure_future(anext(stream))
        with monkeypatch.context() as later:
            later.setattr(tokens, "now", lambda: datetime.now(UTC) + timedelta(days=2))
            refused(await viewer.http.get("auth/me"), 401, "session_expired")
            # Whoever the second look asks about was found to be let in by the first.
            for _ in range(2):
                await looks.get()
            assert not waiting.done()
        checked(await viewer.http.post("auth/logout"), 204)
        assert (await waiting)[0] == "refused"


async def test_the_document_says_what_a_stream_is(app: FastAPI, admin: Person, execution: str):
    checked(await admin.http.post(f"executions/{execution}/cancel"), 202)
    answer = await admin.http.get(f"executions/{execution}/stream")
    documented = app.openapi()["paths"]["/api/v1/executions/{execution_id}/stream"]["get"]["responses"]["200"]
    assert answer.headers["content-type"].partition(";")[0] in documented["content"]


@pytest.mark.parametrize("after", [2, 2**31 - 1])
async def test_a_stream_ends_where_all_is_known_already(admin: Person, execution: str, after: int):
    checked(await admin.http.post(f"executions/{execution}/cancel"), 202)
    async with asyncio.timeout(120):
        answer = await admin.http.get(f"executions/{execution}/stream", params={"after": after})
    assert answer.text.split() == ["event:", "end", "data:", "{}"]


async def test_nobody_waits_for_a_worker_to_cancel_what_none_has(
    admin: Person, execution: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cancelling, "WAIT_SECONDS", 3600)
    async with asyncio.timeout(120):
        ended = checked(await admin.http.post(f"executions/{execution}/cancel"), 202)
    assert ended["status"] == "cancelled"


@pytest.mark.parametrize("how", ["cancel", "pause"])
async def test_what_ended_this_moment_is_not_said_to_be_pending(
    app: FastAPI, admin: Person, execution: str, how: str
):
    async with app.state.database.transaction() as work:
        await work.session.execute(delete(ActiveExecution))
    problem = refused(await admin.http.post(f"executions/{execution}/{how}"), 409, "execution_over")
    assert "pending" not in problem["detail"]
