"""Whose turn at the database a request takes, before the database can be asked who it is."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from uuid import UUID

from starlette.requests import HTTPConnection

from watchbill.core.errors import WatchbillError
from watchbill.features.identity import service
from watchbill.features.identity.identity import IdentityOptions
from watchbill.kit.requests.origins import origin_of

_MOST_KEYS = 10_000


class KnownApiKeys:
    """Whose keys were let in, as far as that is remembered: all keys of a tenant take its turns."""

    def __init__(self) -> None:
        self._tenants: OrderedDict[bytes, UUID] = OrderedDict()

    def meet(self, token: str, tenant_id: UUID) -> None:
        """Note that a key was let in."""
        digest = sha256(token.encode()).digest()
        self._tenants[digest] = tenant_id
        self._tenants.move_to_end(digest)
        if len(self._tenants) > _MOST_KEYS:
            self._tenants.popitem(last=False)

    def tenant_of(self, token: str) -> UUID | None:
        """Whose key it is, if it was let in before."""
        return self._tenants.get(sha256(token.encode()).digest())


def turn_of(
    connection: HTTPConnection, options: IdentityOptions, known: KnownApiKeys, token: str | None
) -> str:
    """Who waits for the database with this request: the tenant that its token tells, or else the address that
    it comes from, as nobody knows what an unknown key is good for."""
    if token:
        try:
            claims = service.claims_of(options, token)
        except WatchbillError:
            claims = None
        tenant_id = claims.tenant_id if claims else known.tenant_of(token)
        if tenant_id is not None:
            return tenant_id.hex
    return f"at {origin_of(connection.client.host if connection.client else None)}"
