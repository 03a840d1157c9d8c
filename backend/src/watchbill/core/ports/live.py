"""Live events: a bounded buffer per execution with a doorbell, for watchers on any replica."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from watchbill.core.events import Event
from watchbill.core.ports.journal import Outcome
from watchbill.core.tenancy import TenantScope


@dataclass(slots=True)
class Ending:
    """What somebody who waits for the end of an execution hears: `heard` is set when it may have ended, and
    `outcome` is how, if that was told as well."""

    heard: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: Outcome | None = None


class LiveEvents(Protocol):
    """The writer's side. Losing it loses no event: watchers refill from the stores."""

    async def publish(
        self, scope: TenantScope, events: Sequence[Event], outcomes: Mapping[UUID, Outcome] | None = None
    ) -> None:
        """Make events visible to watchers soon; nobody waits for that here. They are durable already, and may
        be of several executions; those of each one are in order. `outcomes` tells how those ended whose last
        event is among them."""
        ...


class LiveReader(Protocol):
    """The watcher's side."""

    async def read(self, scope: TenantScope, execution_id: UUID, *, after: int, limit: int) -> list[Event]:
        """Buffered events with seq > after, in order: `limit` of them, or all where there are fewer, and
        perhaps what was published together with the last. The first may be later than after + 1: a gap means
        that the buffer no longer holds them and the stores must be asked."""
        ...

    def doorbell(self, scope: TenantScope, execution_id: UUID) -> AbstractAsyncContextManager[asyncio.Event]:
        """An event that is set at the start and whenever new events may be there; clear it, then read."""
        ...

    def ending(self, scope: TenantScope, execution_id: UUID) -> AbstractAsyncContextManager[Ending]:
        """Hears when the execution may have ended since the block was entered. The word of it may be lost:
        look at the row from time to time."""
        ...
