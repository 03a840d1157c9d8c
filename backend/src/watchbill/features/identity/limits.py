"""Limits on requests: what applies to a tenant, and refusing what is too much."""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from watchbill.core.errors import TooManyRequests
from watchbill.kit.rates import Rate, Rates, Standing

# A tenant's own limits take effect within this time; to look them up each time would cost a round trip.
_KEEP_SECONDS = 30.0
_OWN = text("SELECT user_a_minute, tenant_a_minute FROM public.tenant_limits WHERE tenant_id = :id")


class RequestLimits:
    """The limits of the installation and of tenants that have their own. Amounts are requests a minute, 0 is
    no limit; `address` is for what anybody may call who is not signed in."""

    def __init__(self, rates: Rates, *, user: int, tenant: int, address: int):
        self.rates = rates
        self._user, self._tenant, self._address = user, tenant, address
        self._own: dict[UUID, tuple[float, int, int]] = {}

    async def count(
        self, session: AsyncSession, connection: HTTPConnection, tenant_id: UUID, who: UUID
    ) -> None:
        """Count a request of a person or key.

        Raises:
            TooManyRequests: it is one too many.
        """
        user, tenant = await self._amounts(session, tenant_id)
        rates = (Rate("user", f"{tenant_id.hex}:{who.hex}", user), Rate("tenant", tenant_id.hex, tenant))
        self._judge(connection, await self.rates.count(*rates))

    async def count_address(self, connection: HTTPConnection) -> None:
        """Count a request of somebody who is not signed in.

        Raises:
            TooManyRequests: it is one too many.
        """
        address = connection.client.host if connection.client else "unknown"
        self._judge(connection, await self.rates.count(Rate("address", address, self._address)))

    def forget(self, tenant_id: UUID) -> None:
        """Look the tenant's own limits up again."""
        self._own.pop(tenant_id, None)

    async def _amounts(self, session: AsyncSession, tenant_id: UUID) -> tuple[int, int]:
        known = self._own.get(tenant_id)
        if known and known[0] > time.monotonic():
            return known[1], known[2]
        row = (await session.execute(_OWN, {"id": tenant_id})).one_or_none()
        user = self._user if row is None or row[0] is None else row[0]
        tenant = self._tenant if row is None or row[1] is None else row[1]
        self._own[tenant_id] = (time.monotonic() + _KEEP_SECONDS, user, tenant)
        return user, tenant

    def _judge(self, connection: HTTPConnection, standings: list[Standing]) -> None:
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
