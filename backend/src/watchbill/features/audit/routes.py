"""/audit-log."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BeforeValidator

from watchbill.core.errors import FieldError, InvalidInput
from watchbill.features.audit import service
from watchbill.features.audit.queries import Filters
from watchbill.features.audit.schemas import AuditEntryOut, Outcome, Verification
from watchbill.features.identity.access import Access, require
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute
from watchbill.kit.requests.inputs import written_moment

router = APIRouter(prefix="/audit-log", tags=["audit"], route_class=BodyRoute)
Reader = Annotated[Access, require("audit:read")]
Moment = Annotated[AwareDatetime, BeforeValidator(written_moment)]
Word = Annotated[str | None, Query(max_length=200)]


async def filters(
    page: PageQuery,
    q_action: Annotated[
        list[str] | None,
        Query(
            max_length=100, description="More actions to find besides `q`. Without `q`, use `action` instead."
        ),
    ] = None,
    action: Word = None,
    outcome: Annotated[Outcome | None, Query()] = None,
    actor_id: UUID | None = None,
    target_id: Word = None,
    since: Annotated[Moment | None, Query(description="From this moment on.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
) -> Filters:
    if q_action and not page.q:
        wrong = FieldError(("query", "q_action"), "without_q", "`q_action` works only together with `q`.")
        raise InvalidInput(wrong.message, code="without_q", errors=(wrong,))
    return Filters(
        page.q, q_action or (), action, outcome, actor_id, target_id, _usable(since), _usable(until)
    )


def _usable(moment: datetime | None) -> datetime | None:
    """Moments that have no counterpart in UTC are before or after all entries, like those beside them."""
    if moment is None or 1 < moment.year < MAXYEAR:
        return moment
    return moment.replace(tzinfo=UTC)


@router.get("")
async def list_audit_log(
    access: Reader, page: PageQuery, wanted: Annotated[Filters, Depends(filters)]
) -> Listed[AuditEntryOut]:
    """Who did what, newest first. `q` searches actions, people, names of things and addresses."""
    return await service.page(access.session, page, wanted)


@router.get("/verification")
async def verify_audit_log(access: Reader) -> Verification:
    """Check whether anybody changed or removed entries. Every hash of the chain is computed again."""
    return await service.verify(access.session)


@router.get("/{entry_id}")
async def get_audit_entry(entry_id: UUID, access: Reader) -> AuditEntryOut:
    """One entry."""
    return await service.get(access.session, entry_id)
