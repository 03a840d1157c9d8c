"""While one tenant's requests wait for somebody who never answers, another tenant's are answered."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
import websockets
from aiohttp import web
from fastapi import FastAPI

from tests import people
from tests.core.flows import ANSWER
from tests.people import Person, checked, refused
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.core.events import Event
from watchbill.features.executions.history import LARGE_AT_ONCE
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.watching import stream
from watchbill.features.executions.watching.events import Told, watch
from watchbill.features.identity.limits.crowds import Crowd, Crowds
from watchbill.features.sso import provider
from watchbill.features.sso.metadata import Metadata
from watchbill.kit.outbound.lookups import Found, Lookups
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut

MANY = 60
# More than the API has connections to the database by far.
STREAMS = 40
HANG = 300
ISSUER_GUARD = ["127.0.0.0/8"]


@dataclass
class Issuer:
    """A provider that says who it is when it is let."""

    url: str = ""
    asked: int = 0
    speak: asyncio.Event = field(default_factory=asyncio.Event)

    async def discovery(self, _request: web.Request) -> web.Response:
        self.asked += 1
        await self.speak.wait()
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return web.json_response({"issuer": self.url} | {name: f"{self.url}/{name}" for name in names})


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    said = Issuer()
    application = web.Application()
    application.router.add_get("/.well-known/openid-configuration", said.discovery)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    said.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield said
    said.speak.set()
    await runner.cleanup()


@pytest.fixture(scope="module")
def narrow_settings(settings: Settings) -> Settings:
    """Two connections to the database, so that who holds one is noticed, and places for everybody."""
    return settings.model_copy(
        update={
            "database_pool_size": 1,
            "database_wait_seconds": 60,
            "sso_trust_domains": True,
            "slow_limit_user": 0,
            "slow_limit_tenant": 0,
            "slow_limit_address": 0,
            "stream_limit_user": STREAMS,
        }
    )


@pytest.fixture
async def narrow(narrow_settings: Settings, app: FastAPI) -> AsyncIterator[FastAPI]:
    small = create_app(narrow_settings)
    async with small.router.lifespan_context(small):
        yield small


@pytest.fixture
async def attacker(narrow: FastAPI, admin: Person) -> AsyncIterator[Person]:
    """The admin, on the small API."""
    async with people.http_client(narrow, admin.token) as http:
        yield replace(admin, http=http)


@pytest.fixture
async def other(narrow: FastAPI, stranger: Person) -> AsyncIterator[Person]:
    """Somebody of another tenant, on the small API."""
    async with people.http_client(narrow, stranger.token) as http:
        yield replace(stranger, http=http)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what is about to happen."""
    async with asyncio.timeout(HANG):
        while not condition():  # noqa: ASYNC110  # what is counted has no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def asking(
    crowd: Crowd, requests: list[Any], shares: int = 2
) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """The requests, once all of them wait; those that still do afterwards are given up."""
    tasks = [asyncio.create_task(one) for one in requests]
    try:
        await until(lambda: crowd.taken == shares * len(tasks) or any(task.done() for task in tasks))
        assert not [task.result().text for task in tasks if task.done()]
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert crowd.taken == 0


def crowds(app: FastAPI) -> Crowds:
    return app.state.crowds


async def serves(other: Person) -> None:
    """The other tenant reads and writes."""
    checked(await other.http.get("flows"))
    flow = checked(await other.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    checked(await other.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)


async def set_up(narrow: FastAPI, attacker: Person, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Single sign-on of a provider that then falls silent."""
    # However long the machine takes, it is the test that lets the issuer speak.
    monkeypatch.setattr(provider, "ASK_SECONDS", HANG)
    issuer.speak.set()
    domain = f"{attacker.email.split('@')[0]}.example.com"
    form = {"issuer": issuer.url, "client_id": "c", "domains": [domain], "default_role": "viewer"}
    checked(await attacker.http.put("sso", json=form))
    issuer.speak.clear()
    issuer.asked = 0
    narrow.state.sso = replace(narrow.state.sso, metadata=Metadata(WayOut(UrlGuard(ISSUER_GUARD))))
    return domain


async def test_a_silent_issuer_is_asked_once_and_holds_up_nobody(
    narrow: FastAPI,
    attacker: Person,
    other: Person,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
):
    domain = await set_up(narrow, attacker, issuer, monkeypatch)
    async with people.http_client(narrow) as visitor:
        starts = [visitor.get("auth/sso/start", params={"domain": domain}) for _ in range(MANY)]
        async with asking(crowds(narrow).slow, starts) as waiting:
            await serves(other)
            assert issuer.asked == 1 and not any(task.done() for task in waiting)
            issuer.speak.set()
            answers = await asyncio.gather(*waiting)
    assert issuer.asked == 1
    assert all(answer.headers["location"].startswith(f"{issuer.url}/authorization") for answer in answers)


async def test_so_many_may_wait_at_one_address_and_for_one_tenant(
    narrow: FastAPI,
    attacker: Person,
    other: Person,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
):
    domain = await set_up(narrow, attacker, issuer, monkeypatch)
    slow = crowds(narrow).slow
    slow.most = replace(slow.most, address=3, tenant=5)
    path = {"domain": domain}
    near, far = people.http_client(narrow, address="2001:db8::1"), people.http_client(narrow)
    starts = [near.get("auth/sso/start", params=path) for _ in range(3)]
    neighbour = people.http_client(narrow, address="2001:db8::2")
    async with near, far, neighbour, asking(slow, starts):
        answer = await neighbour.get("auth/sso/start", params=path)
        problem = refused(answer, 429, "too_many_at_once")
        assert answer.headers["retry-after"] == "5" and "This address has 3" in problem["detail"]
        tasks = [asyncio.create_task(far.get("auth/sso/start", params=path)) for _ in range(2)]
        await until(lambda: slow.taken == 10)
        assert "This tenant has 5" in refused(await far.get("auth/sso/start", params=path), 429)["detail"]
        await serves(other)
        issuer.speak.set()
        await asyncio.gather(*tasks)


async def test_tests_of_providers_hold_up_nobody(narrow: FastAPI, attacker: Person, other: Person):
    """No worker is there to answer them."""
    form = {"name": "p", "provider_type": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
    provider = checked(await attacker.http.post("llm-providers", json=form), 201)["id"]
    tests = [attacker.http.post(f"llm-providers/{provider}/test") for _ in range(MANY)]
    async with asking(crowds(narrow).slow, tests):
        await serves(other)
        slow = crowds(narrow).slow
        slow.most = replace(slow.most, person=MANY)
        answer = await attacker.http.post(f"llm-providers/{provider}/test")
        assert f"This person has {MANY} slow requests" in refused(answer, 429, "too_many_at_once")["detail"]


async def test_slow_names_hold_up_nobody(narrow: FastAPI, attacker: Person, other: Person):
    """Sixty names at a silent name server take a few threads; others' names are found meanwhile."""
    answering = threading.Event()

    def find(host: str, port: int, **_: Any) -> Found:
        if host.endswith(".silent.example"):
            answering.wait(HANG)
        return [(2, 1, 6, "", ("8.8.8.8", port))]

    guard = UrlGuard(names=Lookups(find, seconds=HANG))
    narrow.state.notifications = replace(narrow.state.notifications, guard=guard)

    def create(person: Person, host: str) -> Any:
        form = {"name": "n", "channel": "webhook", "recipients": [f"https://{host}/"], "statuses": ["failed"]}
        return person.http.post("notifications", json=form)

    try:
        slow = [create(attacker, f"h{number}.silent.example") for number in range(MANY)]
        async with asking(crowds(narrow).slow, slow):
            await serves(other)
            checked(await create(other, "quick.example"), 201)
    finally:
        answering.set()


async def test_hundreds_wait_for_executions_and_hold_up_nobody(
    narrow: FastAPI, attacker: Person, other: Person
):
    flow = checked(await attacker.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    ask = {"inputs": {}, "options": {"wait_seconds": 60}}
    waiting = crowds(narrow).waiting
    waiting.most = replace(waiting.most, person=200)
    executes = [attacker.http.post(f"flows/{flow}/execute", json=ask) for _ in range(200)]
    async with asking(waiting, executes):
        await serves(other)
        before = checked(await attacker.http.get("executions", params={"limit": 100}))["items"]
        refused(await attacker.http.post(f"flows/{flow}/execute", json=ask), 429, "too_many_at_once")
        # What is refused has not begun.
        assert checked(await attacker.http.get("executions", params={"limit": 100}))["items"] == before
        checked(await attacker.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)


@pytest.fixture
async def address(narrow: FastAPI) -> AsyncIterator[str]:
    """The small API on a port."""
    config = uvicorn.Config(narrow, port=0, lifespan="off", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def execution(attacker: Person) -> str:
    """One that nobody works on, so that its streams stay open."""
    flow = checked(await attacker.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    return checked(await attacker.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)["id"]


async def open_stream(address: str, execution: str, token: str) -> asyncio.StreamWriter:
    """A stream over a connection of its own, whose answer has begun."""
    reader, writer = await asyncio.open_connection(*address.split(":"))
    lines = (
        f"GET /api/v1/executions/{execution}/stream HTTP/1.1",
        f"Host: {address}",
        f"Authorization: Bearer {token}",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    status = await reader.readline()
    if b" 200 " not in status:
        await leave(writer, killed=True)
        raise ConnectionRefusedError(status.decode())
    return writer


async def leave(writer: asyncio.StreamWriter, *, killed: bool) -> None:
    """Close the connection, or let it break off."""
    if killed:
        writer.transport.abort()
    else:
        writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_many_streams_hold_up_nobody_and_the_next_one_is_too_many(
    narrow: FastAPI, address: str, execution: str, attacker: Person, other: Person
):
    streams = crowds(narrow).streams
    opened = [await open_stream(address, execution, attacker.token) for _ in range(STREAMS - 1)]
    socket_url = f"ws://{address}/api/v1/ws/executions/{execution}"
    headers = {"Authorization": f"Bearer {attacker.token}"}
    async with websockets.connect(socket_url, additional_headers=headers) as socket:
        await socket.recv()
        await until(lambda: streams.taken == 2 * STREAMS)
        await serves(other)
        async with httpx.AsyncClient(headers=headers) as http:
            url = f"http://{address}/api/v1/executions/{execution}/stream"
            problem = refused(await http.get(url), 429, "too_many_at_once")
            assert f"This person has {STREAMS} streams of events" in problem["detail"]
        async with websockets.connect(socket_url, additional_headers=headers) as late:
            await late.wait_closed()
            assert late.close_code == 4429
    # One that is closed and one that is killed leave their places.
    await leave(opened.pop(), killed=False)
    await leave(opened.pop(), killed=True)
    await until(lambda: streams.taken == 2 * (STREAMS - 3))
    opened.append(await open_stream(address, execution, attacker.token))
    for writer in opened:
        await leave(writer, killed=True)
    await until(lambda: streams.taken == 0)


async def test_whoever_reads_nothing_is_dropped(
    narrow: FastAPI, address: str, execution: str, attacker: Person, monkeypatch: pytest.MonkeyPatch
):
    """Endless events go to clients that never read: what waits for them is bounded, and their places are
    free again."""
    monkeypatch.setattr(stream, "SEND_SECONDS", 0.5)
    monkeypatch.setattr(stream, "watch", endless)
    streams = crowds(narrow).streams
    writer = await open_stream(address, execution, attacker.token)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    headers = {"Authorization": f"Bearer {attacker.token}"}
    url = f"ws://{address}/api/v1/ws/executions/{execution}"
    async with websockets.connect(url, additional_headers=headers, max_queue=1, ping_interval=None):
        await until(lambda: streams.taken == 4)
        await until(lambda: streams.taken == 0)
    await leave(writer, killed=True)


async def endless(
    live: Any, history: Any, scope: Any, execution_id: Any, *, after: int
) -> AsyncIterator[Any]:
    events = [
        Event(
            seq=seq,
            execution_id=execution_id,
            type="log",
            node_id=None,
            timestamp=datetime.now(UTC),
            data={"message": "x" * 100_000},
        )
        for seq in range(1, 20)
    ]
    while True:
        yield [Told.of(event) for event in events]


async def test_a_tenants_slow_readers_hold_few_large_outputs(
    narrow: FastAPI, execution: str, attacker: Person, other: Person
):
    """As objects in memory each may have a hundred megabytes."""
    form = {"from_node": "end", "outputs": {"start": {"text": "x" * 100_000}}}
    fork = checked(await attacker.http.post(f"executions/{execution}/fork", json=form), 202)["id"]
    parts: ExecutionPorts = narrow.state.executions
    reading: list[int] = []
    read_on = asyncio.Event()

    async def follow(number: int) -> None:
        async for block in watch(parts.live, parts.history, attacker.scope, UUID(fork), after=0):
            if any(len(told.text) > 100_000 for told in block):
                reading.append(number)
                await read_on.wait()

    following = [asyncio.create_task(follow(number)) for number in range(10)]
    await until(lambda: len(reading) == LARGE_AT_ONCE)
    for _time in range(5):
        await serves(other)
    assert len(reading) == LARGE_AT_ONCE
    # One that goes leaves its place.
    following[reading[0]].cancel()
    await until(lambda: len(reading) == LARGE_AT_ONCE + 1)
    read_on.set()
    await until(lambda: sorted(reading) == list(range(10)))
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)


async def test_a_body_that_trickles_is_given_up(narrow_settings: Settings, app: FastAPI):
    """And until then it holds no connection to the database."""
    impatient = create_app(narrow_settings.model_copy(update={"body_seconds": 0.2}))
    sent: list[dict[str, Any]] = []

    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def keep(message: Any) -> None:
        sent.append(message)

    async with impatient.router.lifespan_context(impatient), asyncio.timeout(HANG):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/api/v1/auth/login",
            "raw_path": b"/api/v1/auth/login",
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")],
            "client": ("127.0.0.1", 1),
            "server": ("test", 80),
        }
        await impatient(scope, trickle, keep)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_compressed_body_is_refused(admin: Person):
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    refused(await admin.http.post("flows", content=b"\x1f\x8b", headers=headers), 415, "content_encoding")
