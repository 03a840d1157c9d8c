"""What a child does: one job after the other, each within its limits, until its socket is closed."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from watchbill.adapters.compute import frames
from watchbill.core.computing_budget import OverBudget

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Talking:
    """A job that tells something while it works."""

    work: Callable[[Any, Tell], Any]


Jobs = Mapping[str, Callable[[Any], Any] | Talking]
_PR_SET_PDEATHSIG = 1
# A child that holds so much more than at its start makes room for a new one.
_GROWN_BYTES = 96 * 1024 * 1024
_PAGE = resource.getpagesize()


def serve(connection: socket.socket, jobs: Jobs, parent: int) -> None:
    """Do what is asked until nobody asks any more. `parent` is the process that made this one."""
    _die_with(parent)
    hello = orjson.loads(_received(connection))
    _limit_memory(hello["memory_bytes"])
    connection.sendall(b"".join(frames.packed(orjson.dumps({"pid": os.getpid()}))))
    before = _resident()
    while (request := frames.receive(connection)) is not None:
        # The kernel ends the process when it has used so much of a processor; nothing in it need take part.
        signal.setitimer(signal.ITIMER_PROF, hello["cpu_seconds"])
        kind, answer = _answer(request, jobs, hello["answer_bytes"], partial(_tell, connection))
        signal.setitimer(signal.ITIMER_PROF, 0)
        del request
        grown = _resident() - before > _GROWN_BYTES
        for part in frames.packed(*([frames.LAST] if grown else []), kind, answer):
            connection.sendall(part)
        if grown:
            return


def _received(connection: socket.socket) -> bytes:
    first = frames.receive(connection)
    if first is None:
        os._exit(0)
    return first


def _tell(connection: socket.socket, text: str) -> None:
    connection.sendall(b"".join(frames.packed(frames.TOLD, text.encode(errors="replace"))))


def _answer(request: bytes, jobs: Jobs, most: int, tell: Tell) -> tuple[bytes, bytes]:
    try:
        name, _, written = request.partition(b"\n")
        job, argument = jobs[name.decode()], orjson.loads(written)
        answer = orjson.dumps(job.work(argument, tell) if isinstance(job, Talking) else job(argument))
        return (frames.GIVEN, answer) if len(answer) <= most else (frames.LIMIT, b"answer")
    except OverBudget as error:
        return frames.LIMIT, error.what.encode()
    except MemoryError:
        return frames.LIMIT, b"memory"
    except Exception:  # noqa: BLE001  # the parent tells the log
        return frames.BUG, traceback.format_exc(limit=-20)[-8_000:].encode(errors="replace")


def _die_with(parent: int) -> None:
    """End when the process that made this one does, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)
        # Where the machine runs out of memory, this goes first.
        Path("/proc/self/oom_score_adj").write_text("1000")


def _limit_memory(more: int) -> None:
    """Let the process have so many bytes more than now. Elsewhere than on Linux nothing tells what it has."""
    if sys.platform == "linux":
        most = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE + more
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _resident() -> int:
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
