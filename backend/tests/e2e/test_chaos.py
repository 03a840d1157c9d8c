"""Everything that can die dies while executions run: each still ends right, and what finished ran once."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis.asyncio as redis
from aiohttp import web

from tests.core.flows import edge, flow, input_node, llm, node, output
from tests.e2e.running import LONG, clean_environment
from tests.people import PASSWORD, new_email
from tests.proxy import Proxy
from watchbill.embedded.servers import Server, start_postgres, start_valkey, stop
from watchbill.kit.process.free_port import free_port
from watchbill.testing.llm_server import LlmServer

# Ten processes beside each other: only a hang takes so long.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

# `make chaos` asks for the long form.
EXECUTIONS, KILLS = (200, 20) if LONG else (16, 4)
LEASE_SECONDS = 12


def work(url: str) -> dict[str, Any]:
    """A call, three calls in a Map, a model, an agent, a crew of two, a wait that parks, and a last call."""

    def call(id_: str) -> dict[str, Any]:
        config = {"method": "POST", "url": url, "body_type": "json", "values": {"step": id_}}
        return node(id_, "http_request", config, retry={"max_attempts": 5, "backoff_seconds": 0.2})

    body = {"nodes": [call("part")], "edges": []}
    each = node("each", "map", {"items": "{{ [1, 2, 3] }}", "max_parallel": 1, "body": body})
    again = {"retry": {"max_attempts": 5, "backoff_seconds": 0.2}}
    person = {"role": "Clerk", "goal": "Answer", "backstory": "Brief"}
    task = {"description": "Say something", "expected_output": "A word"}
    crew = {
        "agents": [{"name": name, **person} for name in ("ann", "bob")],
        "tasks": [{"name": f"t-{name}", "agent": name, **task} for name in ("ann", "bob")],
    }
    steps = [
        input_node("topic"),
        call("first"),
        each,
        llm("think", **again),
        node("agent", "agent", {"agent": person, "task": task}, **again),
        node("crew", "crew", {"crew": crew}, **again),
        node("nap", "wait", {"seconds": 6}),
        call("last"),
        output(done="{{ nodes.last.output.status }}"),
    ]
    return flow(steps, [edge(a["id"], b["id"]) for a, b in pairwise(steps)])


@dataclass
class Target:
    """The outside service that nodes call; it counts calls by idempotency key."""

    calls: Counter[str] = field(default_factory=Counter[str])
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.calls[request.headers["Idempotency-Key"]] += 1
        await asyncio.sleep(1)
        return web.json_response({"ok": True})


@asynccontextmanager
async def target() -> AsyncIterator[Target]:
    found = Target()
    app = web.Application()
    app.router.add_post("/work", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/work"
    try:
        yield found
    finally:
        await runner.cleanup()


class Fleet:
    """PostgreSQL, Valkey, an API and workers of their own, to be broken."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.chmod(0o711)
        self.postgres: Server = start_postgres(folder / "postgres")
        self.valkey: Server = start_valkey(folder / "valkey")
        # What every process goes through to its database, so that connections can be cut.
        self.proxy = Proxy.of(self.postgres.url)
        self.workers: list[asyncio.subprocess.Process] = []
        self._processes: list[asyncio.subprocess.Process] = []
        self.url = ""

    @property
    def environment(self) -> dict[str, str]:
        return clean_environment(
            WATCHBILL_DATABASE_URL=self.proxy.url,
            WATCHBILL_REDIS_URL=self.valkey.url,
            WATCHBILL_DATA_DIR=str(self.folder / "data"),
            WATCHBILL_RATE_LIMIT_USER="0",
            WATCHBILL_RATE_LIMIT_TENANT="0",
            WATCHBILL_LOG_FORMAT="json",
        )

    async def run(self, name: str, *words: str) -> asyncio.subprocess.Process:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "watchbill.cli", *words, env=self.environment, stdout=log, stderr=log
            )
        self._processes.append(process)
        return process

    async def open(self, port: int) -> None:
        self._proxying = await self.proxy.start()
        assert await (await self.run("migrate", "migrate")).wait() == 0, self.log("migrate")
        await self.run("api", "api", "--port", str(port))
        self.url = f"http://127.0.0.1:{port}"
        for _ in range(2):
            await self.add_worker()

    async def add_worker(self) -> None:
        self.workers.append(await self.run(f"worker-{len(self._processes)}", "worker"))

    def log(self, name: str) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob(f"{name}*.log")))

    def troubles(self) -> str:
        """What the workers log of what nobody should meet."""
        lines = self.log("worker").splitlines()
        return "\n".join(line for line in lines if '"level": "error"' in line or '"level":"error"' in line)

    async def close(self) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                await process.wait()
        self._proxying.close()
        self.proxy.cut()
        stop(self.valkey)
        stop(self.postgres)


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    # Not pytest's own folder, which is closed to the user that PostgreSQL runs as under root.
    with tempfile.TemporaryDirectory(prefix="watchbill-chaos-") as folder:
        fleet = Fleet(Path(folder))
        async with AsyncExitStack() as ending:
            ending.push_async_callback(fleet.close)
            await fleet.open(free_port())
            yield fleet


async def until(condition: Callable[[], Any], seconds: float, what: Callable[[], object]) -> None:
    """Wait for a condition, which may be asked over HTTP while servers are away."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    if await condition():
                        return
                except (httpx.HTTPError, KeyError):
                    pass
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what()}") from None


@asynccontextmanager
async def model() -> AsyncIterator[LlmServer]:
    """A model that takes so long that workers die in the middle of its answers."""
    async with LlmServer() as server:
        server.script([{"then": {"text": "one two three four five", "delay_ms": 200, "token_ms": 100}}])
        yield server


async def add_provider(http: httpx.AsyncClient, server: LlmServer) -> None:
    provider = {
        "name": "Scripted",
        "provider_type": "openai_compatible",
        "base_url": server.base_url,
        "api_key": "sk-chaos",
        "models": ["test-model"],
    }
    assert (await http.post("llm-providers", json=provider)).status_code == 201


@asynccontextmanager
async def person(fleet: Fleet) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{fleet.url}/api/v1/", timeout=120) as http:

        async def ready() -> bool:
            return (await http.get(f"{fleet.url}/health/ready")).status_code == 200

        await until(ready, 300, lambda: fleet.log("api"))
        form = {"email": new_email(), "password": PASSWORD, "tenant_name": "Chaos"}
        token = (await http.post("auth/register", json=form)).json()["access_token"]
        http.cookies.clear()
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


async def finished(http: httpx.AsyncClient, wanted: int) -> bool:
    count, cursor = 0, ""
    while cursor is not None:
        final = "status=completed&status=failed&status=cancelled"
        page = (await http.get(f"executions?{final}&limit=100{cursor and f'&cursor={cursor}'}")).json()
        count, cursor = count + len(page["items"]), page["next_cursor"]
    return count >= wanted


async def test_nothing_is_lost_whatever_dies(fleet: Fleet) -> None:
    chance = random.Random(7)
    async with target() as outside, model() as server, person(fleet) as http:
        await add_provider(http, server)
        form = {"name": "Work", "definition": work(outside.url)}
        flow_id = (await http.post("flows", json=form)).json()["id"]
        ids = []
        for _ in range(EXECUTIONS):
            answer = await http.post(f"flows/{flow_id}/execute", json={"inputs": {"topic": "x"}})
            assert answer.status_code == 202, answer.text
            ids.append(answer.json()["id"])

        for number in range(KILLS):
            calls = sum(outside.calls.values())

            async def moved(calls: int = calls) -> bool:
                return sum(outside.calls.values()) > calls or await finished(http, EXECUTIONS)

            await until(moved, 300, lambda: fleet.log("worker"))
            victim = fleet.workers.pop(chance.randrange(len(fleet.workers)))
            victim.kill()
            await victim.wait()
            await fleet.add_worker()
            # A hiccup of the database, whatever is under way.
            fleet.proxy.cut()
            if number == 1:
                async with redis.Redis.from_url(fleet.valkey.url) as client:
                    await client.flushall()
            if number == 2:
                stop(fleet.valkey)
                fleet.valkey = start_valkey(fleet.folder / "valkey")

        frozen = fleet.workers[0]
        frozen.send_signal(signal.SIGSTOP)
        stop(fleet.postgres)
        fleet.postgres = start_postgres(fleet.folder / "postgres")
        await asyncio.sleep(LEASE_SECONDS + 2)  # as long as it takes the lease to run out
        frozen.send_signal(signal.SIGCONT)

        await until(
            lambda: finished(http, EXECUTIONS), 600 if LONG else 400, lambda: fleet.log("worker")[-5000:]
        )
        again = 0
        for id_ in ids:
            again += await _is_right(http, id_, fleet)
        assert outside.calls.total() >= EXECUTIONS * 5
        assert server.calls.total >= EXECUTIONS * 4
        assert again > 0, "nothing was interrupted: the test proves nothing"
        assert frozen.returncode is None, "a worker that was frozen goes on"


async def _is_right(http: httpx.AsyncClient, id_: str, fleet: Fleet) -> int:
    """The execution completed, its events have no gap, and what had finished did not start again. Returns how
    often it was taken over."""
    events: list[dict[str, Any]] = []
    following: int | None = 0
    while following is not None:
        page = (await http.get(f"executions/{id_}/events?after={following}&limit=500")).json()
        events += page["items"]
        following = page["next_after"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    told = f"{json.dumps(events[-12:], indent=1)}\n{fleet.troubles()}"
    assert events[-1]["type"] == "execution_completed", told
    done: Counter[str] = Counter()
    for event in events:
        if event["type"] == "node_retrying":
            # A worker or a database that was away is nobody's fault in the flow.
            assert event["data"]["error"]["kind"] != "bug", f"{event}\n{fleet.troubles()}"
        if event["type"] == "node_started":
            assert not done[event["node_id"]], f"{event['node_id']} had finished and was started again"
        if event["type"] == "node_completed":
            done[event["node_id"]] += 1
    assert set(done.values()) == {1}
    assert {
        "in",
        "first",
        "each",
        "each[0].part",
        "each[2]",
        "think",
        "agent",
        "crew",
        "nap",
        "last",
        "out",
    } <= done.keys()
    return sum(bool(event["data"].get("interrupted")) for event in events)
