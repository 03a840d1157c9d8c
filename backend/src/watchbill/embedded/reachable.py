"""Places that the user who runs PostgreSQL can get to. Started as root, Watchbill opens no folder to others
that it did not make: what cannot be reached where it is goes below /var/lib/watchbill."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from hashlib import sha256
from pathlib import Path

HOME = Path("/var/lib/watchbill")


class Unreachable(RuntimeError):
    """A folder cannot be reached by the user who needs it. The message names it and says what to do."""


def closed_to(user: pwd.struct_passwd, path: Path) -> Path | None:
    """The first folder on the way to a path that the user cannot go through, if there is one."""
    for folder in reversed(path.parents):
        found = folder.stat()
        needed = stat.S_IXOTH
        if found.st_uid == user.pw_uid:
            needed = stat.S_IXUSR
        elif found.st_gid == user.pw_gid:
            needed = stat.S_IXGRP
        if not found.st_mode & needed:
            return folder
    return None


def data_folder(folder: Path, user: pwd.struct_passwd, home: Path = HOME) -> Path:
    """The folder, made, private to the user, and where they can reach it: itself, or one below `home` to
    which it is a link from then on. One that an earlier folder of that name left there, when somebody deleted
    the link, is not used again but put aside, with `.old` after its name; there is one of these at most.

    Raises:
        Unreachable: it has files already, what it is a link to is gone, or `home` cannot be reached either.
    """
    real = folder.resolve()
    if folder.is_symlink() and not real.exists():
        raise Unreachable(
            f"{folder} is a link to {real}, which is gone. Restore it from a backup; or, to start over,"
            f" delete the data directory {folder.parent}."
        )
    real.parent.mkdir(parents=True, exist_ok=True)
    if closed := closed_to(user, real):
        if real.exists() and any(real.iterdir()):
            raise Unreachable(_advice(user, closed, real))
        target = _below(home, user) / f"postgres-{_digest(real)}"
        _put_aside(target)
        target.mkdir(mode=0o700)
        if real.exists():
            real.rmdir()
        real.symlink_to(target)
        real = target
    real.mkdir(exist_ok=True, mode=0o700)
    os.chown(real, user.pw_uid, user.pw_gid)
    return real


def programs_folder(programs: Path, user: pwd.struct_passwd, home: Path = HOME) -> Path:
    """The folder of programs, or a copy of it with what stands beside it, which the user can reach.

    Raises:
        Unreachable: `home` cannot be reached either.
    """
    programs = programs.resolve()
    if closed_to(user, programs / "any") is None:
        return programs
    home = _below(home, user)
    stamp = f"{programs} {(programs / 'postgres').stat().st_mtime_ns}"
    copy = home / f"programs-{sha256(stamp.encode()).hexdigest()[:16]}"
    if not copy.exists():
        # Whole or not at all: somebody else may start at this moment.
        with tempfile.TemporaryDirectory(dir=home, prefix="copying-") as folder:
            made = Path(folder) / "all"
            shutil.copytree(programs.parent, made)
            made.chmod(0o755)
            try:
                made.rename(copy)
            except OSError:
                if not copy.exists():
                    raise
    return copy / programs.name


def _below(home: Path, user: pwd.struct_passwd) -> Path:
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o711)
    if closed := closed_to(user, home / "any"):
        raise Unreachable(_advice(user, closed, home))
    return home


def _put_aside(left: Path) -> None:
    old = left.with_suffix(".old")
    if left.exists():
        if old.exists():
            shutil.rmtree(old)
        left.rename(old)


def _digest(path: Path) -> str:
    return sha256(str(path).encode()).hexdigest()[:16]


def _advice(user: pwd.struct_passwd, closed: Path, wanted: Path) -> str:
    return (
        f"PostgreSQL does not run as root but as {user.pw_name}, who cannot get to {wanted}:"
        f" {closed} is closed to others."
        " Choose a data directory elsewhere (--data-dir), or start Watchbill as another user."
    )
