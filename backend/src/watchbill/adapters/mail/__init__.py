"""Mail: over SMTP, into a folder, or not at all."""

from __future__ import annotations

from pathlib import Path

from watchbill.adapters.mail.mailbox import FileMail
from watchbill.adapters.mail.smtp import SmtpMail
from watchbill.adapters.mail.unset import UnsetMail
from watchbill.core.ports.mail import Mail

__all__ = ["FileMail", "SmtpMail", "UnsetMail", "open_mail"]


def open_mail(*, smtp_url: str | None, sender: str, mailbox: Path | None) -> Mail:
    """The way out that the settings describe: the SMTP server when there is one, else the folder `mailbox`,
    else none.

    Raises:
        BadSmtpUrl: the URL cannot be read.
    """
    if smtp_url is not None:
        return SmtpMail(smtp_url, sender)
    return UnsetMail() if mailbox is None else FileMail(mailbox, sender)
