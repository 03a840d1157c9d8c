"""All of a tenant's data as a ZIP file of JSON lines: one file for each table, without secrets."""

from __future__ import annotations

import asyncio
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from uuid import UUID

import orjson
from sqlalchemy import MetaData, Table, text
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.json.parts import PART_BYTES
from watchbill.core.ports.documents import DocumentStore
from watchbill.core.tenancy import TenantScope
from watchbill.features.tenants import queries, service
from watchbill.kit.database.transactions import outside

# Read at a time: each may have megabytes, where it is not known to be small.
_ROWS = 8
_SMALL_ROWS = {"execution_events": 100, "audit_log": 100}
# Nobody can use the hashes, and everybody who had the file could try to.
_HIDDEN = ("hash", "sealed", "password")
_KEPT = frozenset(("audit_log", "audit_head"))
_DOCUMENTS = "documents"
# Empty but for transactions under way.
_LEFT_OUT = frozenset(("audit_pending",))


async def export(session: AsyncSession, documents: DocumentStore, tenant_id: UUID, tables: MetaData) -> Path:
    """Write the file; whoever called deletes it. `tables` are those of a tenant's schema. Documents stand in
    one file, wherever they are.

    Raises:
        DocumentsUnavailable: their store does not answer; there is no file.
    """
    with tempfile.NamedTemporaryFile(prefix="watchbill-export-", suffix=".zip", delete=False) as file:
        path = Path(file.name)
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                await _write(session, documents, tenant_id, tables, archive)
        except BaseException:
            await asyncio.to_thread(path.unlink)
            raise
    return path


async def _write(
    session: AsyncSession,
    documents: DocumentStore,
    tenant_id: UUID,
    tables: MetaData,
    archive: zipfile.ZipFile,
) -> None:
    scope = TenantScope(tenant_id)
    tenant = await service.describe(session, tenant_id)
    archive.writestr("tenant.json", tenant.model_dump_json(indent=2))
    with archive.open("members.jsonl", "w") as file:
        for user, membership in await queries.members(session, tenant_id):
            shown = {
                "id": user.id,
                "email": user.email,
                "full_name": user.full_name,
                "role": membership.role,
                "joined_at": membership.created_at,
            }
            file.write(orjson.dumps(shown, default=str) + b"\n")
    for table in tables.sorted_tables:
        if table.name in _LEFT_OUT:
            continue
        with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as file:
            await _write_table(session, scope, table, file)
            if table.name == _DOCUMENTS and documents.outside:
                async with outside(session):
                    await _write_documents(documents, scope, file)


async def _write_table(session: AsyncSession, scope: TenantScope, table: Table, file: IO[bytes]) -> None:
    columns = [column.name for column in table.columns if table.name in _KEPT or not _hidden(column.name)]
    rows = f'SELECT {", ".join(columns)} FROM "{scope.schema}".{table.name}'  # noqa: S608 (our own names)
    query = f"SELECT row_to_json(t)::text FROM ({rows}) AS t"  # noqa: S608 (as above)
    # By hand: the driver reads fifty rows of a stream at a time.
    await session.execute(text(f"DECLARE export NO SCROLL CURSOR FOR {query}"))
    some = text(f"FETCH {_SMALL_ROWS.get(table.name, _ROWS)} FROM export")
    while lines := (await session.scalars(some)).all():
        await asyncio.to_thread(_write_lines, file, lines)
    await session.execute(text("CLOSE export"))


async def _write_documents(documents: DocumentStore, scope: TenantScope, file: IO[bytes]) -> None:
    """As their table would have them, which has those of the time before they were elsewhere."""
    lines: list[str] = []
    size = 0
    async for collection, key, one in documents.everything(scope):
        shown = {"collection": collection, "key": key, "seq": one.seq, "created_at": one.created_at}
        lines.append(orjson.dumps(shown | {"body": one.body}).decode())
        size += len(lines[-1])
        if size > PART_BYTES:
            await asyncio.to_thread(_write_lines, file, lines)
            lines, size = [], 0
    await asyncio.to_thread(_write_lines, file, lines)


def _hidden(column: str) -> bool:
    return any(word in column for word in _HIDDEN)


def _write_lines(file: IO[bytes], lines: Sequence[str]) -> None:
    # JSON has no line breaks outside of strings, and none unescaped inside.
    for line in lines:
        file.write(line.encode())
        file.write(b"\n")
