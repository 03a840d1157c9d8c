"""LLM providers: keeping them, and their keys to themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.ports.calls import WorkerCalls
from watchbill.core.tenancy import TenantScope
from watchbill.features.providers import queries
from watchbill.features.providers.schemas import (
    Price,
    ProviderConfig,
    ProviderIn,
    ProviderPatch,
    ProviderTestResult,
)
from watchbill.features.providers.tables import LlmProvider
from watchbill.kit.database.paging import Page
from watchbill.kit.database.transactions import outside
from watchbill.kit.outbound.url_guard import AddressRefused, UrlGuard
from watchbill.kit.secrets.crypto import KeyRing

_TEST_TASK = "watchbill.provider_test"
_TEST_SECONDS = 40.0
_NEED_ADDRESS = frozenset(("openai_compatible", "azure", "vllm"))
_DEMO_NAME = "Demo (scripted answers, no AI)"
# Free, and known to be: an execution on the demo shows a cost of $0 rather than none.
_DEMO_CONFIG = ProviderConfig(prices={"demo": Price(input=Decimal(0), output=Decimal(0))})


async def _tell_nobody(_: UUID) -> None:
    """For backends without workers."""


@dataclass(frozen=True, slots=True)
class ProviderPorts:
    """What the provider routes work with. `demo_url` is where the demo server answers, if it runs; `changed`
    tells workers that a tenant's providers are others now."""

    keys: KeyRing
    guard: UrlGuard
    calls: WorkerCalls
    demo_url: str | None
    changed: Callable[[UUID], Awaitable[None]] = _tell_nobody


async def get(session: AsyncSession, id_: UUID, *, lock: bool = False) -> LlmProvider:
    """The provider of that id; `lock` keeps others from changing it until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    provider = await queries.by_id(session, id_, lock=lock)
    if provider is None:
        raise NotFound("There is no such provider.")
    return provider


async def page(session: AsyncSession, wanted: Page) -> tuple[list[LlmProvider], str | None]:
    """One page of providers and the next page's cursor."""
    rows, cursor = await queries.page(session, wanted)
    return list(rows), cursor


async def create(
    session: AsyncSession, scope: TenantScope, ports: ProviderPorts, form: ProviderIn
) -> LlmProvider:
    """Store a provider.

    Raises:
        InvalidInput: its address is missing or not allowed.
        Conflict: the name is taken, or it is a demo provider and no demo server runs.
    """
    provider = LlmProvider(
        id=uuid4(),
        **form.model_dump(exclude={"api_key", "config"}),
        config=form.config.model_dump(mode="json", exclude_none=True),
    )
    if form.provider_type == "demo":
        _make_demo(provider, ports)
    else:
        await _check_address(session, ports.guard, form.provider_type, form.base_url)
    _set_key(provider, scope, ports.keys, form.api_key)
    session.add(provider)
    await _flush(session)
    return provider


async def create_demo(session: AsyncSession, scope: TenantScope, ports: ProviderPorts) -> LlmProvider:
    """Store the demo provider under its own name.

    Raises:
        Conflict: there is one already, or no demo server runs.
    """
    return await create(
        session,
        scope,
        ports,
        ProviderIn(name=_DEMO_NAME, provider_type="demo", priority=1000, config=_DEMO_CONFIG),
    )


async def change(
    session: AsyncSession, scope: TenantScope, ports: ProviderPorts, id_: UUID, form: ProviderPatch
) -> LlmProvider:
    """Change what the form names. A new address needs its key again, or the stored one could be sent
    wherever a new address leads.

    Raises:
        NotFound, InvalidInput, Conflict: as for get and create.
    """
    provider = await get(session, id_)
    given = form.model_fields_set
    if "base_url" in given and form.base_url != provider.base_url and provider.provider_type != "demo":
        await _check_address(session, ports.guard, provider.provider_type, form.base_url)
        # Looking took its time; what is judged now is what is there now.
        provider = await get(session, id_, lock=True)
    if "base_url" in given and form.base_url != provider.base_url:
        if provider.provider_type == "demo":
            raise Conflict("The demo provider's address is set by the server.", code="demo_address")
        if provider.sealed_key is not None and "api_key" not in given:
            raise _field_error("api_key", "key_needed", "Enter the API key again when the address changes.")
    for name in given - {"api_key", "config"}:
        setattr(provider, name, getattr(form, name))
    if form.config is not None:
        provider.config = form.config.model_dump(mode="json", exclude_none=True)
    if "api_key" in given:
        _set_key(provider, scope, ports.keys, form.api_key)
    await _flush(session)
    await session.refresh(provider)
    return provider


async def delete(session: AsyncSession, id_: UUID) -> None:
    """Remove a provider. Agents that used it use the default instead.

    Raises:
        NotFound: there is none.
    """
    await session.delete(await get(session, id_))
    await session.flush()


async def test(scope: TenantScope, ports: ProviderPorts, id_: UUID, model: str | None) -> ProviderTestResult:
    """Have a worker ask the provider something tiny.

    Raises:
        Unavailable: no worker answered.
    """
    answer = await ports.calls.call(_TEST_TASK, str(scope.tenant_id), str(id_), model, timeout=_TEST_SECONDS)
    return ProviderTestResult.model_validate(answer)


def key_place(scope: TenantScope, id_: UUID) -> str:
    """What a provider's key is sealed to: copied to another row or tenant, it cannot be opened."""
    return f"llm_provider:{scope.tenant_id}:{id_}"


def _make_demo(provider: LlmProvider, ports: ProviderPorts) -> None:
    if ports.demo_url is None:
        raise Conflict(
            "The demo model runs only with embedded services (`watchbill up`). Add a provider of your own.",
            code="no_demo",
        )
    provider.base_url = ports.demo_url
    provider.models = provider.models or ["demo"]


def _set_key(provider: LlmProvider, scope: TenantScope, keys: KeyRing, key: str | None) -> None:
    provider.sealed_key = keys.seal(key, key_place(scope, provider.id)) if key else None
    provider.api_key_hint = _hint(key) if key else None


def _hint(key: str) -> str:
    """Enough to tell keys apart by, and nothing to guess the rest from."""
    if len(key) < 12:
        return "..."
    start = key[:3] if key.startswith("sk-") else ""
    return f"{start}...{key[-4:]}"


async def _check_address(session: AsyncSession, guard: UrlGuard, provider_type: str, url: str | None) -> None:
    if url is None:
        if provider_type in _NEED_ADDRESS:
            raise _field_error("base_url", "missing", "A provider of this type needs its base URL.")
        return
    try:
        async with outside(session):
            await guard.check(url)
    except AddressRefused as error:
        raise _field_error("base_url", "address_refused", str(error)) from error


def _field_error(field: str, code: str, message: str) -> InvalidInput:
    return InvalidInput(message, errors=(FieldError(("body", field), code, message),))


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict("There is a provider of that name already.", code="name_taken") from error
