"""A TCP proxy in front of the test's PostgreSQL that loses answers and cuts connections when it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

# What PostgreSQL says when a statement is done and no transaction is open.
_READY = b"Z\x00\x00\x00\x05I"


class Proxy:
    """Passes everything on. `url` leads through it."""

    def __init__(self, socket: str, database: str):
        self._socket = socket
        self._database = database
        self._open: set[asyncio.StreamWriter] = set()
        self._lose: bytes | None = None
        self.url = ""
        self.lost = 0
        self.refusing = False
        self._passing = asyncio.Event()
        self._passing.set()

    @classmethod
    def of(cls, url: str) -> Proxy:
        """A proxy in front of the database of that URL; it is to be started."""
        parts = urlsplit(url)
        folder = parse_qs(parts.query)["host"][0]
        return cls(f"{folder}/.s.PGSQL.5432", parts.path.strip("/"))

    def lose_answer_to(self, marker: bytes) -> None:
        """The server does what has the marker in it, but its answer is lost with the connection, once."""
        self._lose = marker

    def cut(self) -> None:
        """End every connection now."""
        for writer in list(self._open):
            writer.transport.abort()

    def freeze(self) -> None:
        """Pass nothing on, and end nothing: as a server that hangs, or a network that is gone."""
        self._passing.clear()

    def thaw(self) -> None:
        """Pass everything on again, also what came meanwhile."""
        self._passing.set()

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = f"postgresql://watchbill@127.0.0.1:{port}/{self._database}"
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        from_server, to_server = await asyncio.open_unix_connection(self._socket)
        self._open |= {writer, to_server}
        losing = asyncio.Event()
        try:
            await asyncio.gather(
                self._forth(reader, to_server, losing), self._back(from_server, writer, losing)
            )
        except OSError:
            pass
        finally:
            for one in (writer, to_server):
                self._open.discard(one)
                one.transport.abort()

    async def _forth(
        self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter, losing: asyncio.Event
    ) -> None:
        while chunk := await reader.read(65536):
            await self._passing.wait()
            if self._lose is not None and self._lose in chunk:
                self._lose = None
                losing.set()
            to_server.write(chunk)
        to_server.write_eof()

    async def _back(
        self, from_server: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event
    ) -> None:
        while chunk := await from_server.read(65536):
            await self._passing.wait()
            if not losing.is_set():
                writer.write(chunk)
            elif chunk.endswith(_READY):
                self.lost += 1
                writer.transport.abort()
                return
        writer.close()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """A proxy in front of the database of that URL."""
    proxy = Proxy.of(url)
    server = await proxy.start()
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
