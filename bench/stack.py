"""A Watchbill to measure: servers in a temporary folder, and API, worker and LLM server as processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from watchbill.embedded.servers import start_postgres, start_valkey, stop
from watchbill.kit.process.free_port import free_port

_ROOT = Path(__file__).parents[1]
_READY_SECONDS = 90


class ProcessFailed(RuntimeError):
    """A process of the stack ended or did not become ready; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the running parts are found; `folder` has their logs."""

    api_url: str
    llm_url: str
    slow_url: str
    api_pid: int
    worker_pid: int
    folder: Path
    environment: Mapping[str, str]


@contextmanager
def running(**settings: str) -> Iterator[Stack]:
    """Start everything with empty data, and these settings of API and worker beside what measuring needs; end
    every process of it at the end of the block."""
    with ExitStack() as ending:
        folder = Path(tempfile.mkdtemp(prefix="watchbill-bench-"))
        ending.callback(shutil.rmtree, folder)
        folder.chmod(0o711)  # PostgreSQL runs as another user when this runs as root
        postgres = start_postgres(folder / "postgres")
        ending.callback(stop, postgres)
        valkey = start_valkey(folder / "valkey")
        ending.callback(stop, valkey)
        llm_port = free_port()
        slow_port = free_port()
        api_port = free_port()
        environment = _environment(folder, postgres.url, valkey.url) | settings
        command = [sys.executable, "-m", "watchbill.cli"]
        subprocess.run([*command, "migrate"], env=environment, check=True, capture_output=True)

        def start(name: str, *words: str) -> subprocess.Popen[bytes]:
            return ending.enter_context(_process(words, environment, folder / f"{name}.log"))

        llm = ("watchbill.testing.llm_server", "--port", str(llm_port), "--first-token-ms", "0")
        start("llm", sys.executable, "-m", *llm, "--token-ms", "0")
        slow = start("slow", sys.executable, "-m", "bench.slow", "--port", str(slow_port))
        slow_url = f"http://127.0.0.1:{slow_port}"
        api = start("api", *command, "api", "--port", str(api_port))
        worker = start("worker", *command, "worker")
        api_url = f"http://127.0.0.1:{api_port}"
        _wait(lambda: _answers(f"{api_url}/health/ready"), api, folder / "api.log")
        _wait(lambda: "worker_ready" in (folder / "worker.log").read_text(), worker, folder / "worker.log")
        _wait(lambda: _answers(slow_url), slow, folder / "slow.log")
        llm_url = f"http://127.0.0.1:{llm_port}"
        yield Stack(api_url, llm_url, f"{slow_url}/wait", api.pid, worker.pid, folder, environment)


@contextmanager
def extra_api(stack: Stack, environment: Mapping[str, str]) -> Iterator[str]:
    """One more API process beside the stack's, with settings of its own; gives its URL."""
    port = free_port()
    log = stack.folder / f"api-{port}.log"
    command = (sys.executable, "-m", "watchbill.cli", "api", "--port", str(port))
    with _process(command, environment, log) as process:
        url = f"http://127.0.0.1:{port}"
        _wait(lambda: _answers(f"{url}/health/ready"), process, log)
        yield url


@contextmanager
def another_worker(stack: Stack) -> Iterator[int]:
    """One more worker process, from when it is ready; gives its process id."""
    log = stack.folder / f"worker-{time.monotonic_ns()}.log"
    with _process((sys.executable, "-m", "watchbill.cli", "worker"), stack.environment, log) as process:
        _wait(lambda: "worker_ready" in log.read_text(), process, log)
        yield process.pid


def _environment(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """The caller's environment, with no setting of Watchbill but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
    return kept | {
        "WATCHBILL_DATABASE_URL": database_url,
        "WATCHBILL_REDIS_URL": redis_url,
        "WATCHBILL_DATA_DIR": str(folder / "data"),
        "WATCHBILL_RATE_LIMIT_USER": "0",
        "WATCHBILL_RATE_LIMIT_TENANT": "0",
        "WATCHBILL_RATE_LIMIT_AUTH": "0",
        # One person asks for what a thousand would.
        "WATCHBILL_WAITING_LIMIT_USER": "1000",
        "WATCHBILL_WAITING_LIMIT_TENANT": "1000",
        "WATCHBILL_STREAM_LIMIT_USER": "1000",
        "WATCHBILL_STREAM_LIMIT_TENANT": "1000",
        "WATCHBILL_LOG_FORMAT": "json",
        # The servers that flows call run here.
        "WATCHBILL_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
        # This checkout's, wherever the one is that is installed.
        "PYTHONPATH": os.pathsep.join((str(_ROOT), str(_ROOT / "backend" / "src"))),
    }


@contextmanager
def _process(
    command: tuple[str, ...], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=log.parent)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ProcessFailed(f"{log.stem} did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False
