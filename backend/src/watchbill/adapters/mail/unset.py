"""No way out for mails: what production has before somebody names an SMTP server."""

from __future__ import annotations

from watchbill.core.ports.mail import MailFailed, MailMessage


class UnsetMail:
    """Refuses every mail, and says what to do about it."""

    delivers = False

    async def send(self, message: MailMessage) -> None:
        """Refuse.

        Raises:
            MailFailed: always.
        """
        raise MailFailed("No mail server is set up: set WATCHBILL_SMTP_URL.", passing=False)
