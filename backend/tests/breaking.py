"""Breaking a tenant's part of the database for the time of a block, as mistakes and long migrations do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg

from watchbill.core.tenancy import TenantScope

How = Literal["gone", "closed", "locked"]
WAYS: tuple[How, ...] = ("gone", "closed", "locked")


@asynccontextmanager
async def broken(url: str, scope: TenantScope, how: How) -> AsyncIterator[None]:
    """The tenant's schema is gone, closed to its role, or its tables are held by somebody."""
    schema = f'"{scope.schema}"'
    connection = await asyncpg.connect(url)
    try:
        if how == "locked":
            async with connection.transaction():
                names = await connection.fetch(
                    "SELECT tablename FROM pg_tables WHERE schemaname = $1", scope.schema
                )
                tables = ", ".join(f'{schema}."{row["tablename"]}"' for row in names)
                await connection.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
                yield
            return
        there = {
            "gone": (f"ALTER SCHEMA {schema} RENAME TO away", f"ALTER SCHEMA away RENAME TO {schema}"),
            "closed": (
                f"REVOKE USAGE ON SCHEMA {schema} FROM {schema}",
                f"GRANT USAGE ON SCHEMA {schema} TO {schema}",
            ),
        }
        await connection.execute(there[how][0])
        try:
            yield
        finally:
            await connection.execute(there[how][1])
    finally:
        await connection.close()


@asynccontextmanager
async def row_held(url: str, scope: TenantScope, table: str, id_: str) -> AsyncIterator[None]:
    """One row of a tenant's table is held by somebody."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(f'SELECT FROM "{scope.schema}".{table} WHERE id = $1 FOR UPDATE', id_)
            yield
    finally:
        await connection.close()
