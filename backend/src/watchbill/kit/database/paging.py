"""Pages of a list, newest first, with cursors that say nothing to whoever holds them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


class BadCursor(ValueError):
    """The cursor is not one that a list gave out."""


class Row(Protocol):
    """A row that lists can be cut at; its columns are typed by SQLAlchemy, as `kit.tables.Identified`'s."""

    id: Any
    created_at: Any


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is wanted: at most `limit` rows after `cursor`, names containing `q`."""

    limit: int = 50
    cursor: str | None = None
    q: str | None = None


async def page_query(
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=200, description="next_cursor of the page before.")
    ] = None,
    q: Annotated[str | None, Query(max_length=200, description="Only names that contain this.")] = None,
) -> Page:
    return Page(limit, cursor, q)


PageQuery = Annotated[Page, Depends(page_query)]


class Listed(BaseModel, Generic[T]):
    """One page of a list. A null next_cursor means that it is the last."""

    items: list[T]
    next_cursor: str | None


async def fetch_page(
    session: AsyncSession, query: Select[Any], table: Any, page: Page, *, searched: Any = None
) -> tuple[Sequence[Any], str | None]:
    """The rows of one page of `query`, which selects `table` objects, and the cursor of the next page. What
    is looked for stands in the column `searched`, by default in the name.

    Raises:
        BadCursor: the cursor cannot be read.
    """
    if page.q:
        column = table.name if searched is None else searched
        query = query.where(column.icontains(page.q, autoescape=True))
    if page.cursor is not None:
        query = query.where(tuple_(table.created_at, table.id) < tuple_(*decode_cursor(page.cursor)))
    query = query.order_by(table.created_at.desc(), table.id.desc()).limit(page.limit + 1)
    rows = (await session.scalars(query)).all()
    if len(rows) <= page.limit:
        return rows, None
    return rows[: page.limit], encode_cursor(rows[page.limit - 1])


def encode_cursor(row: Row) -> str:
    """Where a list goes on after `row`."""
    text = f"{row.created_at.isoformat()} {row.id.hex}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The time and id that encode_cursor wrote.

    Raises:
        BadCursor: it was not encode_cursor.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        moment, _, identifier = raw.decode().partition(" ")
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is None:
            raise BadCursor("The cursor is not valid.")
        # In UTC it must be a time as well: the database counts in that.
        return created_at.astimezone(UTC), UUID(hex=identifier)
    except (binascii.Error, UnicodeError, ValueError, OverflowError) as error:
        raise BadCursor("The cursor is not valid.") from error
