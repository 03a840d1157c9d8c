"""The log of requests the server received and of how each answer ended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel

Outcome = Literal["open", "completed", "failed", "broken", "client_closed"]


class Call(BaseModel):
    """One request. `outcome` is `client_closed` when the client hung up before the answer ended.

    `tools` are the names of the tools that were offered, `offered` what was said of them.
    `fields` are the names of the request's fields.
    `key_hint` is the last four characters of the API key, or null without one; `pieces` counts the pieces of
    text sent so far, and `sent_bytes` the bytes of a body before they are compressed.
    """

    number: int
    model: str
    messages: list[dict[str, Any]]
    stream: bool
    tools: list[str] = []
    offered: list[dict[str, Any]] = []
    response_format: dict[str, Any] | None = None
    key_hint: str | None = None
    fields: list[str] = []
    pieces: int = 0
    sent_bytes: int = 0
    outcome: Outcome = "open"

    @property
    def prompt(self) -> str:
        """All message texts, joined by newlines."""
        return "\n".join(str(message.get("content") or "") for message in self.messages)


class CallLog:
    """Keeps the newest calls, counts all of them, and lets a test wait for a condition without sleeping."""

    def __init__(self, keep: int = 2000):
        self._calls: deque[Call] = deque(maxlen=keep)
        self._changed = asyncio.Condition()
        self.total = 0

    def __iter__(self):
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        return self._calls[index]

    def clear(self) -> None:
        """Forget every call; numbering starts at 1 again."""
        self._calls.clear()
        self.total = 0

    async def open(self, call: Call) -> Call:
        """Record a call that just came in and number it."""
        self.total += 1
        call.number = self.total
        self._calls.append(call)
        await self.changed()
        return call

    async def close(self, call: Call, outcome: Outcome) -> None:
        """Record how the answer to a call ended."""
        call.outcome = outcome
        await self.changed()

    async def changed(self) -> None:
        """Wake whoever waits for the log to change."""
        async with self._changed:
            self._changed.notify_all()

    async def wait_for(self, condition: Callable[[CallLog], bool], timeout_seconds: float = 60) -> None:
        """Wait until `condition(log)` holds.

        Raises:
            TimeoutError: it did not within `timeout_seconds`.
        """
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(lambda: condition(self))
