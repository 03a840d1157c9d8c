"""Where URLs that users enter may lead."""

import pytest

from watchbill.kit.outbound.url_guard import AddressRefused, UrlGuard

PRIVATE = ("http://10.1.2.3/", "http://192.168.1.1:8080/v1", "http://[fd12::1]/", "http://127.0.0.1:11434/")
NEVER = (
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
)
ODD = ("file:///etc/passwd", "http://", "//host/path", "http://[::1", "http://u:p@8.8.8.8/", "http://a b/")


@pytest.mark.parametrize("url", [*PRIVATE, *NEVER, *ODD, "http://0.0.0.0/", "http://224.0.0.1/"])
async def test_closed_by_default(url):
    with pytest.raises(AddressRefused):
        await UrlGuard().check(url)


@pytest.mark.parametrize("url", NEVER)
async def test_metadata_addresses_stay_closed(url):
    with pytest.raises(AddressRefused, match="never"):
        await UrlGuard(["0.0.0.0/0", "::/0", "169.254.169.254"]).check(url)


@pytest.mark.parametrize("url", PRIVATE)
async def test_networks_can_be_opened(url):
    await UrlGuard(["10.0.0.0/8", "192.168.1.1", "fd12::/16", "127.0.0.0/8"]).check(url)


async def test_hosts_can_be_opened_by_name_and_port():
    target = await UrlGuard(["localhost:11434"]).check("http://LOCALHOST:11434/v1")
    assert (target.host, target.port) == ("localhost", 11434)
    assert target.addresses
    with pytest.raises(AddressRefused, match="WATCHBILL_ALLOWED_PRIVATE_HOSTS"):
        await UrlGuard(["localhost:11434"]).check("http://localhost:22/")
    await UrlGuard(["10.0.0.9:8000"]).check("http://10.0.0.9:8000/")


async def test_public_addresses_are_open():
    target = await UrlGuard().check("https://8.8.8.8/v1")
    assert (target.scheme, target.port, str(target.addresses[0])) == ("https", 443, "8.8.8.8")
