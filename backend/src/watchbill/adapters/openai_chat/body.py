"""The body of an answer: read in pieces, counted after decompression, and cut off where it gets too large."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from watchbill.adapters.openai_chat.faults import BrokenOff, TooLarge

# A streamed token has some fifty bytes of JSON around each character.
_STREAM_TIMES = 16
# A whole answer has escapes and little else.
_WHOLE_TIMES = 2
# Bytes that are worked through before others of the process have their turn: some twenty events, which take
# half a millisecond.
_AT_ONCE = 2 * 1024
# What a server says about an error is read no further.
ERROR_BYTES = 64 * 1024


# Events in a row that say nothing.
MOST_SILENT_EVENTS = 20_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large an answer may be: `text` in characters, of all that the model wrote. Bytes follow from it."""

    text: int = 4 * 1024 * 1024

    @property
    def whole(self) -> int:
        """Bytes of an answer in one JSON document, or of one event."""
        return _WHOLE_TIMES * self.text

    @property
    def stream(self) -> int:
        """Bytes of a streamed answer."""
        return _STREAM_TIMES * self.text


async def pieces(response: aiohttp.ClientResponse, most_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes, decompressed.

    Raises:
        TooLarge: it has more than `most_bytes`.
        BrokenOff: the connection ended before the body did, or its compression cannot be read.
    """
    size = 0
    while True:
        try:
            piece = await response.content.read(_AT_ONCE)
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenOff(_how(error, size)) from error
        if not piece:
            return
        size += len(piece)
        if size > most_bytes:
            raise TooLarge(f"more than {most_bytes:,} bytes")
        yield piece
        # What has arrived already is read without waiting, and others of this process want their turn.
        await asyncio.sleep(0)


async def whole(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """All of the body; raises as `pieces` does."""
    return b"".join([piece async for piece in pieces(response, most_bytes)])


async def beginning(response: aiohttp.ClientResponse) -> bytes:
    """What an error's body begins with; whatever of it can be read."""
    read = bytearray()
    try:
        async for piece in pieces(response, ERROR_BYTES):
            read += piece
    except (TooLarge, BrokenOff):
        return bytes(read)
    return bytes(read)


def _how(error: Exception, size: int) -> str:
    if "content-encoding" in str(error).lower():
        return "The compression of the answer cannot be read"
    reason = "reset by the server" if isinstance(error, ConnectionResetError) else "closed by the server"
    return f"The connection was {reason} after {size:,} bytes"
