"""The DocumentStore port on PostgreSQL's JSON, in the tenant's schema."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

import asyncpg
import orjson

from watchbill.core.json.parts import read_texts
from watchbill.core.ports.documents import (
    MAX_BODY_BYTES,
    Collection,
    Document,
    DocumentsUnavailable,
    DocumentTooLarge,
)
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.faults import DRIVER_ERRORS, passing
from watchbill.kit.database.pool import INSTALLATION, Connection, Connections
from watchbill.kit.database.waits import about_to_await

# The tenant was deleted, or is being deleted.
_GONE = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)
# Each may have megabytes.
_PAGE = 16
# Of years perhaps, and nobody waits for it.
_EXPIRE_SECONDS = 600.0

# Table names carry the tenant's schema, which TenantScope makes of hex digits: see ADR 3.
_APPEND = """
INSERT INTO "{schema}".documents (collection, key, seq, created_at, body)
SELECT $1, d.key, d.seq, d.created_at, d.body
  FROM json_to_recordset($2::json) AS d(key text, seq bigint, created_at timestamptz, body json)
ON CONFLICT DO NOTHING
"""
_READ = """
SELECT seq, created_at, body FROM "{schema}".documents
 WHERE collection = $1 AND key = $2 AND seq > $3 AND ($4::text[] IS NULL OR body->>'type' = ANY($4))
 ORDER BY seq LIMIT $5
"""
# Row by row: what has no room any more is not even looked at.
_READ_SOME = """
WITH RECURSIVE walked AS (
  (SELECT 1 AS n, seq, created_at, body, length(body::text)::bigint AS total FROM "{schema}".documents
    WHERE collection = $1 AND key = $2 AND seq > $3 AND ($4::text[] IS NULL OR body->>'type' = ANY($4))
    ORDER BY seq LIMIT 1)
  UNION ALL
  SELECT s.n + 1, d.seq, d.created_at, d.body, s.total + length(d.body::text)
    FROM walked AS s CROSS JOIN LATERAL (
      SELECT seq, created_at, body FROM "{schema}".documents
       WHERE collection = $1 AND key = $2 AND seq > s.seq AND ($4::text[] IS NULL OR body->>'type' = ANY($4))
       ORDER BY seq LIMIT 1
    ) AS d
   WHERE s.n < $5 AND s.total < $6
)
SELECT seq, created_at, body FROM walked ORDER BY seq
"""
_PICK = """
SELECT seq, created_at, body FROM "{schema}".documents
 WHERE collection = $1 AND key = $2 AND seq = ANY($3::bigint[]) ORDER BY seq
"""
_COPY = """
WITH wanted AS (SELECT * FROM unnest($5::bigint[], $6::bigint[]) AS w(seq, becomes)
), copied AS (
  INSERT INTO "{schema}".documents (collection, key, seq, created_at, body)
  SELECT $1, $3, w.becomes, $4, d.body
    FROM wanted AS w JOIN "{schema}".documents AS d ON d.collection = $1 AND d.key = $2 AND d.seq = w.seq
  ON CONFLICT DO NOTHING
)
SELECT w.seq FROM wanted AS w JOIN "{schema}".documents AS d
                                ON d.collection = $1 AND d.key = $2 AND d.seq = w.seq
"""
_SEQS = """
SELECT seq FROM "{schema}".documents WHERE collection = $1 AND key = $2 AND seq > $3 ORDER BY seq
"""
_DELETE = 'DELETE FROM "{schema}".documents WHERE collection = $1 AND key = ANY($2::text[])'
_EXPIRE = 'DELETE FROM "{schema}".documents WHERE created_at < $1'
_EVERYTHING = """
SELECT collection, key, seq, created_at, body FROM "{schema}".documents
 WHERE (collection, key, seq) > ($1, $2, $3) ORDER BY collection, key, seq LIMIT $4
"""
_DROP = 'TRUNCATE "{schema}".documents'
_ANY = 'SELECT EXISTS (SELECT FROM "{schema}".documents)'


class PostgresDocuments:
    """Implements core.ports.DocumentStore."""

    outside = False

    def __init__(self, connections: Connections):
        self._connections = connections

    async def append(
        self, scope: TenantScope, collection: Collection, entries: Sequence[tuple[str, Document]]
    ) -> None:
        rows = [
            {"key": key, "seq": document.seq, "created_at": document.created_at, "body": document.body}
            for key, document in entries
        ]
        text = orjson.dumps(rows)
        if len(text) > MAX_BODY_BYTES:
            _refuse_large(entries)
        async with self._connection(scope) as connection:
            await connection.execute(_sql(_APPEND, scope), collection, text.decode())

    async def read(
        self,
        scope: TenantScope,
        collection: Collection,
        key: str,
        *,
        after: int = 0,
        limit: int = 1000,
        types: Sequence[str] = (),
        room: int | None = None,
    ) -> list[Document]:
        given = (collection, key, after, list(types) or None, limit)
        async with self._connection(scope) as connection:
            if room is None:
                rows = await connection.fetch(_sql(_READ, scope), *given)
            else:
                rows = await connection.fetch(_sql(_READ_SOME, scope), *given, room)
        return await _documents(rows)

    async def pick(
        self, scope: TenantScope, collection: Collection, key: str, seqs: Sequence[int]
    ) -> list[Document]:
        async with self._connection(scope) as connection:
            rows = await connection.fetch(_sql(_PICK, scope), collection, key, list(seqs))
        return await _documents(rows)

    async def copy(
        self,
        scope: TenantScope,
        collection: Collection,
        key: str,
        to: str,
        seqs: Mapping[int, int],
        *,
        at: datetime,
    ) -> set[int]:
        given = (collection, key, to, at, list(seqs), list(seqs.values()))
        async with self._connection(scope) as connection:
            rows = await connection.fetch(_sql(_COPY, scope), *given)
        return {row["seq"] for row in rows}

    async def seqs(
        self, scope: TenantScope, collection: Collection, key: str, *, after: int = 0
    ) -> list[int]:
        async with self._connection(scope) as connection:
            rows = await connection.fetch(_sql(_SEQS, scope), collection, key, after)
        return [row["seq"] for row in rows]

    async def delete(self, scope: TenantScope, collection: Collection, *keys: str) -> None:
        async with self._connection(scope) as connection:
            await connection.execute(_sql(_DELETE, scope), collection, keys)

    async def expire(self, scope: TenantScope, *, before: datetime) -> int:
        async with self._connection(scope) as connection:
            statement = _sql(_EXPIRE, scope)
            answer = await connection.execute(statement, before, timeout=_EXPIRE_SECONDS)
        return int(answer.rpartition(" ")[2])

    async def everything(self, scope: TenantScope) -> AsyncGenerator[tuple[str, str, Document]]:
        place = ("", "", 0)
        while True:
            async with self._connection(scope) as connection:
                rows = await connection.fetch(_sql(_EVERYTHING, scope), *place, _PAGE)
            for row in rows:
                document = Document(row["seq"], row["created_at"], orjson.loads(row["body"]))
                yield row["collection"], row["key"], document
            if len(rows) < _PAGE:
                return
            place = (rows[-1]["collection"], rows[-1]["key"], rows[-1]["seq"])

    async def drop(self, scope: TenantScope) -> None:
        async with self._connection(scope) as connection:
            try:
                await connection.execute(_sql(_DROP, scope))
            except _GONE:
                return

    async def remains(self, scope: TenantScope) -> list[str]:
        async with self._connection(scope) as connection:
            try:
                found = await connection.fetchval(_sql(_ANY, scope))
            except _GONE:
                return []
        return [f"documents in {scope.schema}"] if found else []

    async def ping(self) -> None:
        async with self._connection() as connection:
            await connection.fetchval("SELECT 1")

    async def close(self) -> None:
        """Nothing: the pool is another's."""

    @asynccontextmanager
    async def _connection(self, scope: TenantScope | None = None) -> AsyncGenerator[Connection]:
        with _answered():
            async with self._connections.of(scope.schema if scope else INSTALLATION) as connection:
                yield connection


async def _documents(rows: Sequence[asyncpg.Record]) -> list[Document]:
    bodies = await read_texts(row["body"] for row in rows)
    return [
        Document(row["seq"], row["created_at"], body, len(row["body"]))
        for row, body in zip(rows, bodies, strict=True)
    ]


def _sql(text: str, scope: TenantScope) -> str:
    return text.format(schema=scope.schema)


@contextmanager
def _answered() -> Generator[None]:
    """Say of all errors that may pass in the port's one way what they mean."""
    about_to_await("A document")
    try:
        yield
    except (OSError, asyncpg.PostgresError, *DRIVER_ERRORS) as error:
        if not passing(error) and not isinstance(error, asyncpg.LockNotAvailableError):
            raise
        raise DocumentsUnavailable(f"PostgreSQL: {type(error).__name__}: {error}") from error


def _refuse_large(entries: Sequence[tuple[str, Document]]) -> None:
    for key, document in entries:
        if (size := len(orjson.dumps(document.body))) > MAX_BODY_BYTES:
            raise DocumentTooLarge(f"document {document.seq} of {key} has {size:,} bytes")
