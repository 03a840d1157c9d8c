"""The addresses that belong to nobody in particular: IANA's special-purpose registries, the metadata services
of clouds, and the IPv4 addresses that stand inside IPv6 ones.

Sources: https://www.iana.org/assignments/iana-ipv4-special-registry and .../iana-ipv6-special-registry
(RFC 6890 and its updates), RFC 4291, RFC 3879, RFC 5214, RFC 6052 and the clouds' own documents.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Every entry, also those that are inside another or that IANA calls globally reachable: nobody's server is
# there.
REGISTRY_V4: dict[str, str] = {
    "0.0.0.0/8": "this network",
    "0.0.0.0/32": "this host on this network",
    "10.0.0.0/8": "private use",
    "100.64.0.0/10": "shared address space",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link local",
    "172.16.0.0/12": "private use",
    "192.0.0.0/24": "IETF protocol assignments",
    "192.0.0.0/29": "IPv4 service continuity prefix",
    "192.0.0.8/32": "IPv4 dummy address",
    "192.0.0.9/32": "port control protocol anycast",
    "192.0.0.10/32": "TURN anycast",
    "192.0.0.170/32": "NAT64/DNS64 discovery",
    "192.0.0.171/32": "NAT64/DNS64 discovery",
    "192.0.2.0/24": "documentation (TEST-NET-1)",
    "192.31.196.0/24": "AS112-v4",
    "192.52.193.0/24": "AMT",
    "192.88.99.0/24": "deprecated 6to4 relay anycast",
    "192.88.99.2/32": "6a44 relay anycast",
    "192.168.0.0/16": "private use",
    "192.175.48.0/24": "direct delegation AS112 service",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation (TEST-NET-2)",
    "203.0.113.0/24": "documentation (TEST-NET-3)",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "255.255.255.255/32": "limited broadcast",
}
REGISTRY_V6: dict[str, str] = {
    "::1/128": "loopback",
    "::/128": "unspecified",
    "::/96": "deprecated IPv4-compatible",
    "::ffff:0:0/96": "IPv4-mapped",
    "::ffff:0:0:0/96": "IPv4-translated",
    "64:ff9b::/96": "IPv4-IPv6 translation",
    "64:ff9b:1::/48": "IPv4-IPv6 translation, local use",
    "100::/64": "discard only",
    "100:0:0:1::/64": "dummy prefix",
    "2001::/23": "IETF protocol assignments",
    "2001::/32": "Teredo",
    "2001:1::1/128": "port control protocol anycast",
    "2001:1::2/128": "TURN anycast",
    "2001:1::3/128": "DNS-SD service registration anycast",
    "2001:2::/48": "benchmarking",
    "2001:3::/32": "AMT",
    "2001:4:112::/48": "AS112-v6",
    "2001:10::/28": "deprecated ORCHID",
    "2001:20::/28": "ORCHIDv2",
    "2001:30::/28": "drone remote ID entity tags",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "2620:4f:8000::/48": "direct delegation AS112 service",
    "3fff::/20": "documentation",
    "5f00::/16": "segment routing (SRv6) SIDs",
    "fc00::/7": "unique local",
    "fe80::/10": "link local",
    "fec0::/10": "deprecated site local",
    "ff00::/8": "multicast",
}
# Clouds serve a machine's credentials here. The first is link-local whole: other clouds use other addresses
# of it.
METADATA: dict[str, str] = {
    "169.254.0.0/16": "link-local; Amazon, Google, Azure, Oracle, DigitalOcean, OpenStack, Tencent, Scaleway",
    "fe80::/10": "link-local; OpenStack",
    "fd00:ec2::/32": "Amazon",
    "fd20:ce::254/128": "Google",
    "fd00:c1::a9fe:a9fe/128": "Oracle",
    "fd00:42::42/128": "Scaleway",
    "100.100.100.200/32": "Alibaba",
    "168.63.129.16/32": "Azure's wire server",
    "192.0.0.192/32": "Oracle, first generation",
}
METADATA_NAMES = frozenset(
    (
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "metadata.azure.internal",
        "metadata.tencentyun.com",
        "metadata.platformequinix.com",
        "api.metadata.cloud.ibm.com",
        "rancher-metadata",
    )
)


def _networks(*names: str) -> tuple[Network, ...]:
    return tuple(ip_network(name) for name in names)


_SPECIAL = {4: _networks(*REGISTRY_V4), 6: _networks(*REGISTRY_V6)}
_METADATA = {version: [n for n in _networks(*METADATA) if n.version == version] for version in (4, 6)}
# All unicast addresses that IANA gives to anybody (RFC 4291, 2.4).
_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_LAST_FOUR = (IPv6Network("::/96"), _MAPPED, IPv6Network("::ffff:0:0:0/96"), _NAT64)
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (0x00005EFE, 0x02005EFE)
_32_BITS = 0xFFFFFFFF


def is_metadata(address: Address) -> bool:
    """Whether a cloud may serve credentials at the address, or at an IPv4 address inside it."""
    return any(
        any(each in network for network in _METADATA[each.version]) for each in (address, *embedded(address))
    )


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet, and so is every IPv4 address inside it. An IPv4-mapped or
    NAT64 address is only another way to write the IPv4 address inside."""
    if isinstance(address, IPv6Address) and (address in _MAPPED or address in _NAT64):
        return all(is_public(inner) for inner in embedded(address))
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    special = any(address in network for network in _SPECIAL[address.version])
    return not special and all(is_public(inner) for inner in embedded(address))


def plain(address: Address) -> Address:
    """The IPv4 address where an IPv6 one is only another way to write it, else the address."""
    if isinstance(address, IPv6Address) and (address in _MAPPED or address in _NAT64):
        return embedded(address)[0]
    return address


def embedded(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses inside an IPv6 one, in every form that has been standardized: to where a translator
    or a tunnel may carry what is sent there."""
    if isinstance(address, IPv4Address):
        return ()
    bits = int(address)
    found: list[int] = []
    if any(address in network for network in _LAST_FOUR):
        found.append(bits)
    if address in _6TO4:
        found.append(bits >> 80)
    if address in _TEREDO:
        # The server's, and the client's with its bits turned over (RFC 4380).
        found += [bits >> 64, ~bits]
    if address in _NAT64_LOCAL:
        found += _translated(bits)
    if bits >> 32 & _32_BITS in _ISATAP:
        found.append(bits)
    return tuple(dict.fromkeys(IPv4Address(each & _32_BITS) for each in found))


def _translated(bits: int) -> list[int]:
    """The IPv4 address after a prefix of 48, 56, 64 or 96 bits, around the byte that is left free (RFC 6052,
    2.2)."""
    return [
        (bits >> 64 & 0xFFFF) << 16 | bits >> 40 & 0xFFFF,
        (bits >> 64 & 0xFF) << 24 | bits >> 32 & 0xFFFFFF,
        bits >> 24,
        bits,
    ]
