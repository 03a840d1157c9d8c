"""The ways in which a call fails on the wire once a server was reached; what cannot be reached is aiohttp's
own to tell.

Fault
|- Refused       the server says what is wrong, by a status or within an answer
|- NotAnAnswer   something came back that is no answer of a model
|- BrokenOff     the answer ended before it was over
`- TooLarge      the answer is larger than anybody wants to read
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchbill.adapters.openai_chat.said import Said


class Fault(Exception):
    """A call failed on the wire."""


class Refused(Fault):
    """The server says what is wrong. `status` is the HTTP status, or the one that an answer with status 200
    names; None where there is none. `within` tells that it came in place of an answer, or in its middle.
    `retry_after` is the header of that name, `redirect` says who redirects where."""

    def __init__(
        self,
        status: int | None,
        said: Said,
        *,
        within: bool = False,
        retry_after: str | None = None,
        redirect: str | None = None,
    ):
        super().__init__(said.text)
        self.status = status
        self.said = said
        self.within = within
        self.retry_after = retry_after
        self.redirect = redirect


class NotAnAnswer(Fault):
    """The message names what came back instead, to follow "sent"."""


class BrokenOff(Fault):
    """The message says how the answer ended, a sentence without its stop."""


class TooLarge(Fault):
    """The message says what is too large, to follow "sent"."""
