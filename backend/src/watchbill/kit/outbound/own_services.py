"""Where the services of the installation itself are: databases, Redis, the mail server, name servers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from watchbill.kit.outbound.closed_addresses import Address, plain

Endpoint = tuple[str, int]
_PORTS = {
    "postgresql": 5432,
    "postgres": 5432,
    "redis": 6379,
    "rediss": 6379,
    "mongodb": 27017,
    "smtp": 25,
    "smtps": 465,
    "http": 80,
    "https": 443,
}
_DNS = 53
# A name that leads elsewhere is noticed after so long.
_KEEP_SECONDS = 30.0


def endpoints(url: str) -> list[Endpoint]:
    """Hosts and ports in the address of a service; several, where the address names several. None for a
    socket in the file system, and for mongodb+srv://, whose hosts only DNS knows."""
    parts = urlsplit(url)
    default = _PORTS.get(parts.scheme.partition("+")[0])
    if default is None or parts.scheme == "mongodb+srv":
        return []
    query = parse_qs(parts.query)
    places = parts.netloc.rpartition("@")[2].split(",")
    hosts = [host for value in query.get("host", []) for host in value.split(",")]
    ports = [port for value in query.get("port", []) for port in value.split(",")]
    if hosts:
        places = [
            f"{host}:{port}" for host, port in zip(hosts, ports or [str(default)] * len(hosts), strict=False)
        ]
    found = [_place(place, default) for place in places if place and not place.startswith("/")]
    return [place for place in found if place is not None]


def _place(text: str, default: int) -> Endpoint | None:
    host, _, port = text.rpartition(":")
    if not host or text.endswith("]"):
        host, port = text, ""
    host = host.strip("[]").lower()
    try:
        return (host, int(port) if port else default) if host and not host.startswith(("/", "%2f")) else None
    except ValueError:
        return None


@dataclass
class OwnServices:
    """Knows the services by address. A name is waited for once; later an answer that is old is good until a
    thread has the next one, as event loops ask. Safe to use from several threads."""

    places: set[Endpoint] = field(default_factory=set[Endpoint])
    _known: dict[Endpoint, tuple[float, frozenset[Address]]] = field(
        default_factory=dict[Endpoint, tuple[float, frozenset[Address]]]
    )
    _asked: set[Endpoint] = field(default_factory=set[Endpoint])

    @staticmethod
    def of(urls: Iterable[str], name_servers: Iterable[str] = ()) -> OwnServices:
        """Those with these addresses, and name servers as `address` or `address:port`."""
        places = [place for url in urls for place in endpoints(url)]
        places += [place for place in (_place(each, _DNS) for each in name_servers) if place is not None]
        return OwnServices(set(places))

    def add(self, places: Iterable[Endpoint]) -> None:
        """Know more of them, like a database's further servers that the first one told of."""
        self.places |= set(places)

    def at(self, address: Address, port: int) -> bool:
        """Whether one of the services is there."""
        return any(
            _same(plain(address), each)
            for place in tuple(self.places)
            if place[1] == port
            for each in self._addresses(place)
        )

    def _addresses(self, place: Endpoint) -> frozenset[Address]:
        if place not in self._known:
            self._look_up(place)
        at, known = self._known[place]
        if time.monotonic() - at >= _KEEP_SECONDS and place not in self._asked:
            self._asked.add(place)
            threading.Thread(target=self._look_up, args=(place,), name="own services", daemon=True).start()
        return known

    def _look_up(self, place: Endpoint) -> None:
        _, known = self._known.get(place, (0.0, frozenset[Address]()))
        try:
            entries = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)
            known = frozenset(plain(ip_address(str(entry[4][0]).partition("%")[0])) for entry in entries)
        except (OSError, UnicodeError):
            # What was true a moment ago is the best guess while no name server answers.
            pass
        self._known[place] = (time.monotonic(), known)
        self._asked.discard(place)


def _same(one: Address, other: Address) -> bool:
    """Whether both lead to one server: what listens on this machine mostly listens on all its addresses, and
    no firewall stands between the machine and itself."""
    return one == other or (_is_here(one) and _is_here(other))


def _is_here(address: Address) -> bool:
    """Whether the address is this machine's, which is where a socket can be bound to it."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as tried:
            tried.bind((str(address), 0))
    except OSError:
        return False
    return True
