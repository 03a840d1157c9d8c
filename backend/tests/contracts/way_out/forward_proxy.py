"""An operator's forward proxy on loopback. Whatever host it is asked for, it connects to one server of the
test, so that names which lead to public addresses can be asked for and nothing leaves the machine."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

USER, PASSWORD = "operator", "proxy-password-6f1e"
_WANTED = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"


@dataclass
class ForwardProxy:
    """`asked` are the request lines that came, with good credentials or not."""

    target: tuple[str, int]
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    @property
    def wrong_url(self) -> str:
        """With a password that it does not take."""
        return f"http://{USER}:{PASSWORD}-wrong@127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            self.asked.append(first)
            method, url, _ = first.split(" ")
            sent = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            if sent.get("proxy-authorization") != _WANTED:
                writer.write(b"HTTP/1.1 407 Who are you?\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return
            there, to_target = await asyncio.open_connection(*self.target)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                parts = urlsplit(url)
                kept = [line for line in lines if not line.lower().startswith("proxy-")]
                path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
                to_target.write("\r\n".join([f"{method} {path} HTTP/1.1", *kept]).encode("latin-1"))
            await asyncio.gather(_pass(reader, to_target), _pass(there, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def forward_proxy(host: str, port: int) -> AsyncIterator[ForwardProxy]:
    """A running proxy in front of that server."""
    found = ForwardProxy((host, port))
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
