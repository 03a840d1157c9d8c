"""`python -m watchbill.testing.names FILE`: a name server for tests that knows TXT records only.

It prints its address. Each line of the file is a domain and its text, read anew for every question; while the
file is away, nothing is answered.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

# What stands at a domain beside ours is none of our business.
_OTHERS = ("v=spf1 -all", "x" * 200)


class Names(asyncio.DatagramProtocol):
    """Answers over UDP from a file of texts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's own datagram transport is not derived from the class for them.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is None or not self._file.exists():
            return
        texts = dict(line.split(" ", 1) for line in self._file.read_text(encoding="utf-8").splitlines())
        self._transport.sendto(_answer(dns.message.from_wire(data), texts).to_wire(), addr)


def _answer(query: dns.message.Message, texts: dict[str, str]) -> dns.message.Message:
    name = query.question[0].name
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    text = texts.get(name.to_text(omit_final_dot=True).lower())
    if text is None:
        answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
    # Long texts come in pieces.
    found = [*(f'"{other}"' for other in _OTHERS), f'"{text[:10]}" "{text[10:]}"']
    answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *found))
    return answer


async def serve(file: Path) -> None:
    """Answer until the process is ended."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Names(file), local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    sys.stdout.write(f"{host}:{port}\n")
    sys.stdout.flush()
    await loop.create_future()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
