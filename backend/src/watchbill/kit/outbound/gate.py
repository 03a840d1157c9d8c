"""The last check before this process connects to anything, beneath every library.

Python tells its audit hooks (PEP 578) of every connection before it is made, so what goes through Python's
sockets passes here: asyncio, aiohttp, httpx, requests, botocore, in whichever thread. uvloop connects by
itself, therefore `kit.loops` has it connect through Python's sockets too. A hook cannot be taken away again,
so one is installed at the start of a process that serves tenants, and never in a process of tests.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from watchbill.kit.outbound.closed_addresses import Address, plain
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import CheckedSocket, RefusedConnection, is_for_tenant

_EVENTS = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))
_PROXIES = frozenset(
    ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "ws_proxy", "wss_proxy", "no_proxy")
)
_DNS = 53
_RESOLV_CONF = Path("/etc/resolv.conf")


class Gate:
    """Decides about connections: for tenants only those of sockets that `kit.outbound` checked; otherwise to
    the installation's own services, to name servers, to sockets in the file system, and to where the guard
    lets URLs lead.

    Args:
        guard: what it refuses is refused here.
        own: the services of the installation.
    """

    def __init__(self, guard: UrlGuard, own: OwnServices):
        self._guard = guard
        self._own = own

    def check(self, sock: Any, address: Any) -> None:
        """Raises RefusedConnection when the socket may not send to the address."""
        if is_for_tenant():
            if isinstance(sock, CheckedSocket) and sock.checked == tuple(address[:2]):
                return
            raise RefusedConnection(f"A client that is not guarded tried to reach {_shown(address)}.")
        if not isinstance(address, tuple):
            return
        host, port, *_ = cast("tuple[Any, ...]", address)
        for found in _addresses(host, port):
            if not self._may_reach(found, port):
                raise RefusedConnection(
                    f"This process may not connect to {_shown(address)}: it is a private address, and no"
                    " setting names it."
                )

    def check_datagrams(self, address: Any) -> None:
        """Raises RefusedConnection when no datagrams may be sent, to this address if it is given."""
        if is_for_tenant() or address is not None:
            self.check(None, address)

    def _may_reach(self, address: Address, port: int) -> bool:
        return (
            self._own.at(address, port)
            or self._guard.is_open(address, port)
            or (port == _DNS and address in _name_servers())
        )


_gates: list[Gate] = []


def install(gate: Gate) -> None:
    """Let this gate decide about all connections of the process from now on."""
    if not _gates:
        sys.addaudithook(_hook)
    _gates[:] = [gate]


def current() -> Gate | None:
    """The gate of this process, if it has one."""
    return _gates[0] if _gates else None


def ignore_proxies_of_the_environment() -> list[str]:
    """Take the proxies out of the environment, since libraries would go through them past the guard; returns
    the names that were there."""
    found = [name for name in os.environ if name.lower() in _PROXIES]
    for name in found:
        del os.environ[name]
    # Also for what asks macOS or Windows where there is nothing in the environment.
    os.environ["no_proxy"] = "*"
    return sorted(found)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _EVENTS and arguments[1] is not None:
        _gates[0].check(arguments[0], arguments[1])


def _addresses(host: str, port: int) -> Iterable[Address]:
    try:
        return [plain(ip_address(host.partition("%")[0]))]
    except ValueError:
        # The socket is about to resolve it in the same way.
        entries = socket.getaddrinfo(host, port)
        return [plain(ip_address(str(entry[4][0]).partition("%")[0])) for entry in entries]


def _name_servers() -> set[Address]:
    """Those of the machine; its administrator may change them at any time."""
    found: set[Address] = set()
    try:
        lines = _RESOLV_CONF.read_text(errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        word, *rest = line.split() or [""]
        if word == "nameserver" and rest:
            try:
                found.add(plain(ip_address(rest[0].partition("%")[0])))
            except ValueError:
                continue
    return found


def _shown(address: Any) -> str:
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "a socket in the file system"
