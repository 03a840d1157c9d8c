"""Mail over SMTP, a connection for each mail."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from watchbill.adapters.mail.letter import letter
from watchbill.core.ports.mail import MailFailed, MailMessage
from watchbill.kit.database.waits import about_to_await

# For each step, and for all of them: a server may answer each step slowly.
_SECONDS = 15.0
_TOTAL_SECONDS = 60.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class BadSmtpUrl(ValueError):
    """The SMTP URL is not smtp://user:password@host:port or smtps://user:password@host:port."""


class SmtpMail:
    """An SMTP server.

    Args:
        url: `smtps://` speaks TLS from the start; `smtp://` upgrades where the server offers it, and must
            when a password would cross the network. `?starttls=never` and `?starttls=always` decide
            otherwise. Names and passwords are percent-encoded.
        sender: whom mails come from, `name <person@host>` or `person@host`.

    Raises:
        BadSmtpUrl: the URL cannot be read.
    """

    delivers = True

    def __init__(self, url: str, sender: str):
        parts = urlsplit(url)
        wish = parse_qs(parts.query).get("starttls", ["auto"])[0]
        try:
            self._port = parts.port
        except ValueError as error:
            raise BadSmtpUrl(BadSmtpUrl.__doc__) from error
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or wish not in _STARTTLS:
            raise BadSmtpUrl(BadSmtpUrl.__doc__)
        self._host = parts.hostname
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._tls = parts.scheme == "smtps"
        far_secret = self._password is not None and self._host not in _LOOPBACK
        self._starttls = True if wish == "auto" and far_secret else _STARTTLS[wish]
        self._sender = sender

    async def send(self, message: MailMessage) -> None:
        """See core.ports.mail.Mail."""
        about_to_await("A mail")
        try:
            async with asyncio.timeout(_TOTAL_SECONDS):
                await aiosmtplib.send(
                    letter(message, self._sender),
                    hostname=self._host,
                    port=self._port,
                    username=self._user,
                    password=self._password,
                    use_tls=self._tls,
                    start_tls=False if self._tls else self._starttls,
                    timeout=_SECONDS,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            passing = all(400 <= each.code < 500 for each in error.recipients)
            raise MailFailed("The mail server refused the address.", passing=passing) from error
        except aiosmtplib.SMTPResponseException as error:
            raise MailFailed(
                f"The mail server refused: {error.code} {error.message[:200]}",
                passing=400 <= error.code < 500,
            ) from error
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            raise MailFailed(f"The mail server cannot be used: {error}", passing=True) from error


_STARTTLS: dict[str, bool | None] = {"auto": None, "always": True, "never": False}
