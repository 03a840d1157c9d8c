"""Servers on loopback for tests of what is refused: one that redirects, and one that nobody may reach.

The guard of these tests lets URLs lead to 127.0.0.2 only, so 127.0.0.1 stands for what is private, and
nothing leaves the machine.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from watchbill.kit.outbound.lookups import Found, Lookups
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut

OPEN, CLOSED = "127.0.0.2", "127.0.0.1"


@dataclass
class Trap:
    """A server that keeps what it was asked. Without a `location` it answers 500."""

    address: str
    scheme: str = "http"
    status: int = 500
    location: str | None = None
    port: int = 0
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}:{self.port}"

    def redirect(self, status: int, location: str) -> None:
        self.status, self.location = status, location
        self.requests.clear()

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.path_qs, {k.lower(): v for k, v in request.headers.items()}))
        return web.Response(status=self.status, headers={"Location": self.location} if self.location else {})


@asynccontextmanager
async def trap(address: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Trap]:
    """A running trap, with TLS if it has a certificate."""
    found = Trap(address, scheme="https" if tls else "http")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, address, 0, ssl_context=tls).start()
    found.port = runner.addresses[0][1]
    try:
        yield found
    finally:
        await runner.cleanup()


def own_certificate(folder: Path, *names: str) -> ssl.SSLContext:
    """A certificate for these names that only its server vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


class Names:
    """A resolver whose names change their addresses: each look-up takes the next, and the last stays."""

    def __init__(self, **names: Sequence[str]):
        self.names = {name.replace("_", "."): list(addresses) for name, addresses in names.items()}
        self.asked: list[str] = []

    def find(self, host: str, port: int, **_: Any) -> Found:
        """As socket.getaddrinfo does."""
        self.asked.append(host)
        addresses = self.names.get(host)
        if addresses is None:
            raise socket.gaierror(socket.EAI_NONAME, "There is no such name.")
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]


def way(names: Names | None = None, proxy: str | None = None) -> WayOut:
    """To 127.0.0.2 and nowhere else on this machine."""
    return WayOut(UrlGuard([OPEN], Lookups((names or Names()).find)), proxy)
