"""Every entry of the special-purpose registries is closed, its public neighbours are open, and IPv4 inside
IPv6 is seen in every form."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import psutil
import pytest

from watchbill.kit.outbound.closed_addresses import (
    METADATA,
    METADATA_NAMES,
    REGISTRY_V4,
    REGISTRY_V6,
    embedded,
    is_metadata,
    is_public,
    plain,
)
from watchbill.kit.outbound.own_services import OwnServices, endpoints
from watchbill.kit.outbound.url_guard import AddressRefused, UrlGuard

# What is only another way to write an IPv4 address.
WRITINGS = {"::ffff:0:0/96", "64:ff9b::/96"}
REGISTRIES = [ip_network(name) for name in {**REGISTRY_V4, **REGISTRY_V6} if name not in WRITINGS]
# Just outside an entry, and not in another one or in what IANA gives to nobody.
NEIGHBOURS = (
    *("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255"),
    *("192.0.1.0", "192.0.1.255", "192.0.3.0", "192.31.195.255", "192.31.197.0", "192.52.192.255"),
    *("192.52.194.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0"),
    *("192.175.47.255", "192.175.49.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0"),
    *("203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15", "168.63.129.17"),
    *("2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", "2001:db7:ffff::1", "2001:db9::"),
    *("2003::", "2620:4f:7fff::1", "2620:4f:8001::", "3ffe:ffff::1", "3fff:1000::", "2606:4700::1111"),
)
INSIDE = (
    "::ffff:{dotted}",
    "::ffff:{hex}",
    "::{dotted}",
    "::ffff:0:{dotted}",
    "64:ff9b::{hex}",
    "64:ff9b:1::{hex}",
    "64:ff9b:1:abcd::{hex}",
    "2002:{hex}::",
    "2002:{hex}::1",
    "2001:0:{hex}::",
    "2001:0:0808:0808:8000:0:{turned}",
    "2606:4700::5efe:{dotted}",
    "2606:4700::200:5efe:{dotted}",
    "fe80::5efe:{dotted}",
)


def inside(form: str, address: str) -> str:
    bits = int(IPv4Address(address))
    pair, turned = (f"{each >> 16:x}:{each & 0xFFFF:x}" for each in (bits, bits ^ 0xFFFFFFFF))
    return form.format(dotted=address, hex=pair, turned=turned)


@pytest.mark.parametrize("network", REGISTRIES, ids=str)
def test_every_registered_network_is_closed_from_end_to_end(network):
    for address in (network[0], network[-1], network[network.num_addresses // 2]):
        assert not is_public(address)
        with pytest.raises(AddressRefused):
            UrlGuard().check_address("name.test", 80, str(address))


@pytest.mark.parametrize("address", NEIGHBOURS)
def test_public_neighbours_are_open(address):
    assert is_public(ip_address(address))
    UrlGuard().check_address("name.test", 80, address)


@pytest.mark.parametrize("network", [n for n in REGISTRIES if n.version == 4], ids=str)
@pytest.mark.parametrize("form", INSIDE)
def test_every_registered_ipv4_network_is_closed_inside_ipv6(form: str, network):
    for address in (network[0], network[-1]):
        written = inside(form, str(address))
        assert not is_public(ip_address(written)), written


@pytest.mark.parametrize("address", ["::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::5efe:8.8.8.8"])
def test_public_ipv4_inside_ipv6_is_open_where_it_is_only_a_way_to_write_it(address):
    UrlGuard().check_address("name.test", 443, address)


@pytest.mark.parametrize("form", INSIDE)
@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"])
def test_metadata_stays_closed_inside_ipv6_whatever_is_allowed(form: str, address: str):
    everything = UrlGuard(["0.0.0.0/0", "::/0", "name.test", "name.test:80"])
    with pytest.raises(AddressRefused, match="never"):
        everything.check_address("name.test", 80, inside(form, address))
    assert not everything.is_open(ip_address(inside(form, address)), 80)


@pytest.mark.parametrize("network", METADATA)
def test_metadata_stays_closed_whatever_is_allowed(network: str):
    for address in (ip_network(network)[0], ip_network(network)[-1]):
        assert is_metadata(address)
        with pytest.raises(AddressRefused, match="never"):
            UrlGuard(["0.0.0.0/0", "::/0", "name.test"]).check_address("name.test", 80, str(address))


@pytest.mark.parametrize("name", sorted(METADATA_NAMES))
async def test_metadata_services_are_refused_by_name_before_anything_is_asked(name: str):
    for spelling in (name, f"{name}.", name.upper()):
        with pytest.raises(AddressRefused, match="metadata"):
            await UrlGuard([name]).check(f"http://{spelling}/")


@pytest.mark.parametrize(
    "written",
    [
        *("64:ff9b:1:c0a8:1:100::", "64:ff9b:1:abc0:a8:101::", "64:ff9b:1:abcd:c0:a801:100:0"),
        "64:ff9b:1:abcd::c0a8:101",
    ],
)
def test_local_translation_hides_an_address_at_four_places(written: str):
    assert IPv4Address("192.168.1.1") in embedded(IPv6Address(written))


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "017700000001", "127.1", "0177.0.0.1", "0x7f.1", "127.0.0.1."),
        *("%31%32%37.0.0.1", "１２７.0.0.1", "127。0。0。1", "[::1%25lo]", "[::]", "0", "0.0.0.0"),
        *("localhost", "LOCALHOST.", "[0:0:0:0:0:ffff:7f00:1]"),
    ],
)
async def test_no_spelling_of_loopback_is_open(host: str):
    with pytest.raises(AddressRefused):
        await UrlGuard().check(f"http://{host}:9/")


@pytest.mark.parametrize(
    "url",
    [
        *("http://a@8.8.8.8/", "http://:b@8.8.8.8/", "http://@8.8.8.8/", "http://8.8.8.8:99999/"),
        *(
            "unix:///run/docker.sock",
            "http+unix://%2Frun%2Fdocker.sock/",
            "file:///etc/passwd",
            "ftp://8.8.8.8/",
        ),
        *("gopher://8.8.8.8/", "//8.8.8.8/", "http:8.8.8.8", "http:///8.8.8.8", "data:,x", "javascript:1"),
    ],
)
async def test_what_is_no_plain_web_address_is_refused(url: str):
    with pytest.raises(AddressRefused):
        await UrlGuard(["0.0.0.0/0", "::/0"]).check(url)


def test_an_allowed_network_counts_for_every_way_to_write_its_addresses():
    guard = UrlGuard(["10.0.0.0/8"])
    for written in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"):
        guard.check_address("name.test", 80, written)
    assert plain(ip_address("::ffff:10.1.2.3")) == ip_address("10.1.2.3")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"])
async def test_no_url_leads_to_a_service_of_the_installation(host: str):
    own = OwnServices(set(endpoints("postgresql://me:secret@127.0.0.1:5999/name")))
    guard = UrlGuard(["127.0.0.0/8", "::1/128", "0.0.0.0/8", "localhost"], own=own)
    with pytest.raises(AddressRefused, match="this installation"):
        await guard.check(f"http://{host}:5999/")
    await guard.check(f"http://{host}:5998/")


async def test_a_service_on_loopback_is_not_reached_by_the_machines_other_addresses():
    own = OwnServices(set(endpoints("redis://127.0.0.1:5999")))
    everything = UrlGuard(["0.0.0.0/0", "::/0"], own=own)
    found = [entry for entries in psutil.net_if_addrs().values() for entry in entries]
    families = (socket.AF_INET, socket.AF_INET6)
    for address in {entry.address for entry in found if entry.family in families}:
        if "%" not in address:
            with pytest.raises(AddressRefused, match="this installation"):
                everything.check_address("name.test", 5999, address)
            everything.check_address("name.test", 5998, address)
    everything.check_address("name.test", 5999, "8.8.8.8")


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("postgresql://u:p@db.test/name", [("db.test", 5432)]),
        (
            "postgresql://u:p%40@db.test:6000,[fd00::5]:6001,other/name",
            [("db.test", 6000), ("fd00::5", 6001), ("other", 5432)],
        ),
        ("postgresql+asyncpg://u@/name?host=a.test,b.test&port=1,2", [("a.test", 1), ("b.test", 2)]),
        ("postgresql:///name?host=/run/postgresql", []),
        ("redis://:p@cache.test/0", [("cache.test", 6379)]),
        ("rediss://cache.test:7000", [("cache.test", 7000)]),
        ("unix:///run/redis.sock", []),
        ("mongodb://u:p@one.test,two.test:5/watchbill?replicaSet=x", [("one.test", 27017), ("two.test", 5)]),
        ("mongodb+srv://u:p@cluster.test/watchbill", []),
        ("smtps://u:p@mail.test", [("mail.test", 465)]),
        ("http://proxy.test:3128", [("proxy.test", 3128)]),
    ],
)
def test_services_are_read_from_their_addresses(url: str, places: list[tuple[str, int]]):
    assert endpoints(url) == places
