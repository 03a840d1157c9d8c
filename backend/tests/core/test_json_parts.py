"""Much JSON is read and written in parts, between which others have their turns."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel, Field

from watchbill.core.json.parts import PART_BYTES, read_texts, written


class Item(BaseModel):
    id: UUID
    at: datetime | None
    kind: Literal["a", "b"] = "a"
    value: Any = None


class Page(BaseModel):
    items: list[Item]
    first: Item | None
    empty: list[int] = []
    named: dict[str, Any] = Field(default={}, alias="called")
    next_after: int | None = None


def page(*values: Any) -> Page:
    items = [Item(id=uuid4(), at=datetime.now(UTC), value=value) for value in values]
    return Page(items=items, first=items[0] if items else None, called={"ü": [1.5, 2**63 - 1]})


@pytest.mark.parametrize("values", [(), (None,), ("ü\u2028", 1e300, -1, [{"a": []}], {"z": 1, "a": None})])
async def test_a_model_is_written_as_it_would_write_itself(values: tuple[Any, ...]):
    model = page(*values)
    assert json.loads(await written(model)) == json.loads(model.model_dump_json())


async def test_texts_are_read():
    assert await read_texts(['{"b": 1, "a": 2}', b"[]", "9223372036854775807"]) == [
        {"b": 1, "a": 2},
        [],
        2**63 - 1,
    ]


async def turns_beside(work: Awaitable[Any]) -> int:
    """How often another task had its turn before the work was done."""
    turns, doing = 0, asyncio.ensure_future(work)
    while not doing.done():
        turns += 1
        await asyncio.sleep(0)
    await doing
    return turns


async def test_others_have_turns_between_parts():
    values = ["x" * PART_BYTES] * 20
    assert await turns_beside(written(page(*values))) >= 20
    assert await turns_beside(read_texts(map(json.dumps, values))) >= 20
    assert await turns_beside(written(page(*range(20)))) < 5
