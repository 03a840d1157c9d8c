"""Writes entries of the audit log. A tenant's entries form a chain: each hash covers the one before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from watchbill.kit.audit.trail import Trail
from watchbill.kit.database.roles import schema_of

# The table's trigger takes the entry into the chain at the commit, in the database: a lock on the chain's end
# that were held across a round trip would make everybody who changes something wait for our event loop. The
# name of the actor is that of today; people change theirs.
_NOTE = """
INSERT INTO {table} (id, entry)
SELECT CAST(:note_id AS uuid),
       jsonb_set(CAST(:note AS jsonb), '{{actor,name}}', coalesce(to_jsonb((
           SELECT email FROM public.users WHERE id = CAST(:actor AS uuid))), 'null'))
"""
# Part of a statement in a transaction that sees the tenant; `note_values` gives its parameters.
NOTED = _NOTE.format(table="audit_pending")
_PLACES = "SELECT tenant_id FROM public.memberships WHERE user_id = :user ORDER BY tenant_id"


def note_values(trail: Trail) -> dict[str, Any]:
    """The trail's entry as parameters of `NOTED`."""
    return {"note_id": uuid4(), "note": orjson.dumps(trail.entry()).decode(), "actor": trail.user_id}


def no_note() -> dict[str, Any]:
    """Parameters of a `NOTED` that is to write nothing, where `:note` is null."""
    return {"note_id": None, "note": None, "actor": None}


def write(session: Session, trail: Trail) -> None:
    """Add the trail's entry to the log of its tenant, or of each tenant that the person belongs to when
    the trail names none. Part of the session's transaction."""
    values = note_values(trail)
    for tenant_id in _tenants(session, trail):
        session.execute(_note(schema_of(tenant_id)), values | {"note_id": uuid4()})


@lru_cache(maxsize=1000)
def _note(schema: str) -> TextClause:
    return text(_NOTE.format(table=f'"{schema}".audit_pending'))


def _tenants(session: Session, trail: Trail) -> Sequence[UUID]:
    if trail.tenant_id:
        return [trail.tenant_id]
    if trail.user_id:
        return session.scalars(text(_PLACES), {"user": trail.user_id}).all()
    return []
