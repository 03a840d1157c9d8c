"""A server of MongoDB's protocol for a test process: in a process of its own, on a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.e2e.running import until
from watchbill.kit.process.free_port import free_port

_PROGRAM = Path(__file__).parents[2] / ".venv-mongodb/bin/secantusd-py"
_PREFIX = "watchbill-mongodb-"
# Guards against a hang.
_START_SECONDS = 200
_STOP_SECONDS = 200


class MongoServer:
    """The server on a folder; it can be stopped and started again there."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "", milliseconds: int = 60_000) -> str:
        """Where it is. It is waited for long: on a busy machine dropping a collection takes its time."""
        options = f"{'&' if '?' in database else '?'}timeoutMS={milliseconds}"
        return f"mongodb://127.0.0.1:{self.port}/{database}{options}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        options = ("--host", "127.0.0.1", "--port", str(self.port), "--sync-on-commit")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(_PROGRAM), *options, "--storage-path", str(self._folder / "data")],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self._folder / "pid").write_text(str(self._process.pid))
        until(self._begun, _START_SECONDS, f"MongoDB on port {self.port}")

    def stop(self) -> None:
        """End it and wait until it is gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_STOP_SECONDS)
            self._process = None

    def _begun(self) -> bool:
        ended = self._process is None or self._process.poll() is not None
        assert not ended, (self._folder / "log").read_text()
        return self._listens()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def mongo_server() -> Iterator[MongoServer]:
    """A server, gone with everything in it at the end of the block."""
    _sweep()
    assert _PROGRAM.exists(), "The MongoDB server of the tests is not installed: run make dev."
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    server = MongoServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _sweep() -> None:
    """Stop the servers of test processes that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if psutil.pid_exists(int(folder.name.removeprefix(_PREFIX).partition("-")[0])):
            continue
        try:
            process = psutil.Process(int((folder / "pid").read_text()))
            if str(folder) in " ".join(process.cmdline()):
                process.kill()
        except (OSError, psutil.NoSuchProcess):
            pass
        shutil.rmtree(folder, ignore_errors=True)
