"""PgBouncer in transaction mode, as a process in front of a PostgreSQL, for tests and benchmarks."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from watchbill.kit.process.free_port import free_port

_READY_SECONDS = 15


class PgBouncerMissing(RuntimeError):
    """The program `pgbouncer` is not installed (on Debian and Ubuntu: apt-get install pgbouncer)."""


@contextmanager
def pgbouncer(database_url: str, *, pool_size: int = 5) -> Generator[str]:
    """Start a pooler before the PostgreSQL that listens on a socket folder; gives its URL, and ends it.

    Args:
        database_url: `postgresql://user@/name?host=/folder`, as the embedded servers have it.
        pool_size: how many connections all clients share.

    Raises:
        PgBouncerMissing: the program is not there.
        RuntimeError: it did not start; the message is its log.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise PgBouncerMissing(PgBouncerMissing.__doc__)
    url = make_url(database_url)
    sockets, port = Path(str(url.query["host"])), free_port()
    # As root it refuses to run, and only the server's own user can reach the socket.
    owner = pwd.getpwuid(sockets.stat().st_uid).pw_name if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="watchbill-pgbouncer-"))
    config = folder / "pgbouncer.ini"
    config.write_text(_config(sockets, url.username or "", port, pool_size))
    config.chmod(0o644)
    folder.chmod(0o755)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, str(config)], stdout=log, stderr=log, user=owner)  # noqa: S603
    try:
        _wait(process, port, folder / "log")
        yield f"postgresql://{url.username}@127.0.0.1:{port}/{url.database}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def _config(sockets: Path, user: str, port: int, pool_size: int) -> str:
    return (
        f"[databases]\n* = host={sockets} user={user}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {pool_size}\nmax_client_conn = 500\n"
    )


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PgBouncer did not start.\n{log.read_text()}")
        time.sleep(0.02)
