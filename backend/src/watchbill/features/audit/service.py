"""Reading the audit log, and proving that nobody changed it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import NotFound
from watchbill.features.audit import queries
from watchbill.features.audit.queries import Filters, Link
from watchbill.features.audit.schemas import AuditEntryOut, Verification
from watchbill.features.audit.tables import AuditEntry
from watchbill.kit.paging import Listed, Page


async def page(session: AsyncSession, wanted: Page, filters: Filters) -> Listed[AuditEntryOut]:
    """One page of entries, newest first.

    Raises:
        kit.paging.BadCursor: the cursor cannot be read.
    """
    await queries.flush(session)
    rows, cursor = await queries.page(session, wanted, filters)
    return Listed(items=[_out(row) for row in rows], next_cursor=cursor)


async def get(session: AsyncSession, id_: UUID) -> AuditEntryOut:
    """One entry.

    Raises:
        NotFound: there is none of that id.
    """
    row = await queries.by_id(session, id_)
    if row is None:
        raise NotFound("There is no such entry in the audit log.")
    return _out(row)


async def verify(session: AsyncSession, *, expected: tuple[int, str] | None = None) -> Verification:
    """Compute every hash again.

    Args:
        expected: number and hash of an entry as they were noted elsewhere: only with these it shows that the
            newest entries were not removed together with the end of the chain, or all hashes made anew.
    """
    await queries.flush(session)
    links, head = await queries.links(session), await queries.head(session)
    end = (head.seq, head.hash) if head else (0, b"")
    broken, problem = _fault(links, end)
    if problem is None and expected and not _holds(links, expected):
        broken, problem = expected[0], "The entry is not the one that was noted."
    return Verification(
        ok=problem is None,
        entries=len(links),
        seq=end[0],
        hash=end[1].hex() or None,
        broken_at=broken,
        problem=problem,
    )


def _fault(
    links: Sequence[tuple[int, bytes, bytes]], end: tuple[int, bytes]
) -> tuple[int | None, str | None]:
    for place, (seq, stored, computed) in enumerate(links, start=1):
        if seq != place:
            return place, "An entry is missing."
        if stored != computed:
            return seq, "The entry was changed, or one before it."
    last = (links[-1][0], links[-1][1]) if links else (0, b"")
    if last != end:
        return max(last[0], end[0]), "The newest entries are missing, or the end of the chain was changed."
    return None, None


def _holds(links: Sequence[Link], expected: tuple[int, str]) -> bool:
    seq, digest = expected
    return 0 < seq <= len(links) and links[seq - 1][1].hex() == digest.lower()


def _out(row: AuditEntry) -> AuditEntryOut:
    return AuditEntryOut(id=row.id, seq=row.seq, created_at=row.created_at, hash=row.hash.hex(), **row.entry)
