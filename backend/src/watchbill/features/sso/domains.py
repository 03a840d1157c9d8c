"""Mail domains: whose they are, and what proves it."""

from __future__ import annotations

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


async def claim(session: AsyncSession, proofs: DomainProofs, tenant_id: UUID, wanted: list[str]) -> None:
    """Make these the tenant's domains, and no others.

    Raises:
        Conflict: one is another tenant's.
    """
    unique = sorted(set(wanted))
    for other in await queries.taken(session, unique, tenant_id):
        await _take_over(session, proofs, tenant_id, other)
    await queries.forget_domains(session, tenant_id)
    session.add_all(SsoDomain(domain=domain, tenant_id=tenant_id) for domain in unique)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict(
            "Another tenant named one of these domains a moment ago; try again.", code="domain_taken"
        ) from error


async def _take_over(session: AsyncSession, proofs: DomainProofs, tenant_id: UUID, taken: SsoDomain) -> None:
    """A name that another tenant only wrote down goes to whom it belongs.

    Raises:
        Conflict: nothing proves that it is this tenant's, or the other one has proof too.
    """
    domain = taken.domain
    ours = not proofs.trust and await proofs.check(tenant_id, domain)
    if not ours or await proofs.holds(taken.tenant_id, domain):
        record = record_of(tenant_id, domain)
        how = f" If it is yours, set a TXT record there that says {record}, and save again."
        raise Conflict(
            f"{domain} belongs to another tenant.{'' if proofs.trust else how}", code="domain_taken"
        )
    await session.delete(taken)
    await session.flush()
