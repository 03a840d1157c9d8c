"""Names of workers: what is known of a process that is there, was killed, or runs elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys

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
    assert is_gone(f"{place}:{pid}:{int(began) - 100}:{rest}")


@pytest.mark.parametrize("owner", ["", "worker", "elsewhere/0/1:1:2:ab", f"{os.uname().nodename}:1:ab"])
def test_nothing_is_known_of_others(owner: str) -> None:
    assert not is_gone(owner)


def test_nothing_is_made_up_about_a_broken_name() -> None:
    place = this_owner().partition(":")[0]
    assert not is_gone(f"{place}:x:1:ab")
    assert not is_gone(f"{place}:1")
