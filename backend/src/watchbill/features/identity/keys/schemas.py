"""What the API key routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from watchbill.features.identity.permissions import Permission
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Name


class KeyIn(Input):
    """A key to make. Scopes are permissions; `flow_ids` limits it to some flows, and then it may have only
    permissions about flows and executions. Without `expires_at` it lasts until it is revoked."""

    name: Name
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=100)]
    flow_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)] | None = None
    expires_at: AwareDatetime | None = None


class KeyOut(BaseModel):
    """A key without its secret. It acts for the person `user_id`, who made it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    hint: str
    user_id: UUID
    scopes: list[str]
    flow_ids: list[UUID] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class NewKey(KeyOut):
    """A new key. `key` is shown only once: Watchbill stores only its hash."""

    key: str
