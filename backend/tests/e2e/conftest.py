"""The whole product over HTTP: the API on a port, real worker processes, and the scripted LLM server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from httpx import AsyncClient

from tests.fixtures_llm import llm_server, running_llm_server
from tests.people import PASSWORD, checked, new_email
from watchbill.config import Settings
from watchbill.features.executions import cancelling
from watchbill.testing.llm_server import LlmServer

__all__ = ["llm_server", "running_llm_server"]

READY = b"worker_ready"


class Worker:
    """A worker process, started as a user would."""

    def __init__(self, settings: Settings, log: Path):
        assert settings.database_url and settings.redis_url
        self._environment = {
            **os.environ,
            "WATCHBILL_DATABASE_URL": settings.database_url.get_secret_value(),
            "WATCHBILL_REDIS_URL": settings.redis_url.get_secret_value(),
            "WATCHBILL_DATA_DIR": str(settings.data_dir),
            "WATCHBILL_LOG_FORMAT": "json",
        }
        self._log = log
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, words: Sequence[str] = (), **settings: str) -> None:
        """Start it, with these words and settings beside its own, and wait until it takes work."""
        await asyncio.to_thread(self._log.write_bytes, b"")
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "watchbill.cli", "worker", *words),
                env=self._environment | settings,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(300):
            while READY not in self._log.read_bytes():
                assert self.process.returncode is None, self._log.read_text()
                await asyncio.sleep(0.05)

    async def stop(self, with_signal: int = signal.SIGTERM) -> None:
        """End it and wait until it is gone."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(with_signal)
            async with asyncio.timeout(120):
                await self.process.wait()

    def log(self) -> str:
        return self._log.read_text()

    def libraries(self) -> str:
        """The files that the process has mapped into its memory, shared libraries among them."""
        assert self.process is not None
        return "\n".join(region.path for region in psutil.Process(self.process.pid).memory_maps())


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cancels hears how it ended, however long a busy machine takes."""
    monkeypatch.setattr(cancelling, "WAIT_SECONDS", 90.0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker(
    settings: Settings, app: FastAPI, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Worker]:
    """One worker for a file of tests, and not longer: it would also take what tests of the journal claim. A
    test that kills it starts it again."""
    worker = Worker(settings, tmp_path_factory.mktemp("worker") / "worker.log")
    await worker.start()
    yield worker
    await worker.stop()


@pytest_asyncio.fixture(scope="session")
async def base_url(app: FastAPI) -> AsyncIterator[str]:
    """The API on a real port: streams need a real connection."""
    async with serving(app) as url:
        yield url


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """A started app on a port; the block gets its address."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(120):
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event either
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@dataclass
class Tenant:
    """A tenant with a provider on the scripted server, used over HTTP."""

    http: AsyncClient
    token: str
    server: LlmServer
    flows: dict[str, str] = field(default_factory=dict[str, str])

    async def flow(self, definition: Mapping[str, Any]) -> str:
        form = {"name": f"Flow {uuid4().hex[:6]}", "definition": definition}
        return checked(await self.http.post("flows", json=form), 201)["id"]

    async def execute(self, definition: Mapping[str, Any], /, **inputs: Any) -> str:
        """Store and run a flow; returns the execution's id."""
        flow_id = await self.flow(definition)
        return checked(await self.http.post(f"flows/{flow_id}/execute", json={"inputs": inputs}), 202)["id"]

    async def get(self, execution_id: str) -> dict[str, Any]:
        return checked(await self.http.get(f"executions/{execution_id}"), 200)

    async def events(self, execution_id: str, after: int = 0) -> list[dict[str, Any]]:
        """Every event from the stores, page by page."""
        found: list[dict[str, Any]] = []
        following: int | None = after
        while following is not None:
            url = f"executions/{execution_id}/events?after={following}&limit=200"
            page = checked(await self.http.get(url), 200)
            found += page["items"]
            following = page["next_after"]
        return found

    async def watch(
        self,
        execution_id: str,
        after: int | None = None,
        until: Callable[[dict[str, Any]], bool] | None = None,
    ) -> list[dict[str, Any]]:
        """Follow by SSE to the end, or until an event satisfies `until`."""
        seen: list[dict[str, Any]] = []
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        url = f"executions/{execution_id}/stream"
        async with asyncio.timeout(300), self.http.stream("GET", url, headers=headers) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            kind = ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: ") and kind != "end":
                    seen.append(json.loads(line.removeprefix("data: ")))
                    if until and until(seen[-1]):
                        return seen
                elif line.startswith("data: "):
                    return seen
        raise AssertionError(f"the stream broke off after {seen[-3:]}")


@pytest_asyncio.fixture
async def tenant(base_url: str, worker: Worker, llm_server: LlmServer) -> AsyncIterator[Tenant]:
    async with new_tenant(base_url, llm_server) as tenant:
        yield tenant


@asynccontextmanager
async def new_tenant(base_url: str, server: LlmServer) -> AsyncIterator[Tenant]:
    async with AsyncClient(base_url=f"{base_url}/api/v1/", timeout=100) as http:
        form = {"email": new_email(), "password": PASSWORD, "tenant_name": "Acme"}
        token = checked(await http.post("auth/register", json=form), 201)["access_token"]
        http.cookies.clear()
        http.headers["Authorization"] = f"Bearer {token}"
        provider = {
            "name": "Scripted",
            "provider_type": "openai_compatible",
            "base_url": server.base_url,
            "api_key": "sk-e2e-secret-4242",
            "models": ["test-model"],
            "config": {"prices": {"test-model": {"input": 2, "output": 8}}},
        }
        checked(await http.post("llm-providers", json=provider), 201)
        yield Tenant(http, token, server)
