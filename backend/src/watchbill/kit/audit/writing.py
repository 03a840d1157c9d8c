"""Writes entries of the audit log. A tenant's entries form a chain: each hash covers the one before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID, uuid4

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from watchbill.kit.audit.trail import Trail

# One statement: the head's row is locked from here to the commit, so entries of transactions that run at once
# still form one chain. The name of the actor is that of today; people change theirs.
_APPEND = """
WITH given AS MATERIALIZED (
  SELECT CAST(:id AS uuid) AS id, clock_timestamp() AS at,
         jsonb_set(CAST(:entry AS jsonb), '{{actor,name}}', coalesce(to_jsonb({name}), 'null')) AS entry
), head AS (
  INSERT INTO "{schema}".audit_head AS h (id, seq, hash)
  SELECT 1, 1, sha256(convert_to('1 ' || extract(epoch FROM at) || ' ' || entry, 'UTF8')) FROM given
  ON CONFLICT (id) DO UPDATE SET seq = h.seq + 1, hash = sha256(h.hash || (
    SELECT convert_to(h.seq + 1 || ' ' || extract(epoch FROM at) || ' ' || entry, 'UTF8') FROM given))
  RETURNING seq, hash
)
INSERT INTO "{schema}".audit_log (id, seq, created_at, entry, hash)
SELECT given.id, head.seq, given.at, given.entry, head.hash FROM given, head
"""
_USER = "(SELECT email FROM public.users WHERE id = CAST(:actor AS uuid))"
_PLACES = "SELECT tenant_id FROM public.memberships WHERE user_id = :user"


def write(session: Session, trail: Trail) -> None:
    """Append the trail's entry to the log of its tenant, or of each tenant that the person belongs to when
    the trail names none. Part of the session's transaction."""
    entry = orjson.dumps(trail.entry()).decode()
    for tenant_id in _tenants(session, trail):
        schema = f"tenant_{tenant_id.hex}"
        values = {"id": uuid4(), "entry": entry}
        if trail.user_id:
            values["actor"] = trail.user_id
        session.execute(_append(schema, _USER if trail.user_id else "NULL::text"), values)


@lru_cache(maxsize=1000)
def _append(schema: str, name: str) -> TextClause:
    return text(_APPEND.format(schema=schema, name=name))


def _tenants(session: Session, trail: Trail) -> Sequence[UUID]:
    if trail.tenant_id:
        return [trail.tenant_id]
    if trail.user_id:
        return session.scalars(text(_PLACES), {"user": trail.user_id}).all()
    return []
