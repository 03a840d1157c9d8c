"""Seals everything again with the newest key, while the installation is in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection

from watchbill.kit.database.roles import schema_of
from watchbill.kit.database.transactions import Database
from watchbill.kit.process.setbacks import TenantFailed, theirs
from watchbill.kit.secrets.crypto import KeyRing, Unsealable

_BATCH = 200
_TENANT = "SELECT 1 FROM public.tenants WHERE id = :id"
_TENANTS = "SELECT id FROM public.tenants ORDER BY id"


class SealedColumn(NamedTuple):
    """A column of sealed texts; `public` tables have a tenant_id where others have a schema each."""

    table: str
    name: str
    place: str
    public: bool
    key: str


@dataclass(slots=True)
class Rotated:
    """What a rotation did: how many texts were sealed again, the rows it could not open, and the tenants
    whose tables it could not read, with what the database said."""

    resealed: int = 0
    unsealable: list[str] = field(default_factory=list[str])
    unreadable: dict[UUID, str] = field(default_factory=dict[UUID, str])


def sealed_columns(*tables: MetaData) -> list[SealedColumn]:
    """Every column that was declared with kit.tables.sealed."""
    return [
        SealedColumn(
            table.name,
            column.name,
            column.info["sealed"],
            table.schema == "public",
            next(iter(table.primary_key.columns)).name,
        )
        for metadata in tables
        for table in metadata.sorted_tables
        for column in table.columns
        if "sealed" in column.info
    ]


async def rotate(database: Database, keys: KeyRing, columns: Sequence[SealedColumn]) -> Rotated:
    """Seal what another key than the ring's first sealed. It may be interrupted and repeated; rows stay
    locked for moments only, and whoever has both keys reads them all the time. A tenant whose tables are
    broken or locked stops nobody else's."""
    result = Rotated()
    for tenant_id in await _tenants(database):
        try:
            with theirs(tenant_id):
                for column in columns:
                    await _rotate_column(database, keys, column, tenant_id, result)
        except TenantFailed as error:
            if await _is_there(database, tenant_id):
                result.unreadable[tenant_id] = str(getattr(error.__cause__, "orig", error.__cause__))
    return result


async def count_by_key(database: Database, columns: Sequence[SealedColumn]) -> Counter[str]:
    """How many texts each key has sealed.

    Raises:
        TenantFailed: a tenant's tables cannot be read, so nobody knows.
    """
    counts: Counter[str] = Counter()
    for tenant_id in await _tenants(database):
        try:
            with theirs(tenant_id):
                counts += await _count(database, columns, tenant_id)
        except TenantFailed:
            if await _is_there(database, tenant_id):
                raise
    return counts


async def _count(database: Database, columns: Sequence[SealedColumn], tenant_id: UUID) -> Counter[str]:
    counts: Counter[str] = Counter()
    async with database.engine.connect() as connection:
        for column in columns:
            where = "AND tenant_id = :tenant" if column.public else ""
            query = (
                f"SELECT split_part({column.name}, '.', 2), count(*) FROM {_table(column, tenant_id)}"  # noqa: S608 (our own names)
                f" WHERE {column.name} IS NOT NULL {where} GROUP BY 1"
            )
            rows = await connection.execute(text(query), {"tenant": tenant_id} if column.public else {})
            counts.update({row[0]: row[1] for row in rows})
    return counts


async def _is_there(database: Database, tenant_id: UUID) -> bool:
    """Whether the tenant was not deleted a moment ago."""
    async with database.engine.connect() as connection:
        return await connection.scalar(text(_TENANT), {"id": tenant_id}) is not None


async def _tenants(database: Database) -> Sequence[UUID]:
    async with database.engine.connect() as connection:
        return (await connection.scalars(text(_TENANTS))).all()


def _table(column: SealedColumn, tenant_id: UUID) -> str:
    return f"public.{column.table}" if column.public else f'"{schema_of(tenant_id)}".{column.table}'


async def _rotate_column(
    database: Database, keys: KeyRing, column: SealedColumn, tenant_id: UUID, result: Rotated
) -> None:
    after: Any = None
    while True:
        async with database.engine.begin() as connection:
            rows = await _batch(connection, keys, column, tenant_id, after)
            for id_, sealed in rows:
                place = column.place.format(tenant=tenant_id, id=id_)
                try:
                    value = keys.seal(keys.unseal(sealed, place), place)
                except Unsealable:
                    result.unsealable.append(f"{_table(column, tenant_id)}.{column.name} of {id_}")
                    continue
                update = (
                    f"UPDATE {_table(column, tenant_id)} SET {column.name} = :value WHERE {column.key} = :id"  # noqa: S608 (our own names)
                )
                await connection.execute(text(update), {"value": value, "id": id_})
                result.resealed += 1
        if not rows:
            return
        after = rows[-1][0]


async def _batch(
    connection: AsyncConnection, keys: KeyRing, column: SealedColumn, tenant_id: UUID, after: Any
) -> Sequence[tuple[Any, str]]:
    values: dict[str, Any] = {"first": keys.first, "limit": _BATCH}
    where = f"{column.name} IS NOT NULL AND split_part({column.name}, '.', 2) <> :first"
    if column.public:
        where += " AND tenant_id = :tenant"
        values["tenant"] = tenant_id
    if after is not None:
        where += f" AND {column.key} > :after"
        values["after"] = after
    query = (
        f"SELECT {column.key}, {column.name} FROM {_table(column, tenant_id)}"  # noqa: S608 (our own names)
        f" WHERE {where} ORDER BY {column.key} LIMIT :limit FOR UPDATE"
    )
    return [(row[0], row[1]) for row in await connection.execute(text(query), values)]
