"""What a protocol has to offer. Events are given as name and data; the wire puts them into bytes."""

from __future__ import annotations

from typing import Any, Protocol

from watchbill.testing.llm_server.calls import Call
from watchbill.testing.llm_server.protocol import Answer

# The name of a server-sent event, empty for none, and its data: JSON, or text that is sent as it is.
Event = tuple[str, Any]


class Dialect(Protocol):
    """One protocol."""

    def opening(self, call: Call, answer: Answer) -> list[Event]:
        """What comes before the first word."""
        ...

    def word(self, call: Call, answer: Answer, text: str) -> Event:
        """A piece of the text."""
        ...

    def ending(self, call: Call, answer: Answer, *, finish: bool, usage: bool) -> list[Event]:
        """What comes after the last word."""
        ...

    def done(self) -> list[Event]:
        """The very end."""
        ...

    def whole(self, call: Call, answer: Answer) -> Any:
        """The answer to a request without streaming."""
        ...

    def error(self, status: int, message: str, code: str | None) -> Any:
        """The body of an error."""
        ...
