"""The guard: a tiny process that stops everything else once the supervisor is gone, even by kill -9.

It reads from its standard input, one JSON object a line, which processes there are. The end of the input
means that the supervisor stops or has died; then the guard ends the processes, last stage first, and itself.
Until then it keeps the data directory's lock, so that a new start waits for the clearing up.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

import psutil

# Longer than the worker's own grace for executions in flight.
_PATIENCE_SECONDS = 12.0


@dataclass(slots=True)
class Ward:
    """A process to stop, the stage in which it goes, and whether it leads a group that goes with it."""

    process: psutil.Process
    stage: int
    signal: int
    group: bool

    def send(self, number: int) -> None:
        """Signal it, unless it has ended or its pid belongs to somebody else by now."""
        try:
            if not self.alive:
                return
            if self.group:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        except (psutil.NoSuchProcess, ProcessLookupError):
            return

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie only waits for its parent."""
        try:
            return self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def main() -> None:
    """Watch until standard input ends, then stop everything. SIGINT means: do not wait."""
    hurried: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: hurried.append(number))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wards: dict[int, Ward] = {}
    for line in sys.stdin:
        _note(json.loads(line), wards)
    for stage in sorted({ward.stage for ward in wards.values()}, reverse=True):
        _stop([ward for ward in wards.values() if ward.stage == stage], hurried)


def _note(said: dict[str, Any], wards: dict[int, Ward]) -> None:
    pid = said["pid"]
    if said.get("ended"):
        wards.pop(pid, None)
        return
    try:
        wards[pid] = Ward(psutil.Process(pid), said["stage"], said["signal"], said["group"])
    except psutil.NoSuchProcess:
        return


def _stop(wards: list[Ward], hurried: list[int]) -> None:
    for ward in wards:
        ward.send(ward.signal)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while any(ward.alive for ward in wards) and time.monotonic() < deadline and not hurried:
        time.sleep(0.02)
    for ward in wards:
        ward.send(signal.SIGKILL)
    while any(ward.alive for ward in wards):
        time.sleep(0.02)


if __name__ == "__main__":
    main()
