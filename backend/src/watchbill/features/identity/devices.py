"""Where a request comes from: the device in words, its address, and whether it is a browser."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Device:
    """`agent` is what the client says of itself, `address` its network address."""

    agent: str
    address: str
    browser: bool


async def device_of(connection: HTTPConnection) -> Device:
    """The device behind a request. Browsers name their page's origin with every request that changes
    something, and programs do not."""
    agent = connection.headers.get("user-agent", "")
    plain = "".join(sign for sign in agent if sign.isprintable())[:_LONGEST]
    address = connection.client.host if connection.client else ""
    return Device(plain, address, "origin" in connection.headers)


def in_words(agent: str) -> str:
    """A device as its owner would call it: "Firefox on Linux", or a program's own name."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), None)
    system = next((name for sign, name in _SYSTEMS if sign in agent), None)
    if browser is None:
        return agent.split("/")[0].split(" ")[0][:40] or "Unknown device"
    return f"{browser} on {system}" if system else browser
