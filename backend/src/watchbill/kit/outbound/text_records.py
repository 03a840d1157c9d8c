"""TXT records of domains, by which their owners say something to others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast

from watchbill.kit.database.waits import about_to_await
from watchbill.kit.process.lazy_imports import late

# Only single sign-on asks, and few installations have it: the library's 5 MB are loaded when it does.
if TYPE_CHECKING:
    from dns import asyncresolver, exception, nameserver, resolver
    from dns.asyncresolver import Resolver
else:
    asyncresolver = late("dns.asyncresolver")
    exception = late("dns.exception")
    nameserver = late("dns.nameserver")
    resolver = late("dns.resolver")

_PORT = 53
_SECONDS = 5.0


class NamesAway(ConnectionError):
    """No name server gave an answer."""


@dataclass(frozen=True, slots=True)
class TextRecords:
    """Asks name servers: `servers`, each an IP address or address:port, or those of the machine.

    Raises:
        ValueError: one is no address.
    """

    servers: Sequence[str] = ()

    def __post_init__(self) -> None:
        for text in self.servers:
            _server(text)

    async def of(self, domain: str) -> list[str]:
        """The texts that stand at a domain; none where there is no such domain.

        Raises:
            NamesAway: that cannot be found out now.
        """
        about_to_await("A name server")
        try:
            answer = await self._resolver().resolve(domain, "TXT", raise_on_no_answer=False, search=False)
        except resolver.NXDOMAIN:
            return []
        except (exception.DNSException, OSError) as error:
            raise NamesAway(f"The name servers do not answer for {domain}.") from error
        # A text may come in pieces of 255 bytes.
        records = cast("Iterable[Any]", answer.rrset or ())
        return [b"".join(record.strings).decode("utf-8", "replace") for record in records]

    def _resolver(self) -> Resolver:
        asking = asyncresolver.Resolver(configure=not self.servers)
        asking.lifetime = _SECONDS
        if self.servers:
            asking.nameservers = [nameserver.Do53Nameserver(*_server(text)) for text in self.servers]
        return asking


def _server(text: str) -> tuple[str, int]:
    """Address and port."""
    address, _, port = text.rpartition(":")
    if address.startswith("[") or address.count(".") == 3:
        return str(ip_address(address.strip("[]"))), int(port)
    return str(ip_address(text.strip("[]"))), _PORT
