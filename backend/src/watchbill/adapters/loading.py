"""Loading libraries that take seconds: one after another, and without leaving those who watch in the dark."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from watchbill.core.events import Log
from watchbill.core.ports.llm import Emit

Library = TypeVar("Library")

# Held by whoever imports a library whose modules import each other in circles. Two threads that import those
# of one package would wait for each other for ever; Python hands one of them a half-imported module
# instead, and its import fails. What is switched for the time of an import, such as filters of warnings, is
# also the whole process's.
ONE_AT_A_TIME = threading.Lock()

# A shorter wait needs no words.
_PATIENCE_SECONDS = 1.0


async def loaded(load: Callable[[], Library], emit: Emit) -> Library:
    """What `load` gives, called in a thread. When that takes longer than a second, log events tell why
    nothing happens, and when it goes on."""
    loading = asyncio.create_task(asyncio.to_thread(load))
    done, _ = await asyncio.wait((loading,), timeout=_PATIENCE_SECONDS)
    if done:
        return loading.result()
    emit(Log(message="The worker is still starting. The execution continues in a few seconds."))
    library = await loading
    emit(Log(message="The worker has started."))
    return library
