"""What providers say of themselves, asked once for everybody who signs in at a time, and kept for a while."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from watchbill.features.sso.provider import (
    Client,
    Provider,
    ProviderFault,
    discover,
    keys_at,
    trade,
)
from watchbill.kit.asked_once import Asked
from watchbill.kit.outbound.way_out import WayOut
from watchbill.kit.process.lazy_imports import late

if TYPE_CHECKING:
    from watchbill.features.sso import id_tokens
else:
    id_tokens = late("watchbill.features.sso.id_tokens")

# Providers change their keys rarely, and publish the next one hours before they use it.
_GOOD_SECONDS = 600.0
# A provider that is away is not asked by each of a thousand people.
_FAILED_SECONDS = 5.0
# Signed with a key that we do not know: the keys are read again, but not for each bad token.
_KEYS_AGAIN_SECONDS = 30.0


class Metadata:
    """Discovery documents and keys of all tenants' providers."""

    def __init__(self, way: WayOut):
        self._way = way
        self._providers: Asked[Provider] = Asked(good_seconds=_GOOD_SECONDS, failed_seconds=_FAILED_SECONDS)
        self._keys: Asked[dict[str, Any]] = Asked(good_seconds=_GOOD_SECONDS, failed_seconds=_FAILED_SECONDS)

    async def provider(self, issuer: str) -> Provider:
        """Where a provider does what.

        Raises:
            ProviderFault: it does not answer, or did not a moment ago.
        """
        return await self._providers.ask(issuer, partial(discover, self._way, issuer))

    async def look_again(self, issuer: str) -> Provider:
        """The same, asked now: for whoever sets it up.

        Raises:
            ProviderFault: it does not answer.
        """
        self._providers.forget(issuer)
        return await self.provider(issuer)

    async def redeem(
        self, provider: Provider, client: Client, *, code: str, verifier: str, nonce: str
    ) -> dict[str, Any]:
        """Trade the code for an ID token; returns its claims, checked.

        Raises:
            ProviderFault: the provider refuses the code, or the token is not what it should be.
        """
        answer = await trade(self._way, provider, client, code=code, verifier=verifier)
        check: Callable[[dict[str, Any]], dict[str, Any]] = partial(
            id_tokens.claims_of, answer, provider=provider, client=client, nonce=nonce
        )
        try:
            return check(await self._keys_of(provider))
        except ProviderFault:
            if not self._keys.forget(provider.jwks, older_than=_KEYS_AGAIN_SECONDS):
                raise
        return check(await self._keys_of(provider))

    async def _keys_of(self, provider: Provider) -> dict[str, Any]:
        return await self._keys.ask(provider.jwks, partial(keys_at, self._way, provider.jwks))
