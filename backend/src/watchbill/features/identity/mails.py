"""The mails of identity, and sending them with patience."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import structlog

from watchbill.core.ports.mail import Mail, MailFailed, MailMessage

log = structlog.stdlib.get_logger("watchbill.identity")
_PAUSES = (1.0, 5.0, 30.0)


def reset_mail(base_url: str, email: str, token: str, minutes: int) -> MailMessage:
    """For somebody who forgot the password."""
    return MailMessage(
        email,
        "Set a new password for Watchbill",
        f"""Somebody, probably you, asked for a new password for the Watchbill account of {email}.

Set it here within {minutes} minutes:

{link(base_url, "reset-password", token)}

If it was not you, do nothing: your password stays as it is.
""",
    )


def registration_mail(base_url: str, email: str, token: str, minutes: int) -> MailMessage:
    """For somebody who wants to register."""
    return MailMessage(
        email,
        "Create your Watchbill account",
        f"""Somebody, probably you, wants to make a Watchbill account with this e-mail address.

Go on here within {minutes} minutes:

{link(base_url, "register", token, email=email)}

If it was not you, do nothing: no account is made.
""",
    )


def has_account_mail(base_url: str, email: str) -> MailMessage:
    """For somebody who wants to register and has an account."""
    return MailMessage(
        email,
        "You have a Watchbill account already",
        f"""Somebody, probably you, wants to make a Watchbill account with this e-mail address, which has one.

Sign in:

{base_url}/login/

Or set a new password:

{base_url}/forgot-password/

If it was not you, do nothing: your account stays as it is.
""",
    )


def verification_mail(base_url: str, email: str, token: str, minutes: int) -> MailMessage:
    """For somebody who has to show that the address is theirs."""
    return MailMessage(
        email,
        "Confirm your e-mail address for Watchbill",
        f"""A Watchbill account was made with this e-mail address.

Confirm within {minutes} minutes that it is yours:

{link(base_url, "verify-email", token)}

If you made no account, do nothing.
""",
    )


def invitation_mail(
    base_url: str, email: str, token: str, tenant: str, inviter: str, days: int
) -> MailMessage:
    """For somebody who is invited."""
    return MailMessage(
        email,
        "You are invited to a tenant on Watchbill",
        f"""Somebody invites you to work with them on Watchbill.

Who: {one_line(inviter)}
Tenant: {one_line(tenant)}

Accept within {days} days:

{link(base_url, "invitation", token)}

If you do not know them, do nothing.
""",
    )


def one_line(text: str, longest: int = 100) -> str:
    """What somebody typed, as one visible line of at most so many characters."""
    visible = "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(visible.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def link(base_url: str, page: str, token: str, **more: str) -> str:
    """The page that takes a mailed token, and more to show there. It stands behind a #, which browsers send
    to no server, so that it is in no log and no Referer."""
    return f"{base_url}/{page}/#{urlencode({'token': token, **more})}"


async def deliver(mail: Mail, message: MailMessage) -> None:
    """Send a mail that nobody is waiting for: several times if need be, and in the end with a log entry."""
    for pause in (*_PAUSES, None):
        try:
            return await mail.send(message)
        except MailFailed as error:
            if pause is None or not error.passing:
                log.warning("mail_not_sent", subject=message.subject, error=error.detail)
                return None
        await asyncio.sleep(pause)
    return None
