"""Who owns what: names of worker processes that tell whether the process is still there."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from uuid import uuid4

import psutil
import structlog

from watchbill.core.ports.journal import Journal
from watchbill.kit.process.supervision import Alive, nobody

logger = structlog.get_logger(__name__)

_LOOK_SECONDS = 2.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PROCESS_IDS = Path("/proc/self/ns/pid")


def this_owner() -> str:
    """A name for this process: where it runs, its id there, when it began, and something random."""
    pid = os.getpid()
    return f"{_place()}:{pid}:{_began(pid)}:{uuid4().hex[:8]}"


def is_gone(owner: str) -> bool:
    """Whether that process is known to have ended. Nothing is known of other machines and containers, nor of
    this one before it was started anew: the lease decides there."""
    place, _, rest = owner.partition(":")
    pid, _, rest = rest.partition(":")
    began = rest.partition(":")[0]
    if place != _place() or not (pid.isdecimal() and began.removeprefix("t").isdecimal()):
        return False
    try:
        # A later process may have got the same id; one that nobody has waited for yet still has its own.
        return _is_another(began, _began(int(pid))) or (
            psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return True


def _began(pid: int) -> str:
    """When a process began: in ticks since the machine was started, or where the system does not tell, in
    seconds since 1970. Those change with the clock.

    Raises:
        psutil.NoSuchProcess: it is not there.
    """
    try:
        # A program's name may hold anything, so what follows it is found from the end.
        return "t" + Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return f"{psutil.Process(pid).create_time():.0f}"


def _is_another(one: str, other: str) -> bool:
    if one.startswith("t") != other.startswith("t"):
        return False
    return one != other if one.startswith("t") else abs(int(one) - int(other)) > 1


async def release_the_dead(journal: Journal, alive: Alive = nobody) -> None:
    """Give back at once what workers had that were killed here, now and from time to time. Their leases would
    run out too, but later."""
    while True:
        alive()
        try:
            for owner in await journal.owners():
                if is_gone(owner):
                    logger.warning("dead_worker", owner=owner, executions=await journal.abandon(owner))
        except OSError as error:
            logger.warning("owners_unknown", error=str(error))
        await asyncio.sleep(_LOOK_SECONDS)


def _place() -> str:
    """This machine since it was started, and the space that its process ids are in."""
    try:
        boot, space = _BOOT_ID.read_text()[:8], str(_PROCESS_IDS.stat().st_ino)
    except OSError:
        boot, space = f"{psutil.boot_time():.0f}", ""
    return f"{socket.gethostname()}/{boot}/{space}"
