"""Mail to people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from watchbill.core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class MailMessage:
    """One mail in plain text to one address. The sender is the adapter's affair."""

    to: str
    subject: str
    text: str


class MailFailed(Unavailable):
    """The mail was not taken. `passing` tells whether a later try may succeed."""

    code = "mail_failed"
    title = "The mail could not be sent"

    def __init__(self, detail: str, *, passing: bool):
        super().__init__(detail)
        self.passing = passing


class Mail(Protocol):
    """The way out for mails."""

    @property
    def delivers(self) -> bool:
        """Whether mails reach people; False when they only lie in a folder, or cannot be sent at all."""
        ...

    async def send(self, message: MailMessage) -> None:
        """Hand one mail over.

        Raises:
            MailFailed: it was not taken.
        """
        ...
