"""Asks providers whose protocol LiteLLM speaks, over the same session and under the same limits as others.

LiteLLM gets a transport of ours. What it reads has been counted, cut off and put in order before it, and
what a server said is wrong is kept here in the server's own words.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import httpx
from yarl import URL

from watchbill.adapters.models.through_litellm import bedrock_invoke
from watchbill.adapters.models.through_litellm.aws_frames import AwsFrames, Frame
from watchbill.adapters.models.through_litellm.plain_events import passes, plain, unreadable
from watchbill.adapters.models.through_litellm.whole_as_events import as_events, is_answer
from watchbill.adapters.openai_chat import (
    BrokenOff,
    Fault,
    NotAnAnswer,
    Reading,
    Refused,
    Sizes,
    TooLarge,
    body,
    documents,
    said,
)
from watchbill.adapters.openai_chat.event_stream import EventStream, ServerEvent, is_done
from watchbill.kit.outbound.connector import demand_passed
from watchbill.kit.outbound.way_out import WayOut

_CONNECT_SECONDS = 10.0
# Ours end a call; LiteLLM's only has to be later than any of them.
_LIBRARY_SECONDS = 1_000_000.0
_HOP_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})
_CONVERSED = ("messageStart", "contentBlockStart", "contentBlockDelta")
# LiteLLM keeps every piece and puts them all together again at the end, which holds up everything else in
# the process; it needs the last ones only.
_PIECES_KEPT = 16
# Bytes of a piece that may be shown, more than are.
_SHOWN = 4096


@dataclass(slots=True)
class Wire:
    """One call as seen beneath LiteLLM: its limits, what failed, whether the server ended its answer, why
    where LiteLLM may not tell, how many events in a row said nothing, and what LiteLLM got last."""

    sizes: Sizes
    stream: bool
    failure: Exception | None = None
    events: bool = False
    ended: bool = False
    reason: str | None = None
    silent: int = 0
    last: str = ""


_wire: ContextVar[Wire | None] = ContextVar("_wire", default=None)


@contextmanager
def _seen_by(wire: Wire) -> Generator[None]:
    token = _wire.set(wire)
    try:
        yield
    finally:
        _wire.reset(token)


class LibraryCalls:
    """LiteLLM on a session of ours."""

    def __init__(self, library: Any, session: aiohttp.ClientSession, way: WayOut):
        self._library = library
        self._handed: Any = importlib.import_module(
            "watchbill.adapters.models.through_litellm.handed_clients"
        )
        self._client: Any = self._handed.handler(_Transport(session, way), seconds=_LIBRARY_SECONDS)

    async def ask(
        self, request: dict[str, Any], sizes: Sizes, reading: Reading, heard: Callable[[str], None]
    ) -> None:
        """Ask and read the answer; `request` is in LiteLLM's keyword arguments. Otherwise as
        `openai_chat.ask`.

        Raises:
            Fault, aiohttp.ClientError, OSError: as there.
            openai.OpenAIError, ValueError: LiteLLM does not understand the answer, or the request.
        """
        wire = Wire(sizes, stream=bool(request.get("stream")))
        try:
            # Gemini's stream is asked for only when it is read.
            with _seen_by(wire), self._handed.handing(self._client):
                response: Any = await self._library.acompletion(
                    **request, num_retries=0, max_retries=0, timeout=_LIBRARY_SECONDS, client=self._client
                )
                if wire.stream:
                    await self._read(response, wire, reading, heard)
                else:
                    _take(response, wire, reading, heard)
            if wire.reason and reading.finish_reason == "stop":
                # LiteLLM says so of most that InvokeModel answers, whatever ended it.
                reading.take({"choices": [{"finish_reason": wire.reason}]})
        except Exception as error:
            # Whatever LiteLLM made of it: what failed on the wire is the reason.
            if wire.failure is None and wire.last and _is_misread(error):
                raise unreadable(wire.last) from error
            if wire.failure is None or wire.failure is error:
                raise
            raise wire.failure from error

    async def _read(self, response: Any, wire: Wire, reading: Reading, heard: Callable[[str], None]) -> None:
        try:
            async for chunk in response:
                _take(chunk, wire, reading, heard)
                kept: list[Any] = getattr(response, "chunks", [])
                if len(kept) > 2 * _PIECES_KEPT:
                    del kept[:-_PIECES_KEPT]
        finally:
            # Reached on cancellation too: it is what closes the connection at once.
            try:
                await response.aclose()
            finally:
                # With it the finalizer sets context variables. Before Python 3.12 garbage is collected where
                # memory is asked for, also while another variable is being set: that crashes the process.
                response.logging_obj = None
        if wire.failure is not None:
            raise wire.failure
        if wire.events and not wire.ended:
            # LiteLLM makes up the finish reason that a server did not send.
            raise BrokenOff("The stream ended without a finish reason")


def _is_misread(error: BaseException | None) -> bool:
    """Whether LiteLLM stumbled over the shape of what it read, and nobody said what is wrong."""
    while error is not None:
        if isinstance(error, TypeError | AttributeError | LookupError | ValueError | ArithmeticError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _take(response: Any, wire: Wire, reading: Reading, heard: Callable[[str], None]) -> None:
    before = reading.size
    text = reading.take(response.model_dump())
    if reading.size > wire.sizes.text:
        raise TooLarge(f"more than {wire.sizes.text:,} characters")
    if reading.size > before or text:
        wire.silent = 0
        heard(text)


class _Transport(httpx.AsyncBaseTransport):
    """httpx's transport over an aiohttp session. It follows no redirects and takes no proxy from the
    environment."""

    def __init__(self, session: aiohttp.ClientSession, way: WayOut):
        self._session = session
        self._way = way

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        wire = _wire.get() or Wire(Sizes(), stream=False)
        try:
            return await self._send(request, wire)
        except (Fault, aiohttp.ClientError, OSError) as error:
            wire.failure = error
            raise

    async def _send(self, request: httpx.Request, wire: Wire) -> httpx.Response:
        content = await request.aread()
        headers = {**request.headers, "accept-encoding": "identity"}
        proxy = await self._way.proxy_for(str(request.url))
        response = await self._session.request(
            request.method,
            URL(str(request.url), encoded=True),
            data=content or None,
            headers=headers,
            allow_redirects=False,
            proxy=proxy,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
        )
        try:
            demand_passed(response, proxy)
            if not 200 <= response.status < 300:
                raise await documents.refusal(response)
        except BaseException:
            response.close()
            raise
        all_headers = response.headers.items()
        kept = [
            (name, value)
            for name, value in all_headers
            if value.isascii() and name.lower() not in _HOP_HEADERS
        ]
        return httpx.Response(response.status, headers=kept, stream=_Body(response, wire), request=request)


class _Body(httpx.AsyncByteStream):
    """The body of an answer on its way to LiteLLM."""

    def __init__(self, response: aiohttp.ClientResponse, wire: Wire):
        self._response = response
        self._wire = wire
        self._type = documents.content_type(response)
        self._invoked = response.url.path.endswith("/invoke")
        # A model that cannot stream is asked for a whole answer where a stream was asked for.
        self._as_events = wire.stream and not response.url.path.endswith(("/invoke", "/converse"))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._pieces():
                yield piece
        except (Fault, aiohttp.ClientError, OSError) as error:
            self._wire.failure = error
            raise
        finally:
            self._response.close()

    async def aclose(self) -> None:
        self._response.close()

    def _pieces(self) -> AsyncIterator[bytes]:
        if "eventstream" in self._type:
            return self._frames()
        if "event-stream" not in self._type:
            return self._document()
        if not self._wire.stream:
            raise NotAnAnswer("a stream of events instead of one answer; switch Stream on for it")
        return self._events()

    async def _frames(self) -> AsyncIterator[bytes]:
        """Bedrock's frames, which LiteLLM reads: whole ones only, and none that is an error."""
        frames = AwsFrames(self._wire.sizes.whole)
        async for piece in body.pieces(self._response, self._wire.sizes.stream):
            for frame in frames.feed(piece):
                self._count()
                self._look_at(frame)
                self._wire.last = frame.payload[:_SHOWN].decode("utf-8", "replace")
                if passes(frame.name, frame.payload):
                    yield frame.raw
        frames.close()
        if not self._wire.events:
            raise BrokenOff("The stream ended without a finish reason")

    def _look_at(self, frame: Frame) -> None:
        """See whether a frame ends the answer.

        Raises:
            BrokenOff: it is a chunk that cannot be read.
            Refused: it is one that says what is wrong.
        """
        self._wire.events = self._wire.events or frame.name in (*_CONVERSED, "chunk")
        self._wire.ended = self._wire.ended or frame.name == "messageStop"
        value = bedrock_invoke.held(frame.payload) if frame.name == "chunk" else None
        if value is None:
            return
        if found := said.complaint(value):
            raise Refused(found.status, found, within=True)
        self._end_by(bedrock_invoke.stop_reason(value))
        self._wire.ended = self._wire.ended or value.get("type") == "message_stop"

    def _end_by(self, reason: str | None) -> None:
        if reason is not None:
            self._wire.ended = True
            # Where it called a tool, LiteLLM may have made the answer of its arguments.
            self._wire.reason = None if reason == "tool_use" else reason

    async def _events(self) -> AsyncIterator[bytes]:
        self._wire.events = True
        events = EventStream(self._wire.sizes.whole)
        async for piece in body.pieces(self._response, self._wire.sizes.stream):
            for event in events.feed(piece):
                for passed in self._passed(event):
                    yield passed
        for event in events.close():
            for passed in self._passed(event):
                yield passed

    def _count(self) -> None:
        self._wire.silent += 1
        if self._wire.silent > body.MOST_SILENT_EVENTS:
            raise TooLarge(f"more than {body.MOST_SILENT_EVENTS:,} empty events")

    def _passed(self, event: ServerEvent) -> Iterator[bytes]:
        """What the event says in its plainest form; nothing where it says nothing."""
        self._count()
        for value in event.payloads():
            # Some servers put what they say into lists.
            for each in cast("list[Any]", value) if isinstance(value, list) else (value,):
                if (said_plainly := self._checked(each, event.name)) is not None:
                    self._wire.last = said_plainly[:_SHOWN]
                    name = f"event: {event.name}\n" if event.name else ""
                    yield f"{name}data: {said_plainly}\n\n".encode()

    def _checked(self, value: Any, name: str) -> str | None:
        """The JSON of a value of the stream, the word that ends it, or None where there is nothing to read.

        Raises:
            BrokenOff: it is a piece of the answer that cannot be read.
            Refused: it says what is wrong.
        """
        if is_done(value):
            return str(value)
        if isinstance(value, str) and value.startswith(("{", "[")) and name != "error":
            raise unreadable(value)
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            if name != "error" and fields.get("type") != "error" and not fields.get("error"):
                event = plain(fields)
                self._wire.ended = self._wire.ended or _ends(event)
                return json.dumps(event)
        elif name != "error" and not (isinstance(value, str) and value.strip()):
            return None
        found = said.complaint(value) or said.Said(said.in_short(said.dumped(value)))
        raise Refused(found.status, found, within=True)

    async def _document(self) -> AsyncIterator[bytes]:
        """The whole body at once, if it is an answer."""
        document = await body.whole(self._response, self._wire.sizes.whole)
        value = await documents.parsed(document, self._type)
        # Gemini's stream without server-sent events is one array of what they would hold.
        parts = cast("list[Any]", value) if isinstance(value, list) else [value]
        read = [plain(cast("dict[str, Any]", each)) if isinstance(each, dict) else each for each in parts]
        if not any(map(is_answer, read)) and not (self._invoked and bedrock_invoke.is_answer(value)):
            raise documents.without_answer(document)
        self._wire.ended = True
        self._wire.last = document[:_SHOWN].decode("utf-8", "replace")
        if self._invoked:
            self._end_by(bedrock_invoke.stop_reason(cast("dict[str, Any]", value)))
        if not self._as_events:
            yield json.dumps(read if isinstance(value, list) else read[0]).encode()
            return
        for event in (event for each in read for event in as_events(each)):
            yield f"data: {event}\n\n".encode()


def _ends(value: dict[str, Any]) -> bool:
    """Whether Anthropic's or Gemini's event ends the answer."""
    if value.get("type") == "message_stop" or (value.get("delta") or {}).get("stop_reason"):
        return True
    candidates = cast("Sequence[Any]", value.get("candidates") or ())
    return any(isinstance(each, dict) and "finishReason" in each for each in candidates)
