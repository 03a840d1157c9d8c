"""A real `watchbill up` in a process of its own, on a data directory and a port of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from watchbill.embedded.folder import DataFolder

# `make chaos` sets it: more of everything that a test in CI has only a little of.
LONG = os.environ.get("LONG_TESTS") == "1"
# Guards against a hang, below the time-out of a test.
START_SECONDS = 250
STOP_SECONDS = 150


def until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Wait for a condition that another process brings about.

    Raises:
        AssertionError: it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def clean_environment(**extra: str) -> dict[str, str]:
    """Our environment without settings of Watchbill."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
    return kept | extra


@contextmanager
def new_folder() -> Iterator[Path]:
    """An empty folder that the user whom PostgreSQL runs as under root can go through: in one that is closed,
    programs and data would go below /var/lib/watchbill and stay there."""
    with tempfile.TemporaryDirectory(prefix="watchbill-up-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def command(
    arguments: Sequence[str],
    folder: Path,
    *,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `watchbill` with these arguments to its end, in `folder`."""
    return subprocess.run(
        [python, "-m", "watchbill.cli", *arguments],
        cwd=folder,
        env=dict(environment or clean_environment()),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


class Running:
    """One `watchbill up`; the data directory is `<folder>/data`."""

    def __init__(
        self, folder: Path, *, python: str = sys.executable, environment: Mapping[str, str] | None = None
    ):
        self.folder = folder
        self.data = DataFolder(folder / "data")
        self.output = folder / "output"
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [python, "-m", "watchbill.cli", "up", "--port", "0", "--data-dir", str(self.data.path)],
                cwd=folder,
                env=dict(environment or clean_environment()),
                stdout=output,
                stderr=output,
            )
        until(self._started, START_SECONDS, "the start of watchbill up")
        assert self.process.poll() is None, self.said

    @property
    def url(self) -> str:
        """Where it listens."""
        holder = self.data.holder()
        assert holder is not None and holder.url is not None
        return holder.url

    @property
    def said(self) -> str:
        """Everything it printed."""
        return self.output.read_text()

    def processes(self) -> list[psutil.Process]:
        """It and everything it started."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def child(self, words: str) -> psutil.Process:
        """The one direct child whose command line contains the words."""
        (found,) = (
            process
            for process in psutil.Process(self.process.pid).children()
            if words in " ".join(process.cmdline())
        )
        return found

    def ready(self) -> bool:
        """Whether it says that it can work."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the signal to the supervisor alone and wait until every process is gone; its exit code."""
        everyone = self.processes()
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        until(lambda: not [one for one in everyone if alive(one)], STOP_SECONDS, "the end of every process")
        return code

    def _started(self) -> bool:
        holder = self.data.holder()
        ours = holder is not None and holder.pid == self.process.pid and holder.url is not None
        return ours or self.process.poll() is not None


def alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie has ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running(
    folder: Path, *, python: str = sys.executable, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A `watchbill up` that has ended, one way or the other, when the block ends."""
    stack = Running(folder, python=python, environment=environment)
    try:
        yield stack
    finally:
        if stack.process.poll() is None:
            stack.end()
