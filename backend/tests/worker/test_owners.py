"""Names of workers: what is known of a process that is there, was killed, or runs elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from watchbill.worker.owners import is_gone, this_owner


def test_this_process_is_not_gone() -> None:
    assert not is_gone(this_owner())
    assert this_owner() != this_owner()


def test_a_killed_process_is_gone_though_nobody_waited_for_it() -> None:
    code = "from watchbill.worker.owners import this_owner; print(this_owner(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        owner = process.stdout.readline().strip()
        assert not is_gone(owner)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(owner)
    assert is_gone(owner)


def test_a_later_process_with_the_same_id_is_another_one() -> None:
    place, pid, began, rest = this_owner().split(":")
    assert began.startswith("t")
    assert is_gone(f"{place}:{pid}:t{int(began[1:]) - 1}:{rest}")


def test_a_clock_that_is_set_ends_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time at which the machine was started moves with the clock. Whoever went by it took the executions
    of every worker away from it, again and again."""
    owner = this_owner()
    lines = Path("/proc/stat").read_text().splitlines()
    later = [f"btime {int(line.split()[1]) + 3600}" if line.startswith("btime") else line for line in lines]
    (tmp_path / "stat").write_text("\n".join(later))
    (tmp_path / str(os.getpid())).symlink_to(f"/proc/{os.getpid()}")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    assert not is_gone(owner)


@pytest.mark.parametrize("owner", ["", "worker", "elsewhere/0/1:1:2:ab", f"{os.uname().nodename}:1:ab"])
def test_nothing_is_known_of_others(owner: str) -> None:
    assert not is_gone(owner)


def test_nothing_is_made_up_about_a_broken_name() -> None:
    place = this_owner().partition(":")[0]
    assert not is_gone(f"{place}:x:1:ab")
    assert not is_gone(f"{place}:1")
