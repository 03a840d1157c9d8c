"""/llm-providers."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import HTTPConnection

from watchbill.features.identity.access import Access, require
from watchbill.features.identity.limits.crowds import Crowds, crowds_of
from watchbill.features.providers import service
from watchbill.features.providers.schemas import (
    ProviderIn,
    ProviderOut,
    ProviderPatch,
    ProviderTest,
    ProviderTestResult,
)
from watchbill.features.providers.service import ProviderPorts
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/llm-providers", tags=["providers"], route_class=BodyRoute)


async def ports_of(connection: HTTPConnection) -> ProviderPorts:
    """The ports that the app's lifespan put into its state."""
    return connection.app.state.providers


def _tell(access: Access, ports: ProviderPorts) -> None:
    """Let workers know once it is committed; those who miss it look again within seconds."""
    access.work.after_commit(partial(ports.changed, access.scope.tenant_id))


Ports = Annotated[ProviderPorts, Depends(ports_of)]
Limits = Annotated[Crowds, Depends(crowds_of)]
Reader = Annotated[Access, require("providers:read")]
Writer = Annotated[Access, require("providers:write")]


@router.get("")
async def list_providers(access: Reader, page: PageQuery) -> Listed[ProviderOut]:
    """Providers, newest first."""
    rows, cursor = await service.page(access.session, page)
    return Listed(items=[ProviderOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def create_provider(form: ProviderIn, access: Writer, ports: Ports, crowds: Limits) -> ProviderOut:
    """Add a provider."""
    with crowds.slow.place(access.identity):
        provider = await service.create(access.session, access.scope, ports, form)
    _tell(access, ports)
    return ProviderOut.model_validate(provider)


@router.post("/demo", status_code=201)
async def create_demo_provider(access: Writer, ports: Ports) -> ProviderOut:
    """Add the demo provider: scripted answers that need no key, to try the examples with."""
    provider = await service.create_demo(access.session, access.scope, ports)
    _tell(access, ports)
    return ProviderOut.model_validate(provider)


@router.get("/{provider_id}")
async def get_provider(provider_id: UUID, access: Reader) -> ProviderOut:
    """One provider."""
    return ProviderOut.model_validate(await service.get(access.session, provider_id))


@router.patch("/{provider_id}")
async def change_provider(
    provider_id: UUID, form: ProviderPatch, access: Writer, ports: Ports, crowds: Limits
) -> ProviderOut:
    """Change a provider. Its API key stays unless it is given; null removes it."""
    with crowds.slow.place(access.identity):
        provider = await service.change(access.session, access.scope, ports, provider_id, form)
    _tell(access, ports)
    return ProviderOut.model_validate(provider)


@router.delete("/{provider_id}", status_code=204)
async def delete_provider(provider_id: UUID, access: Writer, ports: Ports) -> None:
    """Remove a provider. Agents that used it use the default instead."""
    await service.delete(access.session, provider_id)
    _tell(access, ports)


@router.post("/{provider_id}/test")
async def test_provider(
    provider_id: UUID,
    access: Writer,
    ports: Ports,
    crowds: Limits,
    form: ProviderTest | None = None,
) -> ProviderTestResult:
    """Let a worker send the provider a small question, and tell how it went."""
    await service.get(access.session, provider_id)
    # Afterwards it is looked at again who asks.
    with crowds.slow.place(access.identity):
        async with access.work.outside():
            return await service.test(access.scope, ports, provider_id, form.model if form else None)
