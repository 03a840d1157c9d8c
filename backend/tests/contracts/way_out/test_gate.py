"""The gate beneath every library: in a process of its own, since it cannot be taken away again."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.way_out.trap import CLOSED, OPEN, trap
from watchbill.kit.outbound import own_services
from watchbill.kit.outbound.gate import Gate, ignore_proxies_of_the_environment
from watchbill.kit.outbound.own_services import OwnServices
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import CheckedSocket, RefusedConnection, tenant_traffic

PROGRAM = Path(__file__).with_name("gated.py")


async def test_no_library_goes_around_the_gate():
    async with trap(CLOSED) as refused, trap(CLOSED) as own, trap(CLOSED) as proxy:
        own.status = 200
        environment = {**os.environ, "HTTP_PROXY": proxy.url, "all_proxy": proxy.url}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            PROGRAM,
            str(refused.port),
            str(own.port),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        seen = json.loads(output)
    assert process.returncode == 0
    odd = {"guarded and open", "botocore", "unix"}
    for case in ("refused", "refused for tenant", "own for tenant"):
        wrong = {way: what for way, what in seen[case].items() if what != "refused" and way not in odd}
        assert wrong == {}, case
    assert refused.requests == [] and proxy.requests == []
    # The guarded client is refused what is the tenants', whoever uses it.
    reached = {way for way, what in seen["own"].items() if what == "reached"}
    assert reached >= set(seen["own"]) - odd - {"guarded"} and seen["own"]["guarded"] == "refused"
    assert {seen[case]["botocore"] for case in seen} == {"refused"}
    assert {seen[case]["unix"] for case in seen if "tenant" in case} == {"refused"}
    # Nothing listens there, so it was allowed to try.
    assert all("Cannot connect" in seen[case]["guarded and open"] for case in seen)


class Named:
    """What the gate asks a socket: nothing but its kind."""


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "fe80::1", "169.254.169.254", "::ffff:10.0.0.1"])
def test_private_addresses_are_for_the_services_that_are_named(address: str):
    own = OwnServices.of(
        [f"postgresql://u:p@[{address}]:5432/x" if ":" in address else f"redis://{address}:5432"]
    )
    gate = Gate(UrlGuard(own=own), own)
    gate.check(Named(), (address, 5432))
    for port in (5433, 53):
        with pytest.raises(RefusedConnection, match="may not connect"):
            gate.check(Named(), (address, port))
    with tenant_traffic(), pytest.raises(RefusedConnection, match="not guarded"):
        gate.check(Named(), (address, 5432))


def test_public_addresses_are_open_but_for_tenants_only_to_sockets_that_were_checked():
    gate = Gate(UrlGuard(), OwnServices())
    gate.check(Named(), ("8.8.8.8", 443))
    with CheckedSocket() as checked, tenant_traffic():
        checked.checked = ("8.8.8.8", 443)
        gate.check(checked, ("8.8.8.8", 443))
        for sock, address in (
            (Named(), ("8.8.8.8", 443)),
            (checked, ("8.8.8.8", 80)),
            (checked, ("8.8.4.4", 443)),
        ):
            with pytest.raises(RefusedConnection):
                gate.check(sock, address)


def test_a_name_server_of_the_settings_is_a_service():
    own = OwnServices.of([], ["10.0.0.53", "10.0.0.54:5353", "[fd00::53]:53"])
    assert own.at(ip_address("10.0.0.53"), 53) and own.at(ip_address("10.0.0.54"), 5353)
    assert own.at(ip_address("fd00::53"), 53) and not own.at(ip_address("10.0.0.53"), 80)


def test_a_slow_name_server_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch):
    asked, answered, looked = threading.Event(), threading.Event(), socket.getaddrinfo

    def slow(*place: Any, **more: Any) -> Any:
        asked.set()
        answered.wait(60)
        return looked("127.0.0.2", *place[1:], **more)

    own = OwnServices.of(["postgresql://localhost:5432/x"])
    assert own.at(ip_address("127.0.0.1"), 5432)
    monkeypatch.setattr(own_services, "_KEEP_SECONDS", 0)
    monkeypatch.setattr(own_services.socket, "getaddrinfo", slow)
    assert own.at(ip_address("127.0.0.1"), 5432) and asked.wait(60)
    answered.set()


def test_proxies_leave_the_environment(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "https_proxy", "All_Proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "http://10.0.0.1:3128")
    monkeypatch.setenv("no_proxy", "x")
    assert {name.lower() for name in ignore_proxies_of_the_environment()} >= {"http_proxy", "all_proxy"}
    assert [name for name in os.environ if name.lower().endswith("_proxy")] == ["no_proxy"]


async def test_the_open_address_of_these_tests_is_not_the_closed_one():
    async with trap(OPEN) as there:
        assert there.url != f"http://{CLOSED}:{there.port}"
