"""Mail into a folder, one .eml file each, for development: nothing leaves the machine."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from uuid import uuid4

from watchbill.adapters.mail.letter import letter
from watchbill.core.ports.mail import MailFailed, MailMessage
from watchbill.kit.clock import now
from watchbill.kit.database.waits import about_to_await


class FileMail:
    """A folder, made when the first mail comes. Names sort by time; a file that is there is whole."""

    delivers = False

    def __init__(self, folder: Path, sender: str):
        self._folder = folder
        self._sender = sender

    async def send(self, message: MailMessage) -> None:
        """See core.ports.mail.Mail."""
        about_to_await("A mail")
        mail = letter(message, self._sender)
        try:
            await asyncio.to_thread(self._write, bytes(mail))
        except OSError as error:
            raise MailFailed(f"The mailbox cannot be written: {error.strerror}.", passing=False) from error

    def _write(self, content: bytes) -> None:
        # Mails carry links that sign people in, so nobody else on the machine may read them.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / f"{now():%Y%m%dT%H%M%S.%f}-{uuid4().hex[:8]}.eml"
        part = file.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(content)
        part.rename(file)
