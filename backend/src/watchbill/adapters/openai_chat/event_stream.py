"""Server-sent events out of bytes, as WHATWG's HTML standard says (9.2.6), however the bytes are cut.

Lines may end by LF, CRLF or CR, and a BOM may come first. Habits of model servers are understood beyond the
standard: a last event without its blank line, a bare JSON object where `data:` is missing or one where it
stands twice, and `error:` as a field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from watchbill.adapters.openai_chat.faults import TooLarge

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MOST_LINES = 20_000
# Bytes of all that is no event with data; a heartbeat each second makes that in a day.
_MOST_NOISE = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name in lower case, empty for most, and the lines of its data."""

    name: str
    lines: tuple[str, ...]

    @property
    def data(self) -> str:
        """The data as the standard has it."""
        return "\n".join(self.lines)

    def payloads(self) -> list[Any]:
        """The JSON values of the data: one, or one for each line where a server forgets the blank lines
        between events. What is no JSON is given as text."""
        value = _parsed(self.data)
        if not isinstance(value, str) or len(self.lines) == 1:
            return [value]
        values = [_parsed(line) for line in self.lines]
        return [value] if any(isinstance(each, str) and not is_done(each) for each in values) else values


def is_done(value: Any) -> bool:
    """Whether this is the word that ends a stream."""
    return isinstance(value, str) and value.strip().upper() == "[DONE]"


class EventStream:
    """Takes bytes in as they come and gives the events that are whole.

    An event of more than `most_bytes` is not waited for, nor are heartbeats without end listened to: reading
    them costs time that is others' too.
    """

    def __init__(self, most_bytes: int):
        self._most_bytes = most_bytes
        self._line = bytearray()
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0
        self._noise = 0
        self._after_cr = False

    def feed(self, data: bytes) -> Iterator[ServerEvent]:
        """The events that end within these bytes.

        Raises:
            TooLarge: a line or an event has no end.
        """
        if self._after_cr and data[:1] == b"\n":
            data = data[1:]
        # An LF that follows in the next bytes belongs to this CR.
        self._after_cr = data[-1:] == b"\r" if data else self._after_cr
        first, *others = _LINE_END.split(data)
        self._line += first
        for following in others:
            yield from self._take(bytes(self._line))
            self._line = bytearray(following)
        if len(self._line) + self._size > self._most_bytes or len(self._data) > _MOST_LINES:
            raise TooLarge(f"a line or an event of more than {self._most_bytes:,} bytes")
        if self._noise > _MOST_NOISE:
            raise TooLarge(f"more than {_MOST_NOISE:,} bytes of heartbeats")

    def close(self) -> Iterator[ServerEvent]:
        """The event that the end of the bytes cut short, if there is one."""
        yield from self._take(bytes(self._line))
        yield from self._take(b"")

    def _take(self, line: bytes) -> Iterator[ServerEvent]:
        while line.startswith(_BOM):
            # One may come first. Servers that put texts together leave more of them.
            line = line.removeprefix(_BOM)
        self._size += len(line) + 1
        if not line:
            if not any(self._data):
                self._noise += self._size
            if self._data:
                yield ServerEvent(self._name, tuple(part.decode("utf-8", "replace") for part in self._data))
            self._name, self._data, self._size = "", [], 0
            return
        field, _, value = line.partition(b":")
        if line.startswith(b"{"):
            field, value = b"data", line
        value = value.removeprefix(b" ")
        if field == b"error":
            self._name, field = "error", b"data"
        if field == b"data":
            while value.startswith(b"data:"):
                value = value.removeprefix(b"data:").strip()
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")[:100].lower()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
