"""SQL of the audit log. The session's transaction sees one tenant."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.audit.tables import AuditEntry, AuditHead
from watchbill.kit.database.paging import Page, fetch_page

Link = tuple[int, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries are wanted; None means any. `q` is found in actions, actors, targets and addresses, and
    means the actions `q_actions` as well."""

    q: str | None = None
    q_actions: Sequence[str] = ()
    action: str | None = None
    outcome: str | None = None
    actor_id: UUID | None = None
    target_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def flush(session: AsyncSession) -> None:
    """Put into the log what is gathered so far."""
    await session.execute(text("SELECT public.flush_audit(current_schema())"))


async def page(
    session: AsyncSession, wanted: Page, filters: Filters
) -> tuple[Sequence[AuditEntry], str | None]:
    """One page, newest first."""
    return await fetch_page(session, _filtered(filters), AuditEntry, Page(wanted.limit, wanted.cursor))


def _filtered(filters: Filters) -> Select[Any]:
    query, entry = select(AuditEntry), AuditEntry.entry
    equal = (
        (entry["action"], filters.action),
        (entry["outcome"], filters.outcome),
        (entry["actor"]["user_id"], filters.actor_id and str(filters.actor_id)),
        (entry["target"]["id"], filters.target_id),
    )
    for field, value in equal:
        if value is not None:
            query = query.where(field.astext == value)
    if filters.since:
        query = query.where(AuditEntry.created_at >= filters.since)
    if filters.until:
        query = query.where(AuditEntry.created_at < filters.until)
    if filters.q:
        places = (
            entry["action"],
            entry["actor"]["name"],
            entry["target"]["name"],
            entry["target"]["type"],
            entry["origin"]["address"],
        )
        found = [place.astext.icontains(filters.q, autoescape=True) for place in places]
        query = query.where(or_(*found, entry["action"].astext.in_(filters.q_actions)))
    return query


async def by_id(session: AsyncSession, id_: UUID) -> AuditEntry | None:
    """The entry of that id."""
    return await session.scalar(select(AuditEntry).where(AuditEntry.id == id_))


async def head(session: AsyncSession) -> AuditHead | None:
    """Where the chain says that it ends."""
    return await session.scalar(select(AuditHead).order_by(AuditHead.id).limit(1))


_LINKS = text("""
SELECT seq, hash,
       sha256(before || convert_to(seq || ' ' || extract(epoch FROM created_at) || ' ' || entry, 'UTF8'))
  FROM (SELECT seq, hash, created_at, entry, coalesce(lag(hash) OVER (ORDER BY seq), ''::bytea) AS before
          FROM audit_log) AS links
 ORDER BY seq
""")


async def links(session: AsyncSession) -> AsyncGenerator[Link]:
    """Number, hash as stored and hash as it should be, of every entry in order, read a few at a time: there
    may be hundreds of thousands."""
    async for row in await session.stream(_LINKS):
        yield row[0], row[1], row[2]
