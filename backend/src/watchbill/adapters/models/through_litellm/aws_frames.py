"""Frames of AWS's event stream, which Bedrock answers in: read far enough to know what each is and whether
the answer is over."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchbill.adapters.openai_chat import BrokenOff, Refused, Said, TooLarge, said

_PRELUDE = struct.Struct(">III")
_CHECKSUM = struct.Struct(">I")
_TEXT = 7
# Bytes of a value by its type; those of text and bytes are told by two bytes before it.
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_STATUSES = {
    "throttlingexception": 429,
    "servicequotaexceededexception": 429,
    "modelnotreadyexception": 503,
    "serviceunavailableexception": 503,
    "modelstreamerrorexception": 500,
    "modelerrorexception": 500,
    "internalserverexception": 500,
    "modeltimeoutexception": 408,
    "validationexception": 400,
    "accessdeniedexception": 403,
    "resourcenotfoundexception": 404,
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame is called, what it carries, and its bytes as they came."""

    name: str
    payload: bytes
    raw: bytes


class AwsFrames:
    """Takes bytes in as they come and gives the frames that are whole; one of more than `most_bytes` is not
    waited for."""

    def __init__(self, most_bytes: int):
        self._most_bytes = most_bytes
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that end within these bytes.

        Raises:
            Refused: one of them says what is wrong.
            BrokenOff: they are no frames, or damaged.
            TooLarge: a frame has no end.
        """
        self._kept += data
        while len(self._kept) >= _PRELUDE.size:
            size, head, checksum = _PRELUDE.unpack_from(self._kept)
            if zlib.crc32(self._kept[:8]) != checksum or size < _PRELUDE.size + head + _CHECKSUM.size:
                raise BrokenOff("The stream is damaged: a frame does not begin as it should")
            if size > self._most_bytes:
                raise TooLarge(f"an event of more than {self._most_bytes:,} bytes")
            if len(self._kept) < size:
                return
            raw = bytes(self._kept[:size])
            del self._kept[:size]
            yield _read(raw, head)

    def close(self) -> None:
        """Nothing follows.

        Raises:
            BrokenOff: a frame is not whole.
        """
        if self._kept:
            raise BrokenOff(f"The stream ended within a frame, of which only {len(self._kept):,} bytes came")


def _read(raw: bytes, head: int) -> Frame:
    [checksum] = _CHECKSUM.unpack(raw[-_CHECKSUM.size :])
    if zlib.crc32(raw[: -_CHECKSUM.size]) != checksum:
        raise BrokenOff("The stream is damaged: the checksum of a frame is wrong")
    start = _PRELUDE.size + head
    try:
        headers = dict(_headers(raw[_PRELUDE.size : start]))
    except (IndexError, KeyError, struct.error) as error:
        raise BrokenOff("The stream is damaged: the headers of a frame cannot be read") from error
    payload = raw[start : -_CHECKSUM.size]
    if headers.get(":message-type", "event") != "event":
        raise _refusal(headers, payload)
    return Frame(headers.get(":event-type", ""), payload, raw)


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(data):
        name = data[at + 1 : at + 1 + data[at]].decode("utf-8", "replace")
        at += 1 + data[at]
        kind = data[at]
        at += 1
        if kind in (6, _TEXT):
            [size] = struct.unpack_from(">H", data, at)
            at += 2
        else:
            size = _SIZES[kind]
        if kind == _TEXT:
            yield name, data[at : at + size].decode("utf-8", "replace")
        at += size


def _refusal(headers: Mapping[str, str], payload: bytes) -> Refused:
    name = headers.get(":exception-type") or headers.get(":error-code") or ""
    try:
        value: Any = json.loads(payload)
    except (ValueError, RecursionError):
        value = payload.decode("utf-8", "replace")
    found = said.complaint(value)
    text = found.text if found and found.text else said.in_short(headers.get(":error-message", "")) or name
    status = _STATUSES.get(name.lower(), 500)
    return Refused(status, Said(text, (name[:100],) if name else (), status), within=True)
