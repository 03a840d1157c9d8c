"""Waiting for a library that takes seconds to load, without leaving those who watch in the dark."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from watchbill.core.events import Log
from watchbill.core.ports.llm import Emit

Library = TypeVar("Library")

# A shorter wait needs no words.
_PATIENCE_SECONDS = 1.0


async def loaded(load: Callable[[], Library], emit: Emit) -> Library:
    """What `load` gives, called in a thread. When that takes longer than a second, log events tell why
    nothing happens, and when it goes on."""
    loading = asyncio.create_task(asyncio.to_thread(load))
    done, _ = await asyncio.wait((loading,), timeout=_PATIENCE_SECONDS)
    if done:
        return loading.result()
    emit(Log(message="The worker is still starting. This goes on in a few seconds."))
    library = await loading
    emit(Log(message="The worker has started."))
    return library
