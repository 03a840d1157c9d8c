"""What processes say of themselves, and who replaces one that cannot work."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import Worker
from watchbill.config import Settings
from watchbill.embedded import listening
from watchbill.embedded.child import Child
from watchbill.embedded.logfile import LogFile
from watchbill.embedded.watch import replace_the_stuck
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.process.free_port import free_port
from watchbill.worker.runtime import Runtime

pytestmark = pytest.mark.slow

# Says that it is not well, or freezes, as the first process of its kind; its successors are well.
_PATIENT = """
import http.server, os, pathlib, socket, sys
mark = pathlib.Path(sys.argv[2])
sick = not mark.exists()
mark.touch()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(503 if sick else 200)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=int(sys.argv[1]))
print(os.getpid(), flush=True)
server.serve_forever()
"""


@pytest.mark.parametrize("how", ["says so", "is frozen"])
async def test_a_process_that_cannot_work_is_replaced(tmp_path: Path, how: str) -> None:
    listener = listening.listen("127.0.0.1", 0)
    pids: list[int] = []
    mark = tmp_path / "mark"
    if how == "is frozen":
        mark.touch()

    def started(line: str) -> None:
        pids.append(int(line))
        if how == "is frozen" and len(pids) == 1:
            os.kill(pids[0], signal.SIGSTOP)

    told: list[str] = []
    log = LogFile(tmp_path / "log")
    descriptor = listener.fileno()
    child = Child(
        "worker", ("-c", _PATIENT, str(descriptor), str(mark)), dict(os.environ), log, _nothing, told.append
    )
    child.descriptors, child.on_line, child.settled = [descriptor], started, True
    keeping = asyncio.create_task(child.keep_running())
    watching = asyncio.create_task(
        replace_the_stuck({"worker": (child, listener)}, told.append, patience=1, look=0.1)
    )
    try:
        async with asyncio.timeout(60):
            while len(pids) < 2 or not await listening.answers(listener, "/health/live"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert "has been unhealthy" in told[0]
        assert "was ended by SIGKILL" in told[1]
    finally:
        child.stopping = True
        child.kill()
        watching.cancel()
        await keeping
        log.close()
        listener.close()


def _nothing(*_: object, **__: object) -> None:
    """There is no guard in this test."""


@asynccontextmanager
async def worker_with_health(settings: Settings, folder: Path) -> AsyncIterator[tuple[Worker, str]]:
    port = free_port()
    worker = Worker(settings, folder / "worker.log")
    await worker.start(words=("--health-port", str(port)))
    try:
        yield worker, f"http://127.0.0.1:{port}"
    finally:
        await worker.stop()


async def test_a_worker_says_how_it_is(settings: Settings, tmp_path: Path) -> None:
    async with worker_with_health(settings, tmp_path) as (worker, url), httpx.AsyncClient() as http:
        live = await http.get(f"{url}/health/live")
        assert (live.status_code, live.json()["status"], live.json()["checks"]) == (200, "ok", {})
        ready = await http.get(f"{url}/health/ready")
        assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "redis": "ok"})
        metrics = await http.get(f"{url}/metrics")
        assert metrics.headers["content-type"].startswith("text/plain")
        assert "watchbill_worker_running_executions 0" in metrics.text
        for name in ("claiming", "heartbeat", "control", "due work", "dead workers"):
            assert f'watchbill_worker_task_failures_total{{name="{name}"}} 0' in metrics.text
        assert (await http.get(f"{url}/other")).status_code == 404
        assert "task_" not in worker.log()


async def test_a_worker_whose_loop_keeps_failing_says_so(settings: Settings) -> None:
    assert settings.database_url and settings.redis_url
    listener = listening.listen("127.0.0.1", 0)
    runtime = Runtime(
        settings.model_copy(update={"worker_preload": False}),
        database_url=settings.database_url.get_secret_value(),
        redis_url=settings.redis_url.get_secret_value(),
        own=OwnServices(),
        health=listener,
    )
    await asyncio.to_thread(runtime.start)
    try:

        async def broken(_alive: object) -> None:
            raise ValueError("broken")

        asyncio.run_coroutine_threadsafe(_keep(runtime, broken), runtime._loop).result()  # noqa: SLF001 (nobody else may reach into a worker)
        url = listening.url(listener)
        async with httpx.AsyncClient() as http, asyncio.timeout(100):
            while (live := await http.get(f"{url}/health/live")).status_code == 200:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        assert live.status_code == 503
        assert "in a row" in live.json()["checks"]["broken"]
    finally:
        await asyncio.to_thread(runtime.stop, grace_seconds=0)


async def _keep(runtime: Runtime, work: object) -> None:
    runtime.supervisor.keep("broken", work)  # type: ignore[arg-type]
