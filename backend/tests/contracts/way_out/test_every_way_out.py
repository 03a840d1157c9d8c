"""Whatever goes out for a tenant: one contract for HTTP nodes, notifications, single sign-on and models."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.clients import CLIENTS, KEY
from tests.contracts.way_out.forward_proxy import PASSWORD, ForwardProxy, forward_proxy
from tests.contracts.way_out.trap import CLOSED, OPEN, Names, Trap, own_certificate, trap, way

clients = pytest.mark.parametrize("client", CLIENTS)
# The first look finds a public address, and each one after it loopback, which is refused: were the proxy
# not asked, nothing would leave the machine.
PUBLIC = ["8.8.8.8", CLOSED]


@pytest.fixture
async def proxy(server: Trap) -> AsyncIterator[ForwardProxy]:
    async with forward_proxy(OPEN, server.port) as found:
        yield found


def refused(said: str | None) -> bool:
    return said is not None and ("private address" in said or "does not answer at" in said)


@clients
async def test_what_is_allowed_is_reached(server: Trap, client: str):
    await CLIENTS[client](way(), server.url)
    assert server.requests


@clients
async def test_private_addresses_are_refused_by_address_and_by_name(closed: Trap, client: str):
    for host in (CLOSED, "2130706433", "[::ffff:127.0.0.1]", "site.test", "127.0.0.1.", "SITE.test."):
        names = Names(site_test=[CLOSED], **{"2130706433": [CLOSED], "127_0_0_1_": [CLOSED]})
        said = await CLIENTS[client](way(names), f"http://{host}:{closed.port}")
        assert said is not None and KEY not in said, host
    assert closed.requests == []


@clients
async def test_a_name_that_leads_elsewhere_at_the_next_look_is_refused(closed: Trap, client: str):
    names = Names(site_test=[OPEN, CLOSED])
    url = f"http://site.test:{closed.port}"
    await way(names).guard.check(url)
    assert refused(await CLIENTS[client](way(names), url))
    assert closed.requests == []


@clients
@pytest.mark.parametrize("status", [301, 307])
async def test_redirects_lead_to_nothing_that_is_refused(
    server: Trap, closed: Trap, client: str, status: int
):
    server.redirect(status, f"{closed.url}/v1")
    said = await CLIENTS[client](way(), server.url)
    assert said is None or KEY not in said
    assert server.requests and closed.requests == []


@clients
async def test_port_0_is_refused_before_anything_is_asked(client: str):
    names = Names(site_test=[OPEN])
    assert await CLIENTS[client](way(names), "http://site.test:0/")
    assert names.asked == []


@clients
async def test_proxies_of_the_environment_do_not_count(
    server: Trap, closed: Trap, client: str, monkeypatch: pytest.MonkeyPatch
):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, closed.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    await CLIENTS[client](way(), server.url)
    assert server.requests and closed.requests == []


@clients
async def test_the_operators_proxy_is_asked_for_public_addresses(
    server: Trap, proxy: ForwardProxy, client: str
):
    said = await CLIENTS[client](way(Names(site_test=PUBLIC), proxy.url), "http://site.test")
    [asked] = proxy.asked
    assert asked.split(" ")[1].startswith("http://site.test"), said
    assert server.requests
    # The site learns nothing of the proxy.
    assert all("proxy-authorization" not in headers for _, headers in server.requests)


@clients
async def test_the_operators_proxy_passes_tls_on(server: Trap, client: str, tmp_path: Path):
    async with (
        trap(OPEN, own_certificate(tmp_path, "site.test")) as secure,
        forward_proxy(OPEN, secure.port) as proxy,
    ):
        said = await CLIENTS[client](way(Names(site_test=PUBLIC), proxy.url), "https://site.test")
        assert proxy.asked == ["CONNECT site.test:443 HTTP/1.1"], said
        # TLS is between us and the site, whose certificate nobody vouches for.
        assert said and (client.startswith("oidc") or "certificate" in said)
        assert secure.requests == [] and PASSWORD not in said and KEY not in said


@clients
async def test_what_is_refused_never_gets_to_the_proxy(
    server: Trap, proxy: ForwardProxy, closed: Trap, client: str
):
    names = Names(site_test=[CLOSED])
    for host in ("site.test", CLOSED, "metadata.google.internal"):
        assert await CLIENTS[client](way(names, proxy.url), f"http://{host}:{closed.port}")
    # Nor the proxy itself, asked for as if it were a site.
    assert await CLIENTS[client](way(names, proxy.url), f"http://127.0.0.1:{proxy.port}")
    assert proxy.asked == [] and closed.requests == []


@clients
async def test_what_is_private_and_allowed_is_reached_without_the_proxy(
    server: Trap, proxy: ForwardProxy, client: str
):
    await CLIENTS[client](way(proxy=proxy.url), server.url)
    assert server.requests and proxy.asked == []


@clients
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_refuses_gives_its_password_to_nobody(
    proxy: ForwardProxy, client: str, scheme: str
):
    said = await CLIENTS[client](way(Names(site_test=PUBLIC), proxy.wrong_url), f"{scheme}://site.test")
    assert len(proxy.asked) == 1
    assert PASSWORD not in (said or "") and "127.0.0.1" not in (said or "")
    if not client.startswith("oidc"):
        assert said and "proxy of this installation answered 407" in said


@clients
async def test_a_certificate_that_nobody_vouches_for_is_refused(client: str, tmp_path: Path):
    async with trap(OPEN, own_certificate(tmp_path, "site.test")) as secure:
        for host in (OPEN, "site.test"):
            said = await CLIENTS[client](way(Names(site_test=[OPEN])), f"https://{host}:{secure.port}")
            assert said and (client.startswith("oidc") or "no certificate that can be trusted" in said)
            assert KEY not in said
        assert secure.requests == []


@clients
async def test_a_proxy_that_is_away_is_named_without_its_address(client: str):
    with socket.socket() as nobody:
        nobody.bind((CLOSED, 0))
        url = f"http://operator:{PASSWORD}@{CLOSED}:{nobody.getsockname()[1]}"
        said = await CLIENTS[client](way(Names(site_test=PUBLIC), url), "https://site.test")
    assert said and PASSWORD not in said and CLOSED not in said
    assert client.startswith("oidc") or "proxy of this installation does not answer" in said
