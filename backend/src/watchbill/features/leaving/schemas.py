"""What the routes about removing a member give."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Triggers = Literal["keep", "pause"]
Executions = Literal["keep", "cancel"]


class KeyBelonging(BaseModel):
    """A key that ends with the membership; `flow_ids` are the flows that it is limited to, if it is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    hint: str
    flow_ids: list[UUID] | None


class Belongings(BaseModel):
    """What a member made that is still active: schedules and webhooks that are switched on, executions that
    are not over, and API keys, which end with the membership."""

    schedules: int
    webhooks: int
    executions: int
    keys: list[KeyBelonging]
