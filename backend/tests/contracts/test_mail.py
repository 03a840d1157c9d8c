"""Mail: both adapters hand over the same mail, and say why one was not taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP

from watchbill.adapters.mail import FileMail, SmtpMail, UnsetMail, open_mail
from watchbill.adapters.mail.smtp import BadSmtpUrl
from watchbill.core.ports.mail import Mail, MailFailed, MailMessage

SENDER = "Watchbill <watchbill@example.com>"
MAIL = MailMessage("ada@example.org", "Größe\r\nBcc: eve@example.org", "Hello Ada,\n\nçava?\n" + "x" * 2000)


class Inbox:
    """A local SMTP server's side: keeps what comes, refuses who is called nobody or busy."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such person"
        if address.startswith("busy"):
            return "451 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest_asyncio.fixture
async def smtp_url(inbox: Inbox) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, loop=loop), "127.0.0.1", 0)
    yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


@pytest.fixture(params=["smtp", "file"])
def taken(request: pytest.FixtureRequest, inbox: Inbox, smtp_url: str, tmp_path: Path):
    """An adapter, and what it handed over."""
    folder = tmp_path / "mails"

    if request.param == "smtp":
        return SmtpMail(smtp_url, SENDER), lambda: inbox.mails
    read = lambda: [message_from_bytes(content, policy=policy.default) for content in files(folder)]  # noqa: E731
    return FileMail(folder, SENDER), read


def files(folder: Path) -> list[bytes]:
    """What the files of a mailbox hold, in order."""
    return [file.read_bytes() for file in sorted(folder.iterdir())]


async def test_a_mail_arrives_as_it_was_written(taken: tuple[Mail, Any]):
    mail, mails = taken
    await mail.send(MAIL)
    await mail.send(MailMessage("bob@example.org", "Second", "Text"))
    first, second = mails()
    assert str(first["From"]) == SENDER
    assert str(first["To"]) == "ada@example.org"
    # A line break in the subject must not begin another header.
    assert first["Bcc"] is None
    assert str(first["Subject"]) == "Größe Bcc: eve@example.org"
    assert first.get_content().replace("\r\n", "\n").rstrip("\n") == MAIL.text
    assert first["Message-ID"] != second["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("to", ["", "nobody", "a@b\r\nBcc: c@d", "a@"])
async def test_bad_addresses_are_refused(taken: tuple[Mail, Any], to: str):
    with pytest.raises(MailFailed) as caught:
        await taken[0].send(MailMessage(to, "s", "t"))
    assert not caught.value.passing


async def test_what_the_server_refuses(smtp_url: str):
    mail = SmtpMail(smtp_url, SENDER)
    with pytest.raises(MailFailed) as caught:
        await mail.send(MailMessage("nobody@example.org", "s", "t"))
    assert not caught.value.passing
    with pytest.raises(MailFailed) as caught:
        await mail.send(MailMessage("busy@example.org", "s", "t"))
    assert caught.value.passing


async def test_a_server_that_is_away_may_come_back():
    with pytest.raises(MailFailed) as caught:
        await SmtpMail("smtp://127.0.0.1:1", SENDER).send(MAIL)
    assert caught.value.passing


async def test_a_password_does_not_cross_the_network_in_the_open(smtp_url: str, monkeypatch):
    monkeypatch.setattr("watchbill.adapters.mail.smtp._LOOPBACK", ())
    with pytest.raises(MailFailed):
        await SmtpMail(smtp_url.replace("//", "//user:secret@"), SENDER).send(MAIL)


async def test_links_can_be_copied_from_the_file(tmp_path: Path):
    link = "https://watch.example/invitation/#token=" + "a" * 120
    await FileMail(tmp_path, SENDER).send(MailMessage("ada@example.org", "s", f"Go to\n\n{link}\n"))
    (content,) = files(tmp_path)
    assert link.encode() in content


async def test_the_mailbox_is_private(tmp_path: Path):
    await FileMail(tmp_path / "mails", SENDER).send(MAIL)
    (file,) = (tmp_path / "mails").iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o077 == 0
    assert (tmp_path / "mails").stat().st_mode & 0o077 == 0


async def test_a_mailbox_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(MailFailed):
        await FileMail(tmp_path / "file" / "mails", SENDER).send(MAIL)


async def test_without_a_server_the_answer_says_what_to_set():
    with pytest.raises(MailFailed, match="WATCHBILL_SMTP_URL"):
        await UnsetMail().send(MAIL)


def test_the_settings_choose(tmp_path: Path):
    assert isinstance(open_mail(smtp_url="smtps://h", sender=SENDER, mailbox=tmp_path), SmtpMail)
    assert isinstance(open_mail(smtp_url=None, sender=SENDER, mailbox=tmp_path), FileMail)
    assert isinstance(open_mail(smtp_url=None, sender=SENDER, mailbox=None), UnsetMail)


@pytest.mark.parametrize("url", ["", "http://h", "smtp://", "smtp://h:port", "smtp://h?starttls=perhaps"])
def test_bad_urls(url: str):
    with pytest.raises(BadSmtpUrl):
        SmtpMail(url, SENDER)
