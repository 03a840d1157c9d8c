"""The DocumentStore port on PostgreSQL's JSONB, in the tenant's schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from watchbill.core.ports.documents import Collection, Document
from watchbill.core.tenancy import TenantScope

if TYPE_CHECKING:
    import asyncpg

# Table names carry the tenant's schema, which TenantScope makes of hex digits: see ADR 3.
_APPEND = """
INSERT INTO "{schema}".documents (collection, key, seq, created_at, body)
SELECT $1, d.key, d.seq, d.created_at, d.body
  FROM jsonb_to_recordset($2::jsonb) AS d(key text, seq bigint, created_at timestamptz, body jsonb)
ON CONFLICT DO NOTHING
"""
_READ = """
SELECT seq, created_at, body FROM "{schema}".documents
 WHERE collection = $1 AND key = $2 AND seq > $3 AND ($4::text[] IS NULL OR body->>'type' = ANY($4))
 ORDER BY seq LIMIT $5
"""
_DELETE = 'DELETE FROM "{schema}".documents WHERE collection = $1 AND key = ANY($2::text[])'
_EXPIRE = 'DELETE FROM "{schema}".documents WHERE created_at < $1'


class PostgresDocuments:
    """Implements core.ports.DocumentStore."""

    def __init__(self, pool: asyncpg.Pool):
        self._pool = pool

    async def append(
        self, scope: TenantScope, collection: Collection, entries: Sequence[tuple[str, Document]]
    ) -> None:
        rows = [
            {"key": key, "seq": document.seq, "created_at": document.created_at, "body": document.body}
            for key, document in entries
        ]
        await self._pool.execute(_sql(_APPEND, scope), collection, orjson.dumps(rows).decode())

    async def read(
        self,
        scope: TenantScope,
        collection: Collection,
        key: str,
        *,
        after: int = 0,
        limit: int = 1000,
        types: Sequence[str] = (),
    ) -> list[Document]:
        rows = await self._pool.fetch(_sql(_READ, scope), collection, key, after, list(types) or None, limit)
        return [Document(row["seq"], row["created_at"], orjson.loads(row["body"])) for row in rows]

    async def delete(self, scope: TenantScope, collection: Collection, *keys: str) -> None:
        await self._pool.execute(_sql(_DELETE, scope), collection, keys)

    async def expire(self, scope: TenantScope, *, before: datetime) -> int:
        answer = await self._pool.execute(_sql(_EXPIRE, scope), before)
        return int(answer.rpartition(" ")[2])


def _sql(text: str, scope: TenantScope) -> str:
    return text.format(schema=scope.schema)
