"""Reading and writing much JSON in parts, a quarter of a megabyte or one value, so that others have turns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import orjson
from pydantic import BaseModel
from pydantic_core import to_json

# Some hundred microseconds to a millisecond.
PART_BYTES = 256 * 1024


async def read_texts(texts: Iterable[str | bytes]) -> list[Any]:
    """The value of each text of JSON."""
    values: list[Any] = []
    size = 0
    for text in texts:
        values.append(orjson.loads(text))
        size += len(text)
        if size >= PART_BYTES:
            size = 0
            await asyncio.sleep(0)
    return values


async def written(model: BaseModel) -> bytes:
    """The model as JSON, as it would write itself: item by item where a field is a list."""
    parts: list[bytes] = []
    size = 0

    async def write(value: Any) -> None:
        nonlocal size
        parts.append(to_json(value, by_alias=True))
        size += len(parts[-1])
        if size >= PART_BYTES:
            size = 0
            await asyncio.sleep(0)

    for index, name in enumerate(type(model).model_fields):
        parts.append((b"," if index else b"{") + orjson.dumps(name) + b":")
        value: Any = getattr(model, name)
        if not isinstance(value, list):
            await write(value)
            continue
        parts.append(b"[")
        for place, item in enumerate(cast("list[Any]", value)):
            if place:
                parts.append(b",")
            await write(item)
        parts.append(b"]")
    return b"".join([*parts, b"}"])
