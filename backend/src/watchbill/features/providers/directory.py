"""core.ports.llm.ProviderDirectory over the providers that tenants stored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.llm import Provider
from watchbill.core.tenancy import TenantScope
from watchbill.features.providers import queries
from watchbill.features.providers.schemas import prices
from watchbill.features.providers.service import key_place
from watchbill.features.providers.tables import LlmProvider
from watchbill.kit.database.faults import again, passing
from watchbill.kit.database.transactions import Database
from watchbill.kit.secrets.crypto import KeyRing

# A restart or a failover takes less.
_PATIENCE_SECONDS = 60.0


class DirectorySettings(Protocol):
    """The settings the directory needs."""

    @property
    def encryption_keys(self) -> SecretStr: ...
    @property
    def demo_llm_url(self) -> str | None: ...


class StoredProviders:
    """Providers with their keys opened. The demo provider's address is always the present one, since the
    demo server takes another port at every start."""

    def __init__(self, database: Database, keys: KeyRing, *, demo_url: str | None):
        self._database = database
        self._keys = keys
        self._demo_url = demo_url

    @classmethod
    def from_settings(cls, database: Database, settings: DirectorySettings) -> StoredProviders:
        """A directory that opens keys with the settings' ring."""
        keys = KeyRing.parse(settings.encryption_keys.get_secret_value())
        return cls(database, keys, demo_url=settings.demo_llm_url)

    async def providers(self, scope: TenantScope) -> Sequence[Provider]:
        """The active ones, the one to ask first coming first."""
        return await self._read(scope, inactive=False)

    async def all(self, scope: TenantScope) -> Sequence[Provider]:
        """Inactive ones too, for testing a provider before it is switched on."""
        return await self._read(scope, inactive=True)

    async def _read(self, scope: TenantScope, *, inactive: bool) -> Sequence[Provider]:
        try:
            rows = await again(partial(self._rows, scope), seconds=_PATIENCE_SECONDS, what="providers")
        except (OSError, DBAPIError) as error:
            if not passing(error):
                raise
            # Nobody is to blame for it in the flow.
            text = f"Watchbill's own database did not answer for {_PATIENCE_SECONDS:g} seconds."
            raise NodeError(ErrorKind.UPSTREAM, text, code="database_unavailable") from error
        return [self._open(scope, row) for row in rows if row.is_active or inactive]

    async def _rows(self, scope: TenantScope) -> Sequence[LlmProvider]:
        async with self._database.transaction(scope) as work:
            return await queries.by_priority(work.session)

    def _open(self, scope: TenantScope, row: LlmProvider) -> Provider:
        key = self._keys.unseal(row.sealed_key, key_place(scope, row.id)) if row.sealed_key else None
        demo = row.provider_type == "demo" and self._demo_url is not None
        return Provider(
            id=row.id,
            name=row.name,
            provider_type=row.provider_type,
            base_url=self._demo_url if demo else row.base_url,
            api_key=key,
            models=tuple(row.models),
            priority=row.priority,
            config=row.config,
            prices=prices(row.config),
        )
