"""What a kind of due work says about itself: its handler, and how much of it is done at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from watchbill.kit.database.transactions import Work


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is due. `key` names it among those of its kind and tenant. Of what is leased, `due_at`
    is the end of the lease. `attempts` counts those before this one that led to nothing."""

    kind: str
    tenant_id: UUID
    key: str
    due_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Work that is done within the transaction that takes it, and awaits nothing outside: it happens once, or
    not at all when its worker dies.

    Args:
        handle: does it, and returns when it is due again; None for never.
        at_once: so many at a time in one worker, and one of a tenant.
        most: so many are picked at a time, of which `each` at most of one tenant.
        also_suspended: tenants that are suspended are served too.
        probe: reads something of the tenant; where it succeeds, what failed may be the trouble of one row.
    """

    name: str
    handle: Callable[[Work, Due], Awaitable[datetime | None]]
    at_once: int = 4
    most: int = 100
    each: int = 25
    also_suspended: bool = False
    probe: Callable[[Work, UUID], Awaitable[None]] | None = None

    @property
    def lease(self) -> timedelta | None:
        """For how long it is taken: until the transaction ends."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """Work that awaits something outside. It is moved on by the lease first; whoever dies in it leaves it to
    the next one, so it may happen twice.

    Args:
        handle: does it, and settles it in a transaction of its own. What it does not settle is tried again
            when the lease ends.
        lease: longer than it may take, and its limit.
        most: so many at a time in one worker, of which `each` at most of one tenant.
        also_suspended: tenants that are suspended are served too.
    """

    name: str
    handle: Callable[[Due], Awaitable[None]]
    lease: timedelta
    most: int
    each: int
    also_suspended: bool = False


Kind = Within | Leased
