"""What `watchbill audit` does."""

from __future__ import annotations

import typer

from watchbill.cli.installation import Installation
from watchbill.core.tenancy import TenantScope
from watchbill.features.audit import service
from watchbill.features.identity.tables import Tenant
from watchbill.features.tenants import queries
from watchbill.features.tenants import service as tenants


async def verify(installation: Installation, name: str | None, expect: str | None) -> int:
    """Verify one log or all; returns the exit code."""
    expected = _entry(expect)
    if expected and name is None:
        raise typer.BadParameter("--expect works for one tenant. Name the tenant.")
    async with installation.database.transaction() as work:
        if name is None:
            found = [tenant for tenant, _ in await queries.every(work.session)]
        else:
            found = [await tenants.find(work.session, name)]
    verdicts = [await _verify(installation, tenant, expected) for tenant in found]
    return 0 if all(verdicts) else 1


async def _verify(installation: Installation, tenant: Tenant, expected: tuple[int, str] | None) -> bool:
    async with installation.database.transaction(TenantScope(tenant.id)) as work:
        answer = await service.verify(work.session, expected=expected)
    if answer.ok:
        end = f"{answer.seq}:{answer.hash}" if answer.hash else "nothing yet"
        typer.echo(f"{tenant.slug}: {answer.entries} entries, none changed. End of the chain: {end}")
    else:
        typer.echo(f"{tenant.slug}: broken at entry {answer.broken_at}. {answer.problem}", err=True)
    return answer.ok


def _entry(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise typer.BadParameter("--expect takes a number, a colon and 64 hex digits.")
    return int(number), digest
