"""Locks that are only names: they keep two transactions from doing the same thing at once."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, text
from sqlalchemy.ext.asyncio import AsyncSession

_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")


async def one_at_a_time(session: AsyncSession, *names: str) -> None:
    """Let no other transaction past this point with one of these names until this one ends. Always in one
    order, so that two with several names never wait for each other."""
    for name in sorted(names):
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )


async def beside_others(session: AsyncSession, name: str) -> None:
    """Wait until no transaction is past `one_at_a_time` with this name, and let none past it until this one
    ends. Any number of transactions may be beside each other."""
    await session.execute(_SHARED, {"name": name})


def beside_others_at_once(name: ColumnElement[str]) -> ColumnElement[bool]:
    """The same as a column of a query that does not wait: false where `beside_others` would. The query may
    then show rows that are being changed."""
    return func.pg_try_advisory_xact_lock_shared(func.hashtextextended(name, 0))
