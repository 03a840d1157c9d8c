"""A process with the gate installed, as workers have it, that tries every way out it knows. Prints what got
through as JSON: {"name of the way": "what happened"}. Its arguments are the ports of a server on loopback
that is refused, and of one that is a service of the installation."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import requests
from botocore.utils import InstanceMetadataFetcher

from watchbill.kit.outbound.connector import guarded_connector
from watchbill.kit.outbound.gate import Gate, ignore_proxies_of_the_environment, install
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import RefusedConnection, WayOut, tenant_traffic
from watchbill.kit.process.loops import new_event_loop

REFUSED, OWN = int(sys.argv[1]), int(sys.argv[2])
GUARD = UrlGuard(["127.0.0.2"])


def refusal(error: BaseException | None) -> bool:
    while error is not None:
        if (
            isinstance(error, RefusedConnection)
            or "not guarded" in str(error)
            or "may not connect" in str(error)
        ):
            return True
        error = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    return False


async def happens(way: Callable[[], Any]) -> str:
    try:
        found = way()
        if asyncio.iscoroutine(found):
            await found
    except Exception as error:  # noqa: BLE001 - whatever a library makes of it
        return "refused" if refusal(error) else f"{type(error).__name__}: {error}"
    return "reached"


async def by_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url):
        pass


async def by_httpx(url: str) -> None:
    async with httpx.AsyncClient() as client:
        await client.get(url)


async def by_loop(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def by_thread(url: str) -> None:
    await asyncio.to_thread(requests.get, url, timeout=5)


async def by_guarded(url: str) -> None:
    async with aiohttp.ClientSession(connector=guarded_connector(WayOut(GUARD))) as session, session.get(url):
        pass


async def by_datagrams(port: int) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port)
    )
    transport.close()


async def by_unix() -> None:
    await asyncio.open_unix_connection("/nowhere/docker.sock")


def by_socket(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


def by_sendto(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.sendto(b"x", ("127.0.0.1", port))


def by_botocore() -> None:
    if InstanceMetadataFetcher(num_attempts=1, timeout=1).retrieve_iam_role_credentials():
        return
    raise RefusedConnection("botocore says nothing of it")


def ways(port: int) -> dict[str, Callable[[], Any]]:
    url = f"http://127.0.0.1:{port}/"
    return {
        "aiohttp": lambda: by_aiohttp(url),
        "httpx": lambda: by_httpx(url),
        "httpx in step": lambda: httpx.get(url),
        "requests": lambda: requests.get(url, timeout=5),
        "requests in a thread": lambda: by_thread(url),
        "urllib": lambda: urllib.request.urlopen(url, timeout=5).close(),
        "open_connection": lambda: by_loop(port),
        "localhost": lambda: by_httpx(f"http://localhost:{port}/"),
        "socket": lambda: by_socket(port),
        "sendto": lambda: by_sendto(port),
        "datagrams": lambda: by_datagrams(port),
        "guarded": lambda: by_guarded(url),
        "guarded and open": lambda: by_guarded(f"http://127.0.0.2:{REFUSED}/"),
        "botocore": by_botocore,
        "unix": by_unix,
    }


async def main() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {
        "refused": {},
        "own": {},
        "refused for tenant": {},
        "own for tenant": {},
    }
    for name, port in (("refused", REFUSED), ("own", OWN)):
        for way, go in ways(port).items():
            found[name][way] = await happens(go)
            with tenant_traffic():
                found[f"{name} for tenant"][way] = await happens(go)
    return found


ignore_proxies_of_the_environment()
install(Gate(GUARD, OwnServices({("127.0.0.1", OWN)})))
with asyncio.Runner(loop_factory=new_event_loop) as runner:
    print(json.dumps(runner.run(main())))  # noqa: T201
