"""As root, PostgreSQL gets to its files without anybody's folder being opened to others."""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchbill.embedded import servers
from watchbill.embedded.folder import DataFolder
from watchbill.embedded.reachable import Unreachable, closed_to, data_folder, programs_folder
from watchbill.embedded.servers import ServerFailed, start_postgres, stop

NOBODY = pwd.getpwnam("nobody")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can go through; pytest's own are closed."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def closed(place: Path) -> Path:
    """A folder that nobody but root can go through."""
    (place / "closed").mkdir(mode=0o700)
    return place / "closed"


def test_a_folder_that_can_be_reached_stays_where_it_is(place: Path):
    made = data_folder(place / "data" / "postgres", NOBODY, place / "home")
    assert made == place / "data" / "postgres" and not (place / "home").exists()
    assert (mode(made), made.stat().st_uid) == (0o700, NOBODY.pw_uid)


def test_a_folder_that_cannot_be_reached_is_a_link(place: Path, closed: Path):
    made = data_folder(closed / "postgres", NOBODY, place / "home")
    assert made.parent == place / "home" and closed_to(NOBODY, made) is None
    assert (closed / "postgres").resolve() == made and mode(closed) == 0o700
    assert (mode(made), made.stat().st_uid) == (0o700, NOBODY.pw_uid)
    assert data_folder(closed / "postgres", NOBODY, place / "home") == made, "the next time it is found again"


def test_a_deleted_folder_starts_empty_again(place: Path, closed: Path):
    made = data_folder(closed / "postgres", NOBODY, place / "home")
    for content in ("first", "second"):
        (made / content).touch()
        (closed / "postgres").unlink()
        assert data_folder(closed / "postgres", NOBODY, place / "home") == made
        assert not list(made.iterdir()), "deleting the data directory is a clean reset"
        old = made.with_suffix(".old")
        assert [path.name for path in old.iterdir()] == [content]
        assert sorted((place / "home").iterdir()) == [made, old], "nothing piles up"


def test_a_database_that_is_gone_is_not_made_anew(place: Path, closed: Path):
    made = data_folder(closed / "postgres", NOBODY, place / "home")
    made.rmdir()
    with pytest.raises(Unreachable, match=f"is a link to {made}, which is gone"):
        data_folder(closed / "postgres", NOBODY, place / "home")
    assert not made.exists()


def test_the_data_directory_lets_others_through_only_under_root(place: Path):
    folder = DataFolder(place / "new" / "data")
    os.close(folder.lock())
    folder.secrets()
    assert mode(folder.path) == (0o711 if os.geteuid() == 0 else 0o700)
    assert {mode(path) & 0o077 for path in folder.path.iterdir()} == {0}
    kept = DataFolder(place / "kept")
    kept.path.mkdir(mode=0o700)
    os.close(kept.lock())
    assert mode(kept.path) == 0o700, "what somebody else made stays as it is"


def test_what_cannot_be_reached_is_refused(place: Path, closed: Path):
    (closed / "postgres").mkdir()
    (closed / "postgres" / "PG_VERSION").touch()
    with pytest.raises(Unreachable, match=f"{closed} is closed to others"):
        data_folder(closed / "postgres", NOBODY, place / "home")
    with pytest.raises(Unreachable, match="--data-dir"):
        data_folder(closed / "other", NOBODY, closed / "home")
    assert mode(closed) == 0o700


def test_programs_that_cannot_be_reached_are_copied_once(place: Path, closed: Path):
    (closed / "install" / "bin").mkdir(parents=True)
    (closed / "install" / "lib").mkdir()
    (closed / "install" / "bin" / "postgres").touch(mode=0o755)
    copy = programs_folder(closed / "install" / "bin", NOBODY, place / "home")
    assert (copy / "postgres").exists() and (copy.parent / "lib").exists()
    assert closed_to(NOBODY, copy / "postgres") is None and mode(closed) == 0o700
    assert programs_folder(closed / "install" / "bin", NOBODY, place / "home") == copy
    assert programs_folder(copy, NOBODY, place / "home") == copy


def test_postgresql_runs_on_a_folder_in_a_closed_one(
    place: Path, closed: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        servers, "data_folder", lambda folder, user: data_folder(folder, user, place / "home")
    )
    server = start_postgres(closed / "data" / "postgres", durable=False)
    try:
        assert server.running and mode(closed) == 0o700
        assert start_postgres(closed / "data" / "postgres", durable=False) == server
    finally:
        stop(server)
    (closed / "other").mkdir()
    (closed / "other" / "kept").touch()
    with pytest.raises(ServerFailed, match="is closed to others"):
        start_postgres(closed / "other", durable=False)
