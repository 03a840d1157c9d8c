"""Replaces an API or a worker that runs but cannot do its work: it says so, or says nothing any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from socket import socket

from watchbill.embedded.child import Child, Tell
from watchbill.embedded.listening import answers

_LOOK_SECONDS = 5.0
# So long a process may be silent or say that it is not well; on a busy machine an answer takes its time. One
# that has just been started may take as long to begin.
PATIENCE_SECONDS = 60.0


async def replace_the_stuck(
    children: Mapping[str, tuple[Child, socket]],
    tell: Tell,
    *,
    patience: float = PATIENCE_SECONDS,
    look: float = _LOOK_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Ask each child's /health/live on its socket from time to time, and kill one that has been unhealthy for
    so many seconds: whoever keeps it running starts it again. Runs until cancelled."""
    well_at = dict.fromkeys(children, clock())
    while True:
        await asyncio.sleep(look)
        for name, (child, listener) in children.items():
            asked_at = clock()
            if await answers(listener, "/health/live"):
                well_at[name] = clock()
                continue
            # A process that is new has had no time yet.
            since = max(well_at[name], child.started_at)
            if child.running and asked_at - since > patience:
                tell(
                    f"The {child.name} has been unhealthy for {asked_at - since:.0f} s; it is replaced."
                    f" Log: {child.log.path}"
                )
                child.kill()
                well_at[name] = clock()
