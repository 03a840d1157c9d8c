"""The two table sets: one schema shared by all tenants, and one schema per tenant."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, cast
from uuid import UUID, uuid4

import orjson
from sqlalchemy import DateTime, MetaData, Uuid, create_mock_engine, desc, func
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Constraint names must not depend on the database's own choice, or migrations cannot name them.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class JSON(postgresql.JSON):
    """JSON as it is written. What Python takes for equal is a change all the same: `7` for `7.0`, `1` for
    `true`, and keys in another order."""

    def compare_values(self, x: Any, y: Any) -> bool:
        """Whether nothing has to be written."""
        return _written(x) == _written(y)


def descending(column: str) -> Any:
    """The column from the last to the first, as a part of an index."""
    return cast("Any", desc(column))


def _written(value: Any) -> bytes:
    return orjson.dumps(value, default=str)


# A part of __table_args__: rows that follow from others and say nothing of their own to the audit log.
UNAUDITED: dict[str, Any] = {"info": {"audited": False}}
_TYPES: dict[Any, Any] = {datetime: DateTime(timezone=True), dict[str, Any]: JSON, UUID: Uuid}


@lru_cache
def statements(tables: MetaData) -> str:
    """One statement that makes all of the tables in the schema that the search_path names: written once, and
    sent in one round trip."""
    dialect: Any = postgresql.dialect(paramstyle="named")  # others double percent signs
    parts: list[str] = []

    def note(part: Any, *_: Any, **__: Any) -> None:
        parts.append(str(part.compile(dialect=dialect)).strip())

    # Declared for any dialect's engine, and this one only writes down what it would be told.
    tables.create_all(create_mock_engine("postgresql+asyncpg://", note), checkfirst=False)  # type: ignore[arg-type]
    body = ";\n".join(parts)
    return f"DO $tables$ BEGIN\n{body};\nEND $tables$"


def sealed(place: str) -> Any:
    """A column of texts that kit.crypto sealed. `place` is what they are bound to, with {tenant} and {id} for
    the tenant's and the row's; with it they can be sealed again with another key."""
    return mapped_column(info={"sealed": place})


class PublicTable(DeclarativeBase):
    """A table of the public schema, named with its schema so that no search_path can hide it."""

    metadata = MetaData(schema="public", naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = _TYPES


class TenantTable(DeclarativeBase):
    """A table of every tenant's schema. It names no schema: the transaction's search_path picks one."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = _TYPES


class Identified:
    """A row with an id and the time it was made: the clock's, not the transaction's, so that rows made in one
    transaction still have an order."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Edited(Identified):
    """A row that people change: it knows when it last was."""

    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )
