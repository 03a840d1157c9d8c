"""The tenant scope, the only way to say whose data is meant, and what holds for tenants by default."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class TenantScope:
    """Names one tenant. Every port and query that touches tenant data takes it as its first argument.

    Schema names and key prefixes are derived from the UUID here, and for the kit in kit.database.roles, so a
    name that a user typed can never become part of SQL, of a Redis key or of a collection's name.
    """

    tenant_id: UUID

    @property
    def schema(self) -> str:
        """PostgreSQL schema of the tenant: `tenant_` and 32 hex digits, safe to place in SQL."""
        return f"tenant_{self.tenant_id.hex}"

    def key(self, *parts: str) -> str:
        """A Redis key or channel of the tenant: `wb:<tenant hex>:part:part`."""
        return ":".join(("wb", self.tenant_id.hex, *parts))

    def collection(self, kind: str) -> str:
        """A MongoDB collection of the tenant: `<kind>_<tenant hex>`."""
        return f"{kind}_{self.tenant_id.hex}"

    def kind(self, collection: str) -> str:
        """The kind that is in the name of one of the tenant's collections."""
        return collection.removesuffix(f"_{self.tenant_id.hex}")


class TenantDefaults(BaseModel):
    """The defaults of a tenant: executions that run at a time, and days that executions and their logs are
    kept after their end. 0 means no limit, and for ever."""

    model_config = ConfigDict(frozen=True)

    running: int = 0
    keep_executions_days: int = 0
    keep_logs_days: int = 0
