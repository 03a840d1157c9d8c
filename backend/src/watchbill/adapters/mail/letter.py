"""A mail as the standards want it: RFC 5322, with the headers that keep it from being answered by robots."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr

from watchbill.core.ports.mail import MailFailed, MailMessage
from watchbill.kit.clock import now

_SUBJECT_LENGTH = 200


def letter(message: MailMessage, sender: str) -> EmailMessage:
    """The mail to hand over.

    Raises:
        MailFailed: an address cannot stand in a header.
    """
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = address(sender)
        mail["To"] = address(message.to)
    except (ValueError, IndexError) as error:
        raise MailFailed("The mail address is not valid.", passing=False) from error
    # Names that people typed become part of subjects; a line break there would begin another header.
    mail["Subject"] = _line(message.subject)[:_SUBJECT_LENGTH]
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = make_msgid(domain=mail["From"].addresses[0].domain or "localhost")
    mail["Auto-Submitted"] = "auto-generated"
    # Plain text stays readable in a mailbox of files, links above all. RFC 5322 allows 998 characters a line.
    plain = message.text.isascii() and all(len(line) < 990 for line in message.text.splitlines())
    mail.set_content(message.text, cte="7bit" if plain else None)
    return mail


def address(text: str) -> Address:
    """An address as `name <person@host>` or `person@host`.

    Raises:
        ValueError, IndexError: it is none.
    """
    name, plain = parseaddr(text)
    if not plain or any(sign in text for sign in "\r\n\0"):
        raise ValueError("no address")
    return Address(display_name=name, addr_spec=plain)


def _line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
