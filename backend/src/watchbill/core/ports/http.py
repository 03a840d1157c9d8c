"""HTTP calls of nodes to addresses that users entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One call. `timeout_seconds` covers all of it, redirects and the answer's body included; an answer whose
    body has more than `max_bytes` is refused."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout_seconds: float
    max_bytes: int
    follow_redirects: bool = True


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. Header names are lower case; values of a repeated header are joined by commas. `url` is
    where the answer came from, after redirects."""

    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


class HttpClient(Protocol):
    """The way out for nodes. Cancelling a call closes its connection."""

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """Make one call; any status is an answer.

        Raises:
            NodeError: user, when the address may not be reached or cannot be read; upstream, when nobody
                answers or the connection breaks; timeout; limit, when the answer is too large.
        """
        ...
