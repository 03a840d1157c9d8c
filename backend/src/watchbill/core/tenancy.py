"""The tenant scope: the only way to say whose data is meant."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TenantScope:
    """Names one tenant. Every port and query that touches tenant data takes it as its first argument.

    Schema names and key prefixes are derived from the UUID here and nowhere else, so a name that a user
    typed can never become part of SQL or of a Redis key.
    """

    tenant_id: UUID

    @property
    def schema(self) -> str:
        """PostgreSQL schema of the tenant: `tenant_` and 32 hex digits, safe to place in SQL."""
        return f"tenant_{self.tenant_id.hex}"

    def key(self, *parts: str) -> str:
        """A Redis key or channel of the tenant: `wb:<tenant hex>:part:part`."""
        return ":".join(("wb", self.tenant_id.hex, *parts))
