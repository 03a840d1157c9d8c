"""Joins the small pieces of a streamed answer before LiteLLM parses them.

LiteLLM spends about 1 ms of CPU on a piece and models send 50 to 100 a second, so a few dozen streams would
fill a core. Pieces of text that arrive within 40 ms are one piece here, and within longer when more than 16
answers stream at once, so that all of them together stay at 400 pieces a second; what is not plain text of
OpenAI's format passes through untouched and in order.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ClientResponse

_GATHER_SECONDS = 0.04
# Of all streams together: what LiteLLM handles in less than half of a core.
_PIECES_A_SECOND = 400
_PLAIN_KEYS = frozenset({"content", "role"})


def open_session(connector: aiohttp.TCPConnector | None = None) -> aiohttp.ClientSession:
    """The HTTP session for model calls, shared by all tenants: it keeps no cookies and joins small pieces.

    Without a connector there is no limit on connections, since each call waits for minutes on one. A worker
    passes one that refuses private addresses.
    """
    return aiohttp.ClientSession(
        connector=connector or aiohttp.TCPConnector(limit=0, ttl_dns_cache=60),
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=_GatheringResponse,
    )


class _GatheringResponse(ClientResponse):
    """A response whose server-sent events are gathered."""

    async def start(self, connection: Any) -> ClientResponse:
        await super().start(connection)
        if self.content_type == "text/event-stream" and "Content-Encoding" not in self.headers:
            self.content: Any = _GatheredStream(self.content)
        return self


class _GatheredStream:
    """The stream reader of a response, with another way to iterate over it."""

    # Of this process; all are read on one loop.
    _open = 0

    def __init__(self, reader: aiohttp.StreamReader):
        self._reader = reader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def iter_chunked(self, _size: int) -> AsyncIterator[bytes]:
        """The body in pieces that end where an event ends."""
        _GatheredStream._open += 1
        try:
            async for piece in self._pieces():
                yield piece
        finally:
            _GatheredStream._open -= 1

    async def _pieces(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        gatherer, sent_at = _Gatherer(), 0.0
        while True:
            window = gather_seconds(_GatheredStream._open)
            deadline = max(sent_at + window, loop.time()) if gatherer.holds_text else None
            try:
                async with asyncio.timeout_at(deadline):
                    data = await self._reader.readany()
            except TimeoutError:
                data = None
            except (aiohttp.ClientError, OSError):
                # What came before the connection broke is part of the answer.
                if rest := gatherer.flush():
                    yield rest
                raise
            ready = gatherer.feed(data) if data else b""
            if not data or loop.time() - sent_at >= window:
                ready += gatherer.flush()
            if data == b"":
                yield ready + gatherer.incomplete
                return
            if ready:
                sent_at = loop.time()
                yield ready


def gather_seconds(streams: int) -> float:
    """How long text may wait for more of it while so many answers stream."""
    return max(_GATHER_SECONDS, streams / _PIECES_A_SECOND)


class _Gatherer:
    """Splits bytes into events and joins those that carry only text."""

    def __init__(self) -> None:
        self.incomplete = b""
        self._held: dict[str, Any] | None = None
        self._texts: list[str] = []

    @property
    def holds_text(self) -> bool:
        """Whether text waits for more of it."""
        return self._held is not None

    def feed(self, data: bytes) -> bytes:
        """Take in bytes; returns what must not wait any longer."""
        *events, self.incomplete = (self.incomplete + data).split(b"\n\n")
        return b"".join(self._take(event) for event in events)

    def flush(self) -> bytes:
        """The held text as one event, or nothing."""
        if self._held is None:
            return b""
        self._held["choices"][0]["delta"]["content"] = "".join(self._texts)
        event, self._held, self._texts = self._held, None, []
        return b"data: " + json.dumps(event).encode() + b"\n\n"

    def _take(self, event: bytes) -> bytes:
        parsed = _parsed(event)
        text = _plain_text(parsed)
        if text:
            self._held = self._held or parsed
            self._texts.append(text)
            return b""
        return self.flush() + (_with_refusal(parsed) or event + b"\n\n")


def _parsed(event: bytes) -> dict[str, Any]:
    """The event's JSON object when it is a chunk of an answer in OpenAI's format, else an empty one."""
    if not event.startswith(b"data: {") or b"\n" in event:
        return {}
    try:
        chunk = json.loads(event[6:])
    except ValueError:
        return {}
    choices = chunk.get("choices")
    one = isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0].get("delta"), dict)
    return chunk if one else {}


def _plain_text(chunk: dict[str, Any]) -> str:
    """The text, when the chunk carries nothing else."""
    if not chunk or chunk.get("usage"):
        return ""
    choice = chunk["choices"][0]
    delta = choice["delta"]
    content = delta.get("content")
    if choice.get("finish_reason") or choice.get("logprobs") or not isinstance(content, str):
        return ""
    return content if all(value is None or key in _PLAIN_KEYS for key, value in delta.items()) else ""


def _with_refusal(chunk: dict[str, Any]) -> bytes:
    """A refusal where LiteLLM looks for it; left where OpenAI puts it, LiteLLM drops it."""
    refusal = chunk and chunk["choices"][0]["delta"].get("refusal")
    if not refusal:
        return b""
    chunk["choices"][0]["delta"] |= {"provider_specific_fields": {"refusal": refusal}, "refusal": None}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
