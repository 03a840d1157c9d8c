"""Mail domains: whose they are, and what proves it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict
from watchbill.features.sso import queries
from watchbill.features.sso.proofs import DomainProofs, record_of
from watchbill.features.sso.schemas import DomainProof
from watchbill.features.sso.tables import SsoDomain


async def proof(proofs: DomainProofs, tenant_id: UUID, domain: str) -> DomainProof:
    """What is known of one of a tenant's domains."""
    proved = await proofs.proved_at(tenant_id, domain) is not None
    state = "trusted" if proofs.trust else "proved" if proved else "unproved"
    return DomainProof(domain=domain, record=record_of(tenant_id, domain), state=state)


async def demand(proofs: DomainProofs, tenant_id: UUID, taken: Sequence[SsoDomain]) -> None:
    """Insist that names which other tenants only wrote down belong to this one. Name servers are asked.

    Raises:
        Conflict: nothing proves that one is this tenant's, or the other one has proof too.
    """
    await asyncio.gather(*(_demand(proofs, tenant_id, one) for one in taken))


async def claim(
    session: AsyncSession, tenant_id: UUID, wanted: list[str], won: Collection[tuple[UUID, str]]
) -> None:
    """Make these the tenant's domains, and no others; those that were won go from whom they were won.

    Raises:
        Conflict: one is another tenant's.
    """
    unique = sorted(set(wanted))
    for other in await queries.taken(session, unique, tenant_id):
        if (other.tenant_id, other.domain) not in won:
            raise _taken_a_moment_ago()
        await session.delete(other)
    await session.flush()
    await queries.forget_domains(session, tenant_id)
    session.add_all(SsoDomain(domain=domain, tenant_id=tenant_id) for domain in unique)
    try:
        await session.flush()
    except IntegrityError as error:
        raise _taken_a_moment_ago() from error


def _taken_a_moment_ago() -> Conflict:
    return Conflict("Another tenant named one of these domains a moment ago; try again.", code="domain_taken")


async def _demand(proofs: DomainProofs, tenant_id: UUID, taken: SsoDomain) -> None:
    domain = taken.domain
    ours = not proofs.trust and await proofs.check(tenant_id, domain)
    if not ours or await proofs.holds(taken.tenant_id, domain):
        record = record_of(tenant_id, domain)
        how = f" If it is yours, set a TXT record there that says {record}, and save again."
        raise Conflict(
            f"{domain} belongs to another tenant.{'' if proofs.trust else how}", code="domain_taken"
        )
