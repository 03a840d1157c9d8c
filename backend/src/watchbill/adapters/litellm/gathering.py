"""Hears the text of a streamed answer as it arrives, and hands LiteLLM the whole of it as one piece.

LiteLLM spends about 1 ms of CPU on a piece and models send 30 to 100 a second, so a few dozen streams would
fill a core. Text of OpenAI's format goes from here to whoever listens; LiteLLM gets it joined, as soon as
something else comes. What is not plain text of OpenAI's format passes through untouched and in order.

The end of an answer, from its finish reason on, goes to LiteLLM in one piece too, so that whoever reads from
LiteLLM knows at the finish reason that nothing else follows.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import aiohttp
from aiohttp.client_reqrep import ClientResponse


class Hearer(Protocol):
    """Whoever listens to an answer."""

    def hear(self, text: str) -> None:
        """Take the text that follows."""

    def hear_usage(self, prompt_tokens: int, completion_tokens: int) -> None:
        """Take the token counts of the whole answer, after which nothing of it follows."""


_PLAIN_KEYS = frozenset({"content", "role"})
# LiteLLM passes nothing of ours on to the response, but it asks in the context that called it.
_listener: ContextVar[Hearer | None] = ContextVar("_listener", default=None)


@contextmanager
def heard_by(hearer: Hearer) -> Generator[None]:
    """Within this, requests for streamed answers have their text heard. Each answer's text is given in order,
    without gaps, before the answer's reader gets it."""
    token = _listener.set(hearer)
    try:
        yield
    finally:
        _listener.reset(token)


def open_session(
    connector: aiohttp.TCPConnector,
) -> aiohttp.ClientSession:
    """The HTTP session for model calls, shared by all tenants: it keeps no cookies and joins small pieces."""
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=_GatheringResponse,
        trust_env=False,
    )


class _GatheringResponse(ClientResponse):
    """A response whose server-sent events are gathered."""

    async def start(self, connection: Any) -> ClientResponse:
        await super().start(connection)
        hearer = _listener.get()
        events = self.content_type == "text/event-stream" and "Content-Encoding" not in self.headers
        if hearer is not None and events:
            self.content: Any = _GatheredStream(self.content, hearer)
        return self


class _GatheredStream:
    """The stream reader of a response, with another way to iterate over it."""

    def __init__(self, reader: aiohttp.StreamReader, hearer: Hearer):
        self._reader = reader
        self._gatherer = Gatherer(hearer)

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
    """Splits bytes into events and joins those that carry only text, and those of the answer's end."""

    def __init__(self, hearer: Hearer) -> None:
        self.incomplete = b""
        self._hearer = hearer
        self._held: dict[str, Any] | None = None
        self._texts: list[str] = []
        self._end = b""
        self._counts: tuple[int, int] | None = None
        self._said_more = False  # after the finish reason, against the format

    def feed(self, data: bytes) -> bytes:
        """Take in bytes; returns what must not wait any longer."""
        *events, self.incomplete = (self.incomplete + data).split(b"\n\n")
        return b"".join(self._take(event) for event in events)

    def flush(self) -> bytes:
        """What is held: the text as one event, and the events of the end."""
        end, self._end = self._end, b""
        if end and self._counts and not self._said_more:
            self._hearer.hear_usage(*self._counts)
        if self._held is None:
            return end
        self._held["choices"][0]["delta"]["content"] = "".join(self._texts)
        event, self._held, self._texts = self._held, None, []
        return b"data: " + json.dumps(event).encode() + b"\n\n" + end

    def _take(self, event: bytes) -> bytes:
        parsed = _parsed(event)
        self._counts = _counts(parsed) or self._counts
        self._said_more = self._said_more or bool(self._end and _says(parsed))
        if text := _text(parsed):
            self._hearer.hear(text)
            if not self._end and _is_plain(parsed):
                self._held = self._held or parsed
                self._texts.append(text)
                return b""
        passed = _with_refusal(parsed) or event + b"\n\n"
        if self._end or _finishes(parsed):
            self._end += passed
            return self.flush() if event == b"data: [DONE]" else b""
        return self.flush() + passed


def _parsed(event: bytes) -> dict[str, Any]:
    """The event's JSON object when it is a chunk of an answer in OpenAI's format, else an empty one."""
    if not event.startswith(b"data: {") or b"\n" in event:
        return {}
    try:
        chunk = json.loads(event[6:])
    except ValueError:
        return {}
    choices = chunk.get("choices")
    known = isinstance(choices, list) and all(_is_choice(choice) for choice in choices)
    return chunk if known and len(choices) < 2 else {}


def _is_choice(choice: Any) -> bool:
    return isinstance(choice, dict) and isinstance(choice.get("delta"), dict)


def _choice(chunk: dict[str, Any]) -> dict[str, Any]:
    """The chunk's only choice; empty when it has none, like the chunk that counts the tokens."""
    choices = chunk.get("choices")
    return choices[0] if choices else {}


def _counts(chunk: dict[str, Any]) -> tuple[int, int] | None:
    """The tokens of the question and the answer, if the chunk has them."""
    usage = chunk.get("usage")
    if not isinstance(usage, dict):
        return None
    asked, said = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return (asked, said) if isinstance(asked, int) and isinstance(said, int) and asked + said else None


def _says(chunk: dict[str, Any]) -> bool:
    """Whether any of the answer is in the chunk."""
    delta = _choice(chunk).get("delta", {})
    return any(value for key, value in delta.items() if key != "role")


def _finishes(chunk: dict[str, Any]) -> bool:
    """Whether the answer ends with this chunk."""
    return bool(_choice(chunk).get("finish_reason"))


def _text(chunk: dict[str, Any]) -> str:
    """The text of a chunk, if it has any."""
    content = _choice(chunk).get("delta", {}).get("content")
    return content if isinstance(content, str) else ""


def _is_plain(chunk: dict[str, Any]) -> bool:
    """Whether the chunk carries nothing but text."""
    choice = _choice(chunk)
    if chunk.get("usage") or choice.get("finish_reason") or choice.get("logprobs"):
        return False
    return all(value is None or key in _PLAIN_KEYS for key, value in choice["delta"].items())


def _with_refusal(chunk: dict[str, Any]) -> bytes:
    """A refusal where LiteLLM looks for it; left where OpenAI puts it, LiteLLM drops it."""
    refusal = _choice(chunk).get("delta", {}).get("refusal")
    if not refusal:
        return b""
    chunk["choices"][0]["delta"] |= {"provider_specific_fields": {"refusal": refusal}, "refusal": None}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
