"""How many streams, waiting and slow requests one may have at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import HTTPConnection

from watchbill.core.errors import TooManyRequests
from watchbill.features.identity.identity import Identity
from watchbill.kit.limits.places import Full, Places, Share
from watchbill.kit.requests.origins import origin_of

# A request that reads more than this holds several times as much, until its answer is sent.
_MUCH_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Most:
    """How much one person or key, one tenant, and one address of people who are not signed in may have at a
    time; 0 is any number."""

    person: int = 0
    tenant: int = 0
    address: int = 0


class Crowd:
    """Everybody who has one of something open in this process.

    Args:
        what: what it is called in the plural ("streams of events").
        most: how much of it one may have.
        seconds: after how many one may try again.
    """

    def __init__(self, what: str, most: Most, *, seconds: int = 5):
        self.what = what
        self.most = most
        self._seconds = seconds
        self._places = Places()

    @contextmanager
    def place(self, identity: Identity) -> Generator[None]:
        """A place for a person or key, for as long as the block lasts.

        Raises:
            TooManyRequests: they, or all of their tenant, have all that they may.
        """
        who = identity.key_id or identity.user_id
        with self.place_of(identity.tenant_id, who):
            yield

    @contextmanager
    def place_of(self, tenant_id: UUID, who: UUID) -> Generator[None]:
        """A place for something of a tenant's, such as a webhook, which counts like a person.

        Raises:
            TooManyRequests: it, or all of the tenant, has all that it may.
        """
        shares = (
            Share("person", f"{tenant_id.hex}:{who.hex}", self.most.person),
            Share("tenant", tenant_id.hex, self.most.tenant),
        )
        with self._place(*shares):
            yield

    @contextmanager
    def place_at(self, connection: HTTPConnection, tenant_id: UUID | None = None) -> Generator[None]:
        """A place for somebody who is not signed in, at the address that they come from, and for the tenant
        whose servers are asked for them.

        Raises:
            TooManyRequests: the address or the tenant has all that it may.
        """
        origin = origin_of(connection.client.host if connection.client else None)
        shares = [Share("address", origin, self.most.address)]
        if tenant_id is not None:
            shares.append(Share("tenant", tenant_id.hex, self.most.tenant))
        with self._place(*shares):
            yield

    @property
    def taken(self) -> int:
        """How many places are taken, each counted for all whose it is."""
        return self._places.taken

    @contextmanager
    def _place(self, *shares: Share) -> Generator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(self._places.place(*shares))
            except Full as full:
                share = full.share
                raise TooManyRequests(
                    f"This {share.name} has {share.most} {self.what} now, which is the most allowed."
                    f" Try again in {self._seconds} s.",
                    retry_after=self._seconds,
                    code="too_many_at_once",
                ) from None
            yield


class Measured:
    """What one request reads: once that is much, it takes a place of its crowd, until `place` ends.

    Args:
        crowd: of the requests that read much.
        identity: who reads.
        place: ends when the answer is sent, or the request is over.
    """

    def __init__(self, crowd: Crowd, identity: Identity, place: ExitStack):
        self._crowd = crowd
        self._identity = identity
        self._place = place
        self._left = _MUCH_BYTES

    def read(self, size: int) -> None:
        """Note that so many bytes are there.

        Raises:
            TooManyRequests: it is much, and they read as much as they may already.
        """
        much = self._left < 0
        self._left -= size
        if self._left < 0 and not much:
            self._place.enter_context(self._crowd.place(self._identity))


async def until_answered() -> AsyncGenerator[ExitStack]:
    """What ends when the answer is sent. A dependency of scope "request"."""
    with ExitStack() as stack:
        yield stack


@dataclass(frozen=True, slots=True)
class Crowds:
    """`streams` of events; requests that wait for the end of an execution, `waiting`; and `slow` ones, which
    ask somebody else or compute; `exports`, which write a tenant's whole data; `reads` of megabytes."""

    streams: Crowd
    waiting: Crowd
    slow: Crowd
    exports: Crowd
    reads: Crowd


async def crowds_of(connection: HTTPConnection) -> Crowds:
    """The crowds that the app's lifespan put into its state."""
    return connection.app.state.crowds
