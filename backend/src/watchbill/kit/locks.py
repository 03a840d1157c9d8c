"""Locks that are only names: they keep two transactions from doing the same thing at once."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def one_at_a_time(session: AsyncSession, *names: str) -> None:
    """Let no other transaction past this point with one of these names until this one ends. Always in one
    order, so that two with several names never wait for each other."""
    for name in sorted(names):
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )
