"""Hears the text of a streamed answer as it arrives, and hands LiteLLM the whole of it as one piece.

LiteLLM spends about 1 ms of CPU on a piece and models send 30 to 100 a second, so a few dozen streams would
fill a core. Text of OpenAI's format goes from here to whoever listens; LiteLLM gets it joined, as soon as
something else comes. What is not plain text of OpenAI's format passes through untouched and in order.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ClientResponse

Hear = Callable[[str], None]

_PLAIN_KEYS = frozenset({"content", "role"})
# LiteLLM passes nothing of ours on to the response, but it asks in the context that called it.
_listener: ContextVar[Hear | None] = ContextVar("_listener", default=None)


@contextmanager
def heard_by(hear: Hear) -> Generator[None]:
    """Within this, requests for streamed answers have their text heard. Each answer's text is given in order,
    without gaps, before the answer's reader gets it."""
    token = _listener.set(hear)
    try:
        yield
    finally:
        _listener.reset(token)


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
        hear = _listener.get()
        events = self.content_type == "text/event-stream" and "Content-Encoding" not in self.headers
        if hear is not None and events:
            self.content: Any = _GatheredStream(self.content, hear)
        return self


class _GatheredStream:
    """The stream reader of a response, with another way to iterate over it."""

    def __init__(self, reader: aiohttp.StreamReader, hear: Hear):
        self._reader = reader
        self._gatherer = Gatherer(hear)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def iter_chunked(self, _size: int) -> AsyncIterator[bytes]:
        """The body in pieces that end where an event ends."""
        gatherer = self._gatherer
        while True:
            try:
                data = await self._reader.readany()
            except (aiohttp.ClientError, OSError):
                # What came before the connection broke is part of the answer.
                if rest := gatherer.flush():
                    yield rest
                raise
            if not data:
                yield gatherer.flush() + gatherer.incomplete
                return
            if ready := gatherer.feed(data):
                yield ready


class Gatherer:
    """Splits bytes into events and joins those that carry only text."""

    def __init__(self, hear: Hear) -> None:
        self.incomplete = b""
        self._hear = hear
        self._held: dict[str, Any] | None = None
        self._texts: list[str] = []

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
        if text := _text(parsed):
            self._hear(text)
            if _is_plain(parsed):
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


def _text(chunk: dict[str, Any]) -> str:
    """The text of a chunk, if it has any."""
    content = chunk["choices"][0]["delta"].get("content") if chunk else None
    return content if isinstance(content, str) else ""


def _is_plain(chunk: dict[str, Any]) -> bool:
    """Whether the chunk carries nothing but text."""
    choice = chunk["choices"][0]
    if chunk.get("usage") or choice.get("finish_reason") or choice.get("logprobs"):
        return False
    return all(value is None or key in _PLAIN_KEYS for key, value in choice["delta"].items())


def _with_refusal(chunk: dict[str, Any]) -> bytes:
    """A refusal where LiteLLM looks for it; left where OpenAI puts it, LiteLLM drops it."""
    refusal = chunk and chunk["choices"][0]["delta"].get("refusal")
    if not refusal:
        return b""
    chunk["choices"][0]["delta"] |= {"provider_specific_fields": {"refusal": refusal}, "refusal": None}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
