"""The data directory: where everything lives, the lock that keeps a second start out, and the secrets."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from watchbill.embedded.errors import AlreadyRunning, CannotStart
from watchbill.kit.secrets.crypto import new_key

# How long the guard of a supervisor that was killed may take to stop what it left behind.
_CLEARING_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs on a data directory: its process, and its URL once it listens."""

    pid: int
    url: str | None


class DataFolder:
    """A data directory. Nothing is made before `lock` is called."""

    def __init__(self, path: Path):
        self.path = path.expanduser().resolve()
        self.postgres = self.path / "postgres"
        self.valkey = self.path / "valkey"
        self.logs = self.path / "logs"
        self._lock = self.path / "lock"
        self._secrets = self.path / "secrets.json"

    def lock(self) -> int:
        """Make the folder and take its lock; returns the file descriptor that holds it.

        The lock lives as long as any process has the descriptor open, so a crash cannot leave it behind.

        Raises:
            AlreadyRunning: a Watchbill runs here.
            CannotStart: the folder cannot be made or written.
        """
        try:
            self._make()
            self.logs.mkdir(exist_ok=True, mode=0o700)
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        deadline = time.monotonic() + _CLEARING_SECONDS
        while not _try_lock(descriptor):
            holder = self.holder()
            if (holder is not None and psutil.pid_exists(holder.pid)) or time.monotonic() > deadline:
                os.close(descriptor)
                raise self._taken(holder)
            time.sleep(0.05)
        self.announce(descriptor, None)
        return descriptor

    def announce(self, descriptor: int, url: str | None) -> None:
        """Write into the lock who runs here, and where."""
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)

    def holder(self) -> Holder | None:
        """Who holds the lock, or held it last; None when nobody ever did."""
        try:
            said = json.loads(self._lock.read_text())
            return Holder(int(said["pid"]), said["url"])
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def secrets(self) -> tuple[dict[str, str], bool]:
        """The secrets kept here, and whether they were made just now: the first start.

        Raises:
            CannotStart: they cannot be read or written.
        """
        try:
            if self._secrets.exists():
                kept: dict[str, Any] = json.loads(self._secrets.read_text())
                return {**_new_secrets(), **kept}, False
            made = _new_secrets()
            self._write_secrets(made)
        except OSError as error:
            raise self._unusable(error) from error
        except ValueError as error:
            raise CannotStart(f"{self._secrets} is damaged; restore it from a backup.") from error
        return made, True

    def secrets_changed_at(self) -> float:
        """When the secrets were written last, in seconds since 1970."""
        return self._secrets.stat().st_mtime

    def add_encryption_key(self) -> str:
        """Put a new key in front of those that seal secrets; returns its id. It takes effect with the next
        start.

        Raises:
            CannotStart: the secrets cannot be read or written.
        """
        kept, _ = self.secrets()
        taken = [entry.partition(":")[0] for entry in kept["encryption_keys"].split(",")]
        made = new_key(taken)
        try:
            self._write_secrets({**kept, "encryption_keys": f"{made},{kept['encryption_keys']}"})
        except OSError as error:
            raise self._unusable(error) from error
        return made.partition(":")[0]

    def _make(self) -> None:
        """Make the folder, for its owner alone; under root others may go through, since PostgreSQL runs as
        another user there. What is in it is private by itself."""
        if not self.path.exists():
            self.path.mkdir(parents=True)
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def _write_secrets(self, content: dict[str, str]) -> None:
        # Written aside and renamed, so that a crash leaves either the old secrets or all of the new ones.
        fresh = self._secrets.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self._secrets)

    def _unusable(self, error: OSError) -> CannotStart:
        reason = (error.strerror or str(error)).lower()
        return CannotStart(
            f"The data directory {self.path} cannot be used ({reason});"
            " choose another with --data-dir or WATCHBILL_DATA_DIR."
        )

    def _taken(self, holder: Holder | None) -> AlreadyRunning:
        pid = holder.pid if holder else 0
        place = f" at {holder.url}" if holder and holder.url else ""
        return AlreadyRunning(
            f"Watchbill is already running on {self.path}{place} (process {pid});"
            " stop it first, or choose another directory with --data-dir.",
            pid=pid,
            url=holder.url if holder else None,
        )


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _new_secrets() -> dict[str, str]:
    return {
        "jwt_secret": secrets.token_hex(32),
        "encryption_keys": new_key(),
        "command_line_password": secrets.token_urlsafe(24),
    }
