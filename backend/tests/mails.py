"""Reading the mails that a test's API sent."""

from __future__ import annotations

from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI


def mails_to(app: FastAPI, email: str) -> list[EmailMessage]:
    """What was mailed to an address, in order."""
    folder: Path = app.state.settings.mailbox
    return read_mails(folder.glob("*.eml"), email)


def read_mails(files: Iterable[Path], email: str) -> list[EmailMessage]:
    """The mails to an address among these files, in order."""
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted(files)]
    return [mail for mail in mails if email in str(mail["To"])]


def mailed_link(app: FastAPI, email: str) -> str:
    """The link in the last mail to an address."""
    return link_in(mails_to(app, email)[-1])


def link_in(mail: EmailMessage) -> str:
    """The link in a mail."""
    return next(word for word in mail.get_content().split() if word.startswith("http"))


def token_of(link: str) -> str:
    """The token that a link carries."""
    return parse_qs(urlsplit(link).fragment)["token"][0]
