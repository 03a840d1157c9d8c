"""Watching an execution: every event once, in order, from whichever store has it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from watchbill.core.events import Event
from watchbill.core.json.parts import PART_BYTES
from watchbill.core.ports.live import LiveReader
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.history import History, unbroken

# Without a ring for this long the stores are asked, in case Redis lost the bell or the events.
LOOK_SECONDS = 5.0
# An execution that is over and still has a hole this many looks later lost a trace event in a crash.
_PATIENCE = 2
_BLOCK = 500
# Of the buffer, which knows no bytes.
_BUFFERED = 50


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is sent. Its values as objects may have twenty times the size of their text, and whoever
    watches may read slowly."""

    seq: int
    type: str
    text: str

    @classmethod
    def of(cls, event: Event) -> Told:
        """The event as JSON."""
        return cls(event.seq, event.type, event.model_dump_json())


async def watch(
    live: LiveReader,
    history: History,
    scope: TenantScope,
    execution_id: UUID,
    *,
    after: int,
    outputs: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[list[Told]]:
    """Yields events after `after` in blocks, and an empty block at least every LOOK_SECONDS; ends after the
    final one, and at once where that is known.

    Args:
        outputs: whether large outputs are wanted.
        clock: seconds that only rise.
    """
    cursor, look, stuck = after, True, 0
    quiet_since = clock()
    async with live.doorbell(scope, execution_id) as bell:
        while True:
            bell.clear()
            buffered = await live.read(scope, execution_id, after=cursor, limit=_BUFFERED)
            block = unbroken(buffered, cursor)
            more = len(block) >= _BUFFERED
            # The buffer begins later than what is wanted: it was trimmed or flushed.
            if not block and (look or buffered):
                block, more = await history.contiguous(scope, execution_id, after=cursor, limit=_BLOCK)
                if not block:
                    stuck += 1
                    # Nothing will ring for somebody who knows the end already.
                    if await history.ended(scope, execution_id, by=cursor):
                        return
                if stuck > _PATIENCE:
                    block, more = await _past_the_hole(history, scope, execution_id, cursor)
            look = False
            if block:
                stuck, cursor = 0, block[-1].seq
                last, lines = block[-1], await _lines(block, outputs=outputs)
                # Nothing but their text is held while it is sent.
                block, buffered = [], []
                async with aclosing(_whole(history, scope, lines)) as parts:
                    async for part in parts:
                        yield part
                if last.final and not await _reopened(history, scope, execution_id, cursor):
                    return
                look = more or last.final
                # Without another ring there is nothing new: to read once more would double the reading.
                quiet_since = clock()
                if look or bell.is_set():
                    continue
            # A bell may ring without news again and again: that is no reason not to look.
            if await _rings(bell, quiet_since + LOOK_SECONDS - clock()):
                continue
            look, quiet_since = True, clock()
            yield []


async def _lines(block: Sequence[Event], *, outputs: bool) -> list[Told | Event]:
    """Events as they are sent, but for those whose large outputs are still to be read, if they are wanted."""
    lines: list[Told | Event] = []
    size = 0
    for event in block:
        line = event if outputs and event.data.get("output_ref") else Told.of(event)
        lines.append(line)
        size += len(line.text) if isinstance(line, Told) else 0
        if size >= PART_BYTES:
            size = 0
            await asyncio.sleep(0)
    return lines


async def _whole(
    history: History, scope: TenantScope, lines: Sequence[Told | Event]
) -> AsyncGenerator[list[Told]]:
    """The events in some parts. One with a large output is read when it has a turn, which lasts until
    it is sent."""
    part: list[Told] = []
    for line in lines:
        if isinstance(line, Told):
            part.append(line)
            continue
        if part:
            yield part
            part = []
        async with history.turn_for_large(scope):
            yield [Told.of(event) for event in await history.whole(scope, [line])]
    if part:
        yield part


async def _rings(bell: asyncio.Event, seconds: float) -> bool:
    """Whether the bell rings within so many seconds."""
    if seconds > 0:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await bell.wait()
    return False


async def _reopened(history: History, scope: TenantScope, execution_id: UUID, cursor: int) -> bool:
    """Whether the execution went on after this end: somebody resumed it."""
    block, _ = await history.contiguous(scope, execution_id, after=cursor, limit=1)
    return bool(block)


async def _past_the_hole(
    history: History, scope: TenantScope, execution_id: UUID, cursor: int
) -> tuple[list[Event], bool]:
    """What is left of an execution that is over, and whether there may be more; nothing while it may still
    write what is missing."""
    rest, more, _ = await history.there(scope, execution_id, after=cursor, limit=_BLOCK)
    return (rest, more) if rest and (rest[-1].final or more) else ([], False)
