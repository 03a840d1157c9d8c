"""Doing something as another process would, while the test holds a transaction."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def elsewhere(doing: Coroutine[Any, Any, Result]) -> Result:
    """The result of what is done by a task that holds nothing of what the test holds."""
    return await asyncio.create_task(doing, context=contextvars.Context())
