"""Reading the audit log, and proving that nobody changed it."""

from __future__ import annotations

from contextlib import aclosing
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import NotFound
from watchbill.features.audit import queries
from watchbill.features.audit.queries import Filters, Link
from watchbill.features.audit.schemas import AuditEntryOut, Verification
from watchbill.features.audit.tables import AuditEntry
from watchbill.kit.database.paging import Listed, Page


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
    count, last, broken, problem = 0, (0, b""), None, None
    as_expected = expected is None
    async with aclosing(queries.links(session)) as links:
        async for link in links:
            count += 1
            last = link[:2]
            if problem is None:
                broken, problem = _fault(count, link)
            if expected and count == expected[0]:
                as_expected = link[1].hex() == expected[1].lower()
    head = await queries.head(session)
    end = (head.seq, head.hash) if head else (0, b"")
    if problem is None and last != end:
        broken = max(last[0], end[0])
        problem = "The newest entries are missing, or the end of the chain was changed."
    if problem is None and expected and not as_expected:
        broken, problem = expected[0], "The entry differs from the one that was noted."
    return Verification(
        ok=problem is None,
        entries=count,
        seq=end[0],
        hash=end[1].hex() or None,
        broken_at=broken,
        problem=problem,
    )


def _fault(place: int, link: Link) -> tuple[int | None, str | None]:
    """Where the chain breaks at the entry that stands there, if it does, and how."""
    seq, stored, computed = link
    if seq != place:
        return place, "An entry is missing."
    if stored != computed:
        return seq, "The entry was changed, or one before it."
    return None, None


def _out(row: AuditEntry) -> AuditEntryOut:
    return AuditEntryOut(id=row.id, seq=row.seq, created_at=row.created_at, hash=row.hash.hex(), **row.entry)
