"""The event loop of processes: uvloop's, which needs a third less of a processor for what waits on sockets,
with every connection made through Python's sockets, where the gate sees it."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING, Any

from watchbill.kit.outbound.gate import current
from watchbill.kit.outbound.way_out import RefusedConnection, is_for_tenant

if sys.platform != "win32" or TYPE_CHECKING:
    import uvloop

    class GateLoop(uvloop.Loop):
        """uvloop's loop, which would otherwise connect without telling Python's audit hooks."""

        async def create_connection(
            self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
        ) -> Any:
            """See asyncio.AbstractEventLoop."""
            if host is None or options.get("sock") is not None:
                return await super().create_connection(protocol_factory, host, port, **options)
            wanted = {name: options.pop(name, 0) for name in ("family", "proto", "flags")}
            local = options.pop("local_addr", None)
            # uvloop tries addresses one after the other whatever these say.
            options.pop("happy_eyeballs_delay", None)
            options.pop("interleave", None)
            sock = await self._connected(host, port, local, wanted)
            if options.get("ssl") and options.get("server_hostname") is None:
                options["server_hostname"] = host
            try:
                return await super().create_connection(protocol_factory, sock=sock, **options)
            except BaseException:
                sock.close()
                raise

        async def create_datagram_endpoint(
            self, protocol_factory: Any, local_addr: Any = None, remote_addr: Any = None, **options: Any
        ) -> Any:
            """See asyncio.AbstractEventLoop."""
            if gate := current():
                gate.check_datagrams(remote_addr)
            return await super().create_datagram_endpoint(
                protocol_factory, local_addr=local_addr, remote_addr=remote_addr, **options
            )

        async def create_unix_connection(
            self, protocol_factory: Any, path: Any = None, **options: Any
        ) -> Any:
            """See asyncio.AbstractEventLoop."""
            if is_for_tenant():
                raise RefusedConnection("No socket in the file system is open to tenants.")
            return await super().create_unix_connection(protocol_factory, path, **options)

        async def _connected(self, host: Any, port: Any, local: Any, wanted: dict[str, int]) -> socket.socket:
            found = await self.getaddrinfo(host, port, type=socket.SOCK_STREAM, **wanted)
            failures: list[OSError] = []
            for family, type_, protocol, _, address in found:
                sock = socket.socket(family, type_, protocol)
                try:
                    sock.setblocking(False)
                    if local is not None:
                        sock.bind(local)
                    await self.sock_connect(sock, address)
                    return sock
                except OSError as error:
                    sock.close()
                    failures.append(error)
                except BaseException:
                    sock.close()
                    raise
            raise failures[0] if failures else OSError(f"{host} has no address.")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop of the kind that runs best here: uvloop does not run on Windows."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    return GateLoop()
