"""Limits on requests: what applies to a tenant, and refusing what is too much."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from watchbill.core.errors import TooManyRequests
from watchbill.features.identity.cookies import COOKIE
from watchbill.features.identity.tokens import Claims
from watchbill.kit.limits.rates import Rate, Rates, Standing
from watchbill.kit.requests.origins import origin_of

# A tenant's own limits take effect within this time; to look them up each time would cost a round trip.
_KEEP_SECONDS = 30.0
_MOST_MET = 100_000
# Who was refused is not looked up again for so long: a client that goes on at once would cost the database,
# and so everybody else, almost as much as one that is let in.
_REFUSED_SECONDS = 1.0
_MOST_REFUSED = 10_000
_OWN = text("SELECT user_a_minute, tenant_a_minute FROM public.tenant_limits WHERE tenant_id = :id")


class RequestLimits:
    """The limits of the installation and of tenants that have their own. Amounts are requests a minute, 0 is
    no limit; `address` is for what anybody may call who is not signed in. `clock` gives seconds that only
    grow."""

    def __init__(
        self,
        rates: Rates,
        *,
        user: int,
        tenant: int,
        address: int,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.rates = rates
        self._clock = clock
        # By the digest of what proved who asked: until when, and where that one stood.
        self._refused: dict[bytes, tuple[float, list[Standing]]] = {}
        self.user, self.tenant, self.address = user, tenant, address
        self._own: dict[UUID, tuple[float, int, int]] = {}
        self._begun: set[asyncio.Task[list[Standing]]] = set()
        # Sign-ins that were let in, until when that is recent.
        self._met: dict[UUID, float] = {}

    def begin(self, claims: Claims) -> asyncio.Task[list[Standing]] | None:
        """Begin to count a request while the database is asked whether its token still holds; `judge` takes
        the result.

        None when it has to be counted after that: nobody of that sign-in was let in lately, so the token may
        no longer hold, and then it may not use up what the tenant has; or the tenant's own limits have to be
        looked up.
        """
        amounts = self._known(claims.tenant_id)
        if amounts is None or self._met.get(claims.sign_in_id, 0.0) < time.monotonic():
            return None
        rates = _rates(claims.tenant_id, claims.user_id, amounts)
        counting = asyncio.create_task(self.rates.count(*rates))
        # It ends by itself, also where nobody waits for it any more.
        self._begun.add(counting)
        counting.add_done_callback(self._begun.discard)
        return counting

    def meet(self, claims: Claims) -> None:
        """Note that the sign-in was let in and counted."""
        if len(self._met) >= _MOST_MET:
            self._met.clear()
        self._met[claims.sign_in_id] = time.monotonic() + _KEEP_SECONDS

    async def count(
        self, session: AsyncSession, connection: HTTPConnection, tenant_id: UUID, who: UUID
    ) -> None:
        """Count a request of a person or key.

        Raises:
            TooManyRequests: it is one too many.
        """
        amounts = self._known(tenant_id) or await self._look_up(session, tenant_id)
        self.judge(connection, await self.rates.count(*_rates(tenant_id, who, amounts)))

    async def count_address(self, connection: HTTPConnection) -> None:
        """Count a request of somebody who is not signed in.

        Raises:
            TooManyRequests: it is one too many.
        """
        address = connection.client.host if connection.client else "unknown"
        _tell(connection, await self.rates.count(Rate("address", origin_of(address), self.address)))

    def forget(self, tenant_id: UUID) -> None:
        """Look the tenant's own limits up again."""
        self._own.pop(tenant_id, None)
        self._refused.clear()

    def _known(self, tenant_id: UUID) -> tuple[int, int] | None:
        known = self._own.get(tenant_id)
        return known[1:] if known and known[0] > time.monotonic() else None

    async def _look_up(self, session: AsyncSession, tenant_id: UUID) -> tuple[int, int]:
        row = (await session.execute(_OWN, {"id": tenant_id})).one_or_none()
        user = self.user if row is None or row[0] is None else row[0]
        tenant = self.tenant if row is None or row[1] is None else row[1]
        self._own[tenant_id] = (time.monotonic() + _KEEP_SECONDS, user, tenant)
        return user, tenant

    def judge(self, connection: HTTPConnection, standings: list[Standing]) -> None:
        """Let the answer tell where the request's sender, who proved who that is, stands.

        Raises:
            TooManyRequests: it is one too many.
        """
        try:
            _tell(connection, standings)
        except TooManyRequests:
            if proof := _proof(connection):
                if len(self._refused) >= _MOST_REFUSED:
                    self._refused.clear()
                self._refused[proof] = (self._clock() + _REFUSED_SECONDS, standings)
            raise

    def refuse_again(self, connection: HTTPConnection) -> None:
        """Let nobody ask the database who was refused a moment ago.

        Raises:
            TooManyRequests: it is still one too many.
        """
        if not self._refused or not (proof := _proof(connection)):
            return
        until, standings = self._refused.get(proof, (0.0, []))
        if self._clock() < until:
            _tell(connection, standings)
        else:
            self._refused.pop(proof, None)


def _proof(connection: HTTPConnection) -> bytes | None:
    """A digest of what proves who asks, however else the request is spelled; None without any."""
    given = connection.headers.get("authorization", "").partition(" ")[2].strip()
    given = given or connection.cookies.get(COOKIE, "")
    return hashlib.blake2b(given.encode(), digest_size=16).digest() if given else None


def _tell(connection: HTTPConnection, standings: list[Standing]) -> None:
    """Let the answer tell where the request's sender stands.

    Raises:
        TooManyRequests: it is one too many.
    """
    connection.scope.get("rate_limits", {})["standings"] = standings
    over = [standing for standing in standings if not standing.within]
    if over:
        worst = max(over, key=lambda standing: standing.seconds)
        rate = worst.rate
        raise TooManyRequests(
            f"More than {rate.amount} requests a minute for this {rate.name}."
            f" Try again in {worst.seconds} s.",
            retry_after=worst.seconds,
        )


def _rates(tenant_id: UUID, who: UUID, amounts: tuple[int, int]) -> tuple[Rate, Rate]:
    user, tenant = amounts
    return Rate("user", f"{tenant_id.hex}:{who.hex}", user), Rate("tenant", tenant_id.hex, tenant)
