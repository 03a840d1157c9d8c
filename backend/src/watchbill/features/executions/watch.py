"""Watching an execution: every event once, in order, from whichever store has it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from uuid import UUID

from watchbill.core.events import Event
from watchbill.core.ports.live import LiveReader
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.history import Block, History, unbroken

# Without a ring for this long the stores are asked, in case Redis lost the bell or the events.
LOOK_SECONDS = 5.0
# An execution that is over and still has a hole this many looks later lost a trace event in a crash.
_PATIENCE = 2
_BLOCK = 500


async def watch(
    live: LiveReader, history: History, scope: TenantScope, execution_id: UUID, *, after: int
) -> AsyncGenerator[list[Event]]:
    """Yields events after `after` in blocks, and an empty block at least every LOOK_SECONDS; ends after the
    final one, and at once where that is known."""
    cursor, look, stuck = after, True, 0
    async with live.doorbell(scope, execution_id) as bell:
        while True:
            bell.clear()
            buffered = await live.read(scope, execution_id, after=cursor, limit=_BLOCK)
            block = await history.some(scope, unbroken(buffered, cursor))
            # The buffer begins later than what is wanted: it was trimmed or flushed.
            if not block.events and (look or buffered):
                block = await history.contiguous(scope, execution_id, after=cursor, limit=_BLOCK)
                if not block.events:
                    stuck += 1
                    # Nothing will ring for somebody who knows the end already.
                    if await history.ended(scope, execution_id, by=cursor):
                        return
                if stuck > _PATIENCE:
                    block = await _past_the_hole(history, scope, execution_id, cursor)
            look = False
            if block.events:
                last = block.events[-1]
                stuck, cursor = 0, last.seq
                yield block.events
                if last.final and not await _reopened(history, scope, execution_id, cursor):
                    return
                look = block.more or len(buffered) == _BLOCK or last.final
                # Without another ring there is nothing new: to read once more would double the reading.
                if look or bell.is_set():
                    continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await bell.wait()
                    continue
            look = True
            yield []


async def _reopened(history: History, scope: TenantScope, execution_id: UUID, cursor: int) -> bool:
    """Whether the execution went on after this end: somebody resumed it."""
    return bool((await history.contiguous(scope, execution_id, after=cursor, limit=1)).events)


async def _past_the_hole(history: History, scope: TenantScope, execution_id: UUID, cursor: int) -> Block:
    """What is left of an execution that is over; nothing while it may still write what is missing."""
    rest = await history.there(scope, execution_id, after=cursor, limit=_BLOCK)
    over = rest.events and (rest.events[-1].final or rest.more)
    return rest if over else Block([], more=False)
