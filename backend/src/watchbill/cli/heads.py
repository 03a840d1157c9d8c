"""HTTP as uvicorn reads it, with limits on what comes beside a body: httptools has none, so anybody could
fill the memory with the head of one request."""

from __future__ import annotations

import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 * 1024
MOST_FIELDS = 200
# Requests that wait for the answer to one before them on the same connection.
MOST_WAITING = 32
# What a body may have around it: chunks of 40 bytes and more, after some ten thousand smaller ones. Each
# costs as much time as a kilobyte.
_BODY_PARTS = 8
_DETAIL = f"The address and header fields have at most {MOST_BYTES:,} bytes and {MOST_FIELDS} fields in all."


class TooMuchBeside(Exception):
    """The address and the header fields of a request, its trailers included, are too large or too many; or so
    are requests that wait."""


class LimitedHeads(HttpToolsProtocol):
    """Reads requests whose address and fields have at most MOST_BYTES and MOST_FIELDS; others are answered
    431, and the connection is closed. So it is when it sends more than MOST_WAITING requests before they are
    answered, which uvicorn would go on to read with each answer, or a body in crumbs."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._fields = self._size = self._beside = 0
        self._in_head = self._too_much = False

    def data_received(self, data: bytes) -> None:
        # The parser tells of a field when it has all of it, so one without an end is seen here alone.
        self._beside = max(0, self._beside) + len(data)
        super().data_received(data)
        if self._beside > MOST_BYTES and not self._too_much:
            self._refuse()

    def on_message_begin(self) -> None:
        self._fields = self._size = 0
        self._in_head = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        if len(self.pipeline) > MOST_WAITING:
            self._too_much = True
            raise TooMuchBeside

    def on_body(self, body: bytes) -> None:
        self._beside -= len(body) + len(body) // _BODY_PARTS
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._beside = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._too_much:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MOST_BYTES or self._fields > MOST_FIELDS:
            self._too_much = True
            raise TooMuchBeside

    def _refuse(self) -> None:
        self._too_much = True
        busy = bool(self.cycle) and not self.cycle.response_complete
        if self._in_head and not busy:
            self.transport.write(_answer())
        self.transport.close()


def _answer() -> bytes:
    problem = {
        "type": "about:blank",
        "title": "Request Header Fields Too Large",
        "status": 431,
        "detail": _DETAIL,
        "code": "headers_too_large",
    }
    body = json.dumps(problem).encode()
    head = (
        "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
