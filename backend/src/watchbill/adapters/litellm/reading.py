"""Reads an answer, streamed or whole, into one value, passing text on as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from watchbill.core.ports.llm import ToolCall

# Text that arrives within this many seconds of the last event is sent as one: nobody reads faster.
_GATHER_SECONDS = 0.03
# Of all answers together, so that hundreds of streams at once stay affordable.
_EVENTS_A_SECOND = 400


class TokenGate:
    """Passes text on at once, then at most every 30 ms, and less often when more than 12 answers stream at
    once. Lives on one event loop; to be used as a context manager, which at its end sends nothing more."""

    # Of this process, those that have sent something and have not ended.
    _streaming = 0

    def __init__(self, send: Callable[[str], None]):
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._held: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._open_at: float | None = None

    def __enter__(self) -> TokenGate:
        return self

    def __exit__(self, *_: object) -> None:
        self._discard_timer()
        if self._open_at is not None:
            TokenGate._streaming -= 1

    def push(self, text: str) -> None:
        """Send the text now or with what follows shortly."""
        self._held.append(text)
        if self._timer is None:
            wait = 0.0 if self._open_at is None else self._open_at - self._loop.time()
            if wait <= 0:
                self.flush()
            else:
                self._timer = self._loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Send what is held."""
        self._discard_timer()
        if self._held:
            text, self._held = "".join(self._held), []
            if self._open_at is None:
                TokenGate._streaming += 1
            self._open_at = self._loop.time() + gather_seconds(TokenGate._streaming)
            self._send(text)

    def _discard_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def gather_seconds(streams: int) -> float:
    """How long text may wait for more of it while so many answers stream."""
    return max(_GATHER_SECONDS, streams / _EVENTS_A_SECOND)


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    pieces: list[str] = field(default_factory=list[str])
    heard: bool = False  # some of its text was heard before LiteLLM handed it over
    refusal: str = ""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tools: dict[int, list[str]] = field(default_factory=dict[int, list[str]])  # index -> id, name, arguments

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(ToolCall(*parts) for _, parts in sorted(self.tools.items()))

    @property
    def began(self) -> bool:
        """Whether any of the answer has arrived."""
        return bool(self.heard or self.pieces or self.tools or self.refusal)

    def add_message(self, choice: Any, message: Any) -> str:
        """Take in one delta, or the whole message; returns its text."""
        self.finish_reason = choice.finish_reason or self.finish_reason
        text = getattr(message, "content", None) or ""
        if text:
            self.pieces.append(text)
        extras = getattr(message, "provider_specific_fields", None) or {}
        self.refusal += extras.get("refusal") or ""
        for position, call in enumerate(getattr(message, "tool_calls", None) or ()):
            self._add_tool(call, position)
        return text

    def add_usage(self, usage: Any) -> None:
        """Take in token counts, when there are any."""
        if usage is not None and getattr(usage, "total_tokens", 0):
            self.prompt_tokens, self.completion_tokens = usage.prompt_tokens, usage.completion_tokens

    def _add_tool(self, call: Any, position: int) -> None:
        index = getattr(call, "index", None)
        parts = self.tools.setdefault(position if index is None else index, ["", "", ""])
        parts[0] = call.id or parts[0]
        parts[1] = call.function.name or parts[1]
        parts[2] += call.function.arguments or ""


# LiteLLM keeps every piece and puts them all together again at the end. With hundreds of pieces that holds up
# everything else in the process for milliseconds.
_PIECES_KEPT = 16


class Listener:
    """Hears an answer as it arrives, passes its text on, and notices when it stalls.

    The text comes from the wire where its format is known there, else when LiteLLM hands it over.
    """

    def __init__(self, reading: Reading, push: Callable[[str], None], stall_seconds: float):
        self._reading = reading
        self._push = push
        self._stall_seconds = stall_seconds
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        self._counted: tuple[int, int] | None = None

    def hear(self, text: str) -> None:
        """Take text from the wire."""
        self._reading.heard = True
        self._push(text)
        self._alive()

    def hear_usage(self, prompt_tokens: int, completion_tokens: int) -> None:
        """Take token counts from the wire; the last ones are those of the whole answer."""
        self._counted = prompt_tokens, completion_tokens

    async def read(self, chunks: AsyncIterator[Any]) -> None:
        """Read to the end, or to the finish reason when the wire has told the rest by then: LiteLLM would put
        the answer together again, to count and log what is counted and logged here.

        Raises:
            TimeoutError: once text has begun, nothing came for `stall_seconds`.
        """
        reading = self._reading
        async with self._limit:
            async for chunk in chunks:
                for choice in chunk.choices:
                    text = reading.add_message(choice, choice.delta)
                    if text and not reading.heard:
                        self._push(text)
                reading.add_usage(getattr(chunk, "usage", None))
                kept: list[Any] = getattr(chunks, "chunks", [])
                if len(kept) > 2 * _PIECES_KEPT:
                    del kept[:-_PIECES_KEPT]
                if reading.finish_reason and self._counted:
                    reading.prompt_tokens, reading.completion_tokens = self._counted
                    return
                if reading.began:
                    self._alive()

    def _alive(self) -> None:
        self._limit.reschedule(self._loop.time() + self._stall_seconds)


def read_whole(response: Any, reading: Reading) -> None:
    """Read an answer that was not streamed."""
    for choice in response.choices:
        reading.add_message(choice, choice.message)
    reading.add_usage(getattr(response, "usage", None))
