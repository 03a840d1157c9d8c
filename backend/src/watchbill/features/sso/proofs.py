"""Proof that a mail domain is a tenant's: a TXT record there, which only the domain's owner can set."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.waits import about_to_await
from watchbill.kit.outbound.text_records import NamesAway, TextRecords

log = structlog.stdlib.get_logger("watchbill.sso")
_PREFIX = "watchbill-verification="
# A proof is looked at again after an hour. While no name server answers, the last one holds for a week: a
# company must not be locked out by its provider's bad day.
_FRESH_SECONDS = 3600
_KEEP_SECONDS = 7 * 24 * 3600


def record_of(tenant_id: UUID, domain: str) -> str:
    """What the TXT record of a domain says that belongs to the tenant. It is no secret: everybody can read
    it there, and nobody but the domain's owner can set it."""
    digest = hashlib.sha256(f"{tenant_id}\n{domain}".encode()).digest()
    return _PREFIX + base64.b32encode(digest[:20]).decode().lower()


@dataclass(frozen=True, slots=True)
class DomainProofs:
    """What is known of domains. With `trust` the operator vouches for all, and nothing is asked."""

    records: TextRecords
    redis: Redis
    trust: bool = False

    async def holds(self, tenant_id: UUID, domain: str) -> bool:
        """Whether people may be let in by the domain; asks when it is not known or long ago."""
        proved_at = await self.proved_at(tenant_id, domain)
        fresh = proved_at is not None and time.time() - proved_at < _FRESH_SECONDS
        return self.trust or fresh or await self.check(tenant_id, domain)

    async def check(self, tenant_id: UUID, domain: str) -> bool:
        """Whether the record is there, asked now."""
        try:
            there = record_of(tenant_id, domain) in await self.records.of(domain)
        except NamesAway as error:
            log.warning("domain_not_checked", domain=domain, error=str(error))
            return await self.proved_at(tenant_id, domain) is not None
        await self._note(tenant_id, domain, there)
        return there

    async def proved_at(self, tenant_id: UUID, domain: str) -> float | None:
        """When the record was last seen, in seconds since 1970; nothing is asked."""
        about_to_await("A proof of a domain")
        try:
            found = await self.redis.get(_key(tenant_id, domain))
        except (RedisError, OSError) as error:
            log.warning("domain_proof_unknown", domain=domain, error=str(error))
            return None
        return float(found) if found else None

    async def _note(self, tenant_id: UUID, domain: str, there: bool) -> None:
        key = _key(tenant_id, domain)
        try:
            if there:
                await self.redis.set(key, time.time(), ex=_KEEP_SECONDS)
            else:
                await self.redis.delete(key)
        except (RedisError, OSError) as error:
            # It is asked again next time.
            log.warning("domain_proof_not_kept", domain=domain, error=str(error))


def _key(tenant_id: UUID, domain: str) -> str:
    return TenantScope(tenant_id).key("sso", "proof", domain)
