"""The listening socket: opened before anything else starts, so that a busy port is known at once, and handed
to each API process in turn, so that connections wait while one is replaced."""

from __future__ import annotations

import asyncio
import errno
import socket

from watchbill.embedded.errors import CannotStart

_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 5.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (shown as an address one can open)


def listen(host: str, port: int) -> socket.socket:
    """Bind a TCP socket; port 0 picks a free one.

    Raises:
        CannotStart: the port is taken or not allowed, or the host is not this machine's.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, number)
    except OSError as error:
        raise CannotStart(f"The host {host} is not known here; give an address with --host.") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise CannotStart(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use; choose another with --port, or stop the program that has it."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} needs more rights than you have; choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"The host {host} is not an address of this machine; give another with --host."
    return f"Port {port} on {host} cannot be used ({error.strerror}); choose another with --port."


def url(listener: socket.socket) -> str:
    """The address to open in a browser on this machine."""
    host, port = _reachable(listener)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def answers_ready(listener: socket.socket) -> None:
    """Wait until GET /health/ready on this socket answers 200."""
    while not await answers(listener, "/health/ready"):  # noqa: ASYNC110 (the readiness of another process rings no bell)
        await asyncio.sleep(_POLL_SECONDS)


async def answers(listener: socket.socket, path: str) -> bool:
    """Whether GET of that path on this socket answers 200 within some seconds."""
    host, port = _reachable(listener)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                asked = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                writer.write(asked.encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.startswith(b"HTTP/1.1 200")


def _reachable(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    return _EVERYWHERE.get(str(host), str(host)), int(port)
