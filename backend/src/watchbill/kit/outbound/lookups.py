"""Addresses of names: looked up in threads of their own, of which one slow domain has a few at most."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Any

from watchbill.kit.asked_once import Asked
from watchbill.kit.database.waits import about_to_await
from watchbill.kit.limits.turns import NoTurn, Turns

# As socket.getaddrinfo gives them: family, type, protocol, canonical name, address.
Found = list[tuple[Any, ...]]
_THREADS = 32
_EACH = 4
_SECONDS = 5.0


class NamesTooSlow(TimeoutError):
    """No name server answered in time."""


class Lookups:
    """Looks names up. The system's resolver cannot be stopped: a thread that asks a silent name server is
    taken until that gives up, also when nobody waits for it any more. So the threads of a domain are counted
    until they are free again. Use it from one event loop.

    Args:
        find: what asks, as socket.getaddrinfo does.
        seconds: how long an answer is waited for.
    """

    def __init__(self, find: Callable[..., Found] = socket.getaddrinfo, *, seconds: float = _SECONDS):
        self._find = find
        self._seconds = seconds
        self._turns = Turns(_THREADS, _EACH)
        self._threads: ThreadPoolExecutor | None = None
        # Who asks at the same time for the same waits for one answer; none is kept.
        self._asked: Asked[Found] = Asked(good_seconds=0, failed_seconds=0)

    async def of(self, host: str, port: int, *, family: int = socket.AF_UNSPEC) -> Found:
        """Where a host is.

        Raises:
            NamesTooSlow: that did not turn out in time.
            OSError, UnicodeError: there is no such host.
        """
        about_to_await("A look-up of a name")
        if _is_address(host):
            return socket.getaddrinfo(
                host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        try:
            async with asyncio.timeout(self._seconds):
                key = f"{host} {port} {family}"
                return await self._asked.ask(key, partial(self._ask, host, port, family))
        except TimeoutError as error:
            text = f"The name servers did not say within {self._seconds:g} seconds where {host} is."
            raise NamesTooSlow(text) from error

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses alone, each once; raises as `of` does."""
        found = await self.of(host, port)
        return tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))

    async def _ask(self, host: str, port: int, family: int) -> Found:
        domain = ".".join(host.lower().rstrip(".").split(".")[-2:])
        try:
            await self._turns.take(domain, self._seconds)
        except NoTurn as error:
            raise NamesTooSlow(f"Too many look-ups at {domain} are under way.") from error
        loop = asyncio.get_running_loop()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names")
        search = partial(self._find, host, port, family=family, type=socket.SOCK_STREAM)
        try:
            # The turn ends with the thread, and this goes on until then, whoever has given up.
            return await loop.run_in_executor(self._threads, search)
        finally:
            self._turns.give_back(domain)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
