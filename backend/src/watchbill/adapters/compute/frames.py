"""What goes over a child's socket: a length, then so many bytes."""

from __future__ import annotations

import asyncio
import socket
import struct

_LENGTH = struct.Struct(">I")
# The first byte of an answer says what the rest is: JSON, the limit that was met, or a traceback.
GIVEN, LIMIT, BUG = b"g", b"l", b"b"
# Before an answer there may be frames of what the job tells meanwhile, as text.
TOLD = b"t"
# After an answer with this byte before it the child ends: it has grown.
LAST = b"!"


def packed(*parts: bytes) -> list[bytes]:
    """The parts as one frame."""
    return [_LENGTH.pack(sum(map(len, parts))), *parts]


def receive(connection: socket.socket) -> bytes | None:
    """The next frame, or None at the end. Blocks."""
    head = _exactly(connection, _LENGTH.size)
    return None if head is None else _exactly(connection, _LENGTH.unpack(head)[0])


async def read(reader: asyncio.StreamReader) -> bytes:
    """The next frame.

    Raises:
        asyncio.IncompleteReadError, OSError: the other end is gone.
    """
    return await reader.readexactly(_LENGTH.unpack(await reader.readexactly(_LENGTH.size))[0])


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    whole = bytearray(size)
    view, done = memoryview(whole), 0
    while done < size:
        got = connection.recv_into(view[done:])
        if not got:
            return None
        done += got
    return bytes(whole)
