"""Writes entries of the audit log. A tenant's entries form a chain: each hash covers the one before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID, uuid4

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from watchbill.kit.audit.trail import Trail

# The table's trigger takes the entry into the chain at the commit, in the database: a lock on the chain's end
# that were held across a round trip would make everybody who changes something wait for our event loop. The
# name of the actor is that of today; people change theirs.
_NOTE = """
INSERT INTO "{schema}".audit_pending (id, entry)
SELECT CAST(:id AS uuid),
       jsonb_set(CAST(:entry AS jsonb), '{{actor,name}}', coalesce(to_jsonb({name}), 'null'))
"""
_USER = "(SELECT email FROM public.users WHERE id = CAST(:actor AS uuid))"
_PLACES = "SELECT tenant_id FROM public.memberships WHERE user_id = :user ORDER BY tenant_id"


def write(session: Session, trail: Trail) -> None:
    """Add the trail's entry to the log of its tenant, or of each tenant that the person belongs to when
    the trail names none. Part of the session's transaction."""
    entry = orjson.dumps(trail.entry()).decode()
    for tenant_id in _tenants(session, trail):
        schema = f"tenant_{tenant_id.hex}"
        values = {"id": uuid4(), "entry": entry}
        if trail.user_id:
            values["actor"] = trail.user_id
        session.execute(_note(schema, _USER if trail.user_id else "NULL::text"), values)


@lru_cache(maxsize=1000)
def _note(schema: str, name: str) -> TextClause:
    return text(_NOTE.format(schema=schema, name=name))


def _tenants(session: Session, trail: Trail) -> Sequence[UUID]:
    if trail.tenant_id:
        return [trail.tenant_id]
    if trail.user_id:
        return session.scalars(text(_PLACES), {"user": trail.user_id}).all()
    return []
