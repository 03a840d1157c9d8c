"""Which revisions the tables of this version have, and whether a database has them; all without Alembic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.kit.database.transactions import Database
from watchbill.kit.process.resources import data_dir

Branch = Literal["public", "tenant"]
_SOME_BEHIND = """
SELECT EXISTS (
  SELECT FROM public.tenants AS t WHERE schema_revision <> :head AND NOT EXISTS (
    SELECT FROM public.migration_failures AS f WHERE f.tenant_id = t.id AND f.revision = :head))
"""


class MigrationsMissing(RuntimeError):
    """The migration files are neither in the package nor in the checkout; the installation is broken."""


def migrations_folder() -> Path:
    """Where the migrations of both branches are.

    Raises:
        MigrationsMissing: nowhere.
    """
    folder = data_dir("migrations")
    if folder is None:
        raise MigrationsMissing(MigrationsMissing.__doc__)
    return folder


@lru_cache
def head(branch: Branch, folder: Path | None = None) -> str:
    """The newest revision of a branch. Files are named by their revisions, which are in order, so this need
    not load Alembic and run them all. `folder` has other migrations than Watchbill's own.

    Raises:
        MigrationsMissing: there is none.
    """
    files = ((folder or migrations_folder()) / branch).glob("[0-9]*_*.py")
    revisions = [file.name.partition("_")[0] for file in files]
    if not revisions:
        raise MigrationsMissing(MigrationsMissing.__doc__)
    return max(revisions)


async def stamp(session: AsyncSession, schema: str) -> None:
    """Note in a tenant schema that was just made from the tables that no migration is missing there."""
    await session.execute(
        text(
            f'CREATE TABLE "{schema}".alembic_version'
            " (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)"
        )
    )
    await session.execute(
        text(f'INSERT INTO "{schema}".alembic_version VALUES (:revision)'),  # noqa: S608 (our own name)
        {"revision": head("tenant")},
    )


async def public_revision(database: Database) -> str | None:
    """The revision of the public schema; None when nothing was ever migrated there."""
    async with database.engine.connect() as connection:
        known = await connection.scalar(text("SELECT to_regclass('public.alembic_version') IS NOT NULL"))
        if not known:
            return None
        return await connection.scalar(text("SELECT version_num FROM public.alembic_version"))


async def current(database: Database) -> bool:
    """Whether the public schema and every tenant's are at the newest revision. A tenant whose migration
    failed does not count: it is refused until somebody has dealt with it, and the others are served."""
    if await public_revision(database) != head("public"):
        return False
    async with database.engine.connect() as connection:
        return not await connection.scalar(text(_SOME_BEHIND), {"head": head("tenant")})


async def status(database: Database) -> Sequence[tuple[UUID, str, str, str | None]]:
    """Every tenant that is behind: its id, its name, its revision, and what went wrong, if something did."""
    query = """
    SELECT t.id, t.name, t.schema_revision, f.error FROM public.tenants AS t
      LEFT JOIN public.migration_failures AS f ON f.tenant_id = t.id
     WHERE t.schema_revision <> :head ORDER BY t.created_at
    """
    async with database.engine.connect() as connection:
        rows = await connection.execute(text(query), {"head": head("tenant")})
        return [(row[0], row[1], row[2], row[3]) for row in rows]
