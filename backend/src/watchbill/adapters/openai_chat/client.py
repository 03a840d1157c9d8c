"""One question to a server that speaks chat completions, over aiohttp; the answer goes into a Reading."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
from yarl import URL

from watchbill.adapters.openai_chat import body, documents, said
from watchbill.adapters.openai_chat.body import Sizes
from watchbill.adapters.openai_chat.event_stream import EventStream, is_done
from watchbill.adapters.openai_chat.faults import BrokenOff, NotAnAnswer, Refused, TooLarge
from watchbill.adapters.openai_chat.reading import Reading
from watchbill.kit.outbound.connector import demand_passed

_CONNECT_SECONDS = 10.0
# A question this small is made into JSON at once; larger ones in a thread.
_SMALL = 64 * 1024
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_BOM = b"\xef\xbb\xbf"
# Bytes of white space before anything is said.
_MOST_BLANK = 64 * 1024
# So long the end of a body may follow its last event, for the connection to be used again.
_END_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Where a question goes and what it is, as a JSON value of OpenAI's format. No proxy is taken from the
    environment."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    sizes: Sizes
    proxy: str | None = None


async def ask(
    session: aiohttp.ClientSession, request: ChatRequest, reading: Reading, heard: Callable[[str], None]
) -> None:
    """Ask and read the answer, streamed or not, whichever the server chose to send. `heard` is called with
    the new text whenever any of the answer arrives, thoughts and tools too; it may be empty then. Redirects
    are not followed: they would carry the key along.

    Raises:
        Fault: see the classes in `faults`.
        aiohttp.ClientError, OSError: nothing was reached, or it hung up before it answered.
    """
    async with session.post(
        URL(request.url),
        data=await _json(request.body),
        headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **request.headers},
        allow_redirects=False,
        proxy=request.proxy,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
    ) as response:
        demand_passed(response, request.proxy)
        if not 200 <= response.status < 300:
            raise await documents.refusal(response)
        await _Answer(response, request.sizes, reading, heard).read()


class _Answer:
    """The answer of one response, on its way into a Reading."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        sizes: Sizes,
        reading: Reading,
        heard: Callable[[str], None],
    ):
        self._response = response
        self._sizes = sizes
        self._reading = reading
        self._heard = heard
        self._silent = 0
        self._type = documents.content_type(response)

    async def read(self) -> None:
        """Read to the end."""
        coming = body.pieces(self._response, self._sizes.stream)
        begin = await self._beginning(coming)
        if _is_stream(begin, self._type):
            await self._read_events(begin, coming)
            self._reading.demand_one_index()
        else:
            await self._read_document(begin, coming)

    async def _beginning(self, coming: AsyncIterator[bytes]) -> bytes:
        """All up to the first bytes that tell what comes. Blanks before them keep a connection open."""
        begin = bytearray()
        async for piece in coming:
            begin += piece
            if len(begin) > _MOST_BLANK:
                # Looking at all of them again with each piece would take its time.
                if not piece.isspace():
                    break
                raise TooLarge(f"more than {_MOST_BLANK:,} blanks")
            if begin.removeprefix(_BOM).strip() and not _BOM.startswith(begin):
                break
        return bytes(begin)

    async def _read_events(self, begin: bytes, coming: AsyncIterator[bytes]) -> None:
        events = EventStream(self._sizes.whole)
        try:
            if self._take_events(events, begin):
                return await self._last_bytes()
            async for piece in coming:
                if self._take_events(events, piece):
                    return await self._last_bytes()
        except BrokenOff:
            # What is missing is only the end of the transfer.
            if self._reading.ended:
                return None
            raise
        for event in events.close():
            for value in event.payloads():
                if self._take(value, event.name):
                    return None
        if not self._reading.ended:
            self._not_ended()
        return None

    def _take_events(self, events: EventStream, data: bytes) -> bool:
        """Whether the stream said that it is over."""
        for event in events.feed(data):
            for value in event.payloads():
                if self._take(value, event.name):
                    return True
        return False

    def _take(self, value: Any, name: str = "") -> bool:
        """Take one value of the stream; True for the word that ends it."""
        self._silent += 1
        if self._silent > body.MOST_SILENT_EVENTS:
            raise TooLarge(f"more than {body.MOST_SILENT_EVENTS:,} empty events")
        if is_done(value):
            self._reading.ended = True
            return True
        if isinstance(value, str) and not value.strip():
            return False
        if isinstance(value, str) and value.startswith(("{", "[")) and name != "error":
            raise BrokenOff(f"A part of the stream is not valid JSON: {said.in_short(value)}")
        found = said.complaint(value)
        if found is None and name == "error":
            found = said.Said(said.in_short(said.dumped(value)))
        if found is not None:
            raise Refused(found.status, found, within=True)
        # Some servers put their chunks into lists.
        for chunk in cast("list[Any]", value) if isinstance(value, list) else (value,):
            if isinstance(chunk, dict):
                self._take_one(cast("dict[str, Any]", chunk))
        return False

    def _take_one(self, chunk: dict[str, Any]) -> None:
        if (found := said.complaint(chunk)) is not None:
            raise Refused(found.status, found, within=True)
        self._take_chunk(chunk)

    def _take_chunk(self, chunk: dict[str, Any]) -> None:
        reading = self._reading
        before = reading.size
        text = reading.take(chunk)
        if reading.began and chunk.get("usage") and chunk.get("choices") == []:
            # Tokens are counted apart once the answer is over.
            reading.ended = True
        elif reading.size > before and reading.finish_reason is None:
            # It was not: some count them now and then.
            reading.ended = False
        if reading.size > self._sizes.text:
            raise TooLarge(f"more than {self._sizes.text:,} characters")
        if reading.size > before or text or reading.ended:
            self._silent = 0
            self._heard(text)

    def _not_ended(self) -> None:
        self._reading.demand_one_index()
        if self._reading.began:
            raise BrokenOff("The stream ended without a finish reason")
        raise NotAnAnswer("an event stream without an answer in it")

    async def _last_bytes(self) -> None:
        """Wait a moment for the end of the body: a connection that is left before it cannot be used again."""
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._response.content.readany()
        except (TimeoutError, aiohttp.ClientError, OSError):
            return

    async def _read_document(self, begin: bytes, coming: AsyncIterator[bytes]) -> None:
        document = bytearray(begin)
        async for piece in coming:
            document += piece
            if len(document) > self._sizes.whole:
                raise TooLarge(f"more than {self._sizes.whole:,} bytes")
        value = await documents.parsed(bytes(document), self._type)
        if not isinstance(value, dict) or not cast("dict[str, Any]", value).get("choices"):
            raise documents.without_answer(bytes(document))
        self._take_chunk(cast("dict[str, Any]", value))
        self._reading.ended = True


def _is_stream(begin: bytes, content_type: str) -> bool:
    """Whether events come. What the server announces is a hint; what it sends decides."""
    start = begin.removeprefix(_BOM).lstrip()
    if start[:1] in (b"{", b"[", b'"', b"<"):
        return False
    return start.startswith(_FIELDS) or "event-stream" in content_type


async def _json(value: Mapping[str, Any]) -> bytes:
    """The request as bytes. Conversations of agents grow, so it is made in a thread when it may be long."""
    messages: Sequence[Mapping[str, Any]] = value.get("messages", ())
    size = sum(len(str(message.get("content") or "")) for message in messages)
    if size > _SMALL:
        return await asyncio.to_thread(_dumped, value)
    return _dumped(value)


def _dumped(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
