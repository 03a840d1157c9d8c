"""n8n, as one process of its own that is asked over HTTP: it saves an execution once, at its end.

It is a fair-code product: a development process to measure, installed only for that (see n8n/README.md), and
no part of anything that is shipped. Nothing of its settings is changed but what would leave this machine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import n8n_flows
from load import NODES, WIDTH, Arguments, Run, arguments, measure

_FOLDER = Path(__file__).parent / "n8n"
_PROGRAM = _FOLDER / "node_modules/n8n/bin/n8n"
_READY_SECONDS = 120
_STOP_SECONDS = 10
_WARM_UP, _WARM_UP_CLIENTS = 300, 10
_TOPIC = {"topic": "tides"}
_OWNER = {
    "email": "bench@example.com",
    "firstName": "Bench",
    "lastName": "Bench",
    "password": "Correct-horse-battery-1",
}
_QUIET = (
    "N8N_DIAGNOSTICS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED",
    "N8N_TEMPLATES_ENABLED",
    "N8N_PERSONALIZATION_ENABLED",
    "N8N_DYNAMIC_BANNERS_ENABLED",
    "N8N_HIRING_BANNER_ENABLED",
    "N8N_COMMUNITY_PACKAGES_ENABLED",
    "N8N_LICENSE_AUTO_RENEW_ENABLED",
    # Its cookie has to travel over HTTP.
    "N8N_SECURE_COOKIE",
)


class N8nFailed(RuntimeError):
    """n8n did not start, or did not do what it was asked for."""


async def main(given: Arguments) -> None:
    """Measure."""
    this = asyncio.current_task()
    assert this is not None
    # Whoever ends us must not leave n8n behind.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    with tempfile.TemporaryDirectory(prefix="bench-n8n-") as folder:
        log = Path(folder) / "n8n.log"
        port = _free_port()
        with _process(_environment(given.database_url, folder, port), log) as process:
            async with _ready(f"http://127.0.0.1:{port}", process, log) as http:
                a = await _flow(http, n8n_flows.line("a", NODES))
                b = await _flow(http, n8n_flows.fan("b", WIDTH))
                c = await _flow(http, n8n_flows.waiting("c", given.slow_url))
                idle = _memory(process.pid)
                for run in (a, b):
                    await _warm_up(run)
                await measure(a, b, c, idle)


async def _flow(http: aiohttp.ClientSession, workflow: dict[str, Any]) -> Run:
    """Store a workflow and publish it; what is returned runs it to its end."""
    stored = await _json(http, "/rest/workflows", workflow)
    version = {"versionId": stored["data"]["versionId"]}
    await _json(http, f"/rest/workflows/{stored['data']['id']}/activate", version)
    path = f"/webhook/{workflow['name']}"
    # An execution that fails answers with 500; only its last node can answer with this.
    expected = (await _json(http, path, _TOPIC)).keys()
    if not expected & {"body", "waited"}:
        raise N8nFailed(f"{path} answers with {expected}")

    async def run() -> None:
        if (answer := await _json(http, path, _TOPIC)).keys() != expected:
            raise N8nFailed(f"{path}: {answer}")

    return run


async def _warm_up(run: Run) -> None:
    """Node compiles while it runs: the first executions take twice the processor time of later ones."""

    async def client() -> None:
        for _ in range(_WARM_UP // _WARM_UP_CLIENTS):
            await run()

    await asyncio.gather(*(client() for _ in range(_WARM_UP_CLIENTS)))


async def _json(http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
    async with http.post(path, json=body) as answer:
        if answer.status != 200:
            raise N8nFailed(f"{path}: {answer.status} {(await answer.text())[:1000]}")
        return await answer.json()


@asynccontextmanager
async def _ready(
    url: str, process: subprocess.Popen[bytes], log: Path
) -> AsyncGenerator[aiohttp.ClientSession]:
    """Wait until it answers, and become its owner, which its editor asks for first."""
    timeout = aiohttp.ClientTimeout(total=120)
    jar = aiohttp.CookieJar(unsafe=True)  # else it takes no cookies from an IP address
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout, cookie_jar=jar) as http:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while not await _answers(http):
                    if process.poll() is not None:
                        raise N8nFailed(f"n8n ended:\n{_end(log)}")
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise N8nFailed(f"n8n did not start:\n{_end(log)}") from None
        await _json(http, "/rest/owner/setup", _OWNER)
        yield http


async def _answers(http: aiohttp.ClientSession) -> bool:
    """Whether its API does; its page that says "starting up" comes with 200 too."""
    try:
        async with http.get("/rest/settings") as answer:
            return answer.status == 200 and answer.content_type == "application/json"
    except aiohttp.ClientError:
        return False


def _end(log: Path) -> str:
    return log.read_text()[-2000:]


def _environment(database_url: str, folder: str, port: int) -> dict[str, str]:
    database = urlsplit(database_url)
    host = parse_qs(database.query).get("host", [database.hostname or ""])[0]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    settings = {
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": host,
        "DB_POSTGRESDB_PORT": str(database.port or 5432),
        "DB_POSTGRESDB_DATABASE": database.path.removeprefix("/"),
        "DB_POSTGRESDB_USER": database.username or "",
        "DB_POSTGRESDB_PASSWORD": database.password or "",
        "N8N_USER_FOLDER": folder,
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_PORT": str(port),
        "N8N_RUNNERS_BROKER_PORT": str(_free_port()),
        "N8N_GRACEFUL_SHUTDOWN_TIMEOUT": "5",
    }
    return kept | settings | dict.fromkeys(_QUIET, "false")


@contextmanager
def _process(environment: dict[str, str], log: Path) -> Generator[subprocess.Popen[bytes]]:
    """A session of its own, so that its task runner ends with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ("node", _PROGRAM, "start"),
            env=environment,
            stdout=output,
            stderr=output,
            cwd=log.parent,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if _members(process.pid):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _memory(group: int) -> float:
    """Resident set in MiB of n8n and its task runner."""
    pages = sum(int((path / "statm").read_text().split()[1]) for path in _members(group))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _members(group: int) -> list[Path]:
    """Where Linux tells about each process of a group."""
    found: list[Path] = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == group:
                found.append(path)
        except ProcessLookupError:
            continue
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


asyncio.run(main(arguments()))
