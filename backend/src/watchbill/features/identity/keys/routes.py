"""/api-keys."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from watchbill.features.identity.access import Access, require
from watchbill.features.identity.keys import service as keys
from watchbill.features.identity.keys.schemas import KeyIn, KeyOut, NewKey
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/api-keys", tags=["api-keys"], route_class=BodyRoute)
Reader = Annotated[Access, require("keys:read")]
Writer = Annotated[Access, require("keys:write")]


@router.get("")
async def list_keys(access: Reader, page: PageQuery) -> Listed[KeyOut]:
    """The tenant's keys, newest first."""
    rows, cursor = await keys.page(access.session, access.identity, page)
    return Listed(items=[KeyOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def create_key(form: KeyIn, response: Response, access: Writer) -> NewKey:
    """Make a key. The key itself is shown in this answer and never again."""
    response.headers["Cache-Control"] = "no-store"
    return await keys.create(access.session, access.identity, form)


@router.delete("/{key_id}", status_code=204)
async def revoke_key(key_id: UUID, access: Writer) -> None:
    """Revoke a key, at once."""
    await keys.revoke(access.session, access.identity, key_id)
