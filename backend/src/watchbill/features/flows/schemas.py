"""What the flow routes take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.flow.problems import Problem

FlowName = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str | None, Field(max_length=2_000)]
EditCount = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="The `version` that was read; a newer one answers 409.")
]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class FlowCreate(_Form):
    """A new flow. Its definition may still have problems: a draft is saved as it is."""

    name: FlowName
    description: Description = None
    definition: dict[str, Any]
    is_active: bool = True


class FlowReplace(FlowCreate):
    """A whole flow in place of the one that was read."""

    version: EditCount


class FlowPatch(_Form):
    """The fields to change. Without `version` the change wins over anyone else's."""

    name: FlowName | None = None
    description: Description = None
    definition: dict[str, Any] | None = None
    is_active: bool | None = None
    version: EditCount | None = None


class FlowSummary(BaseModel):
    """A flow in a list. `version` counts edits of the draft, `published_version` is the newest published."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str | None
    is_active: bool
    version: int
    published_version: int | None
    created_at: datetime
    updated_at: datetime


class FlowDetail(FlowSummary):
    """A flow with its draft."""

    definition: dict[str, Any]


class ValidateRequest(BaseModel):
    """A definition to check; any JSON value is taken and judged."""

    definition: Any


class Validation(BaseModel):
    """Whether a definition can run, and everything to mend."""

    valid: bool
    problems: list[Problem]


class FlowVersionSummary(BaseModel):
    """A published version in a list."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    created_by: UUID | None
    created_at: datetime


class FlowVersionDetail(FlowVersionSummary):
    """A published version with what was frozen."""

    definition: dict[str, Any]


class Example(BaseModel):
    """An example flow that comes with Watchbill."""

    name: str
    title: str
    description: str
    inputs_example: dict[str, Any]
    definition: dict[str, Any]


class Examples(BaseModel):
    """Every example flow."""

    items: list[Example]


class FlowVersions(BaseModel):
    """Published versions, newest first."""

    items: list[FlowVersionSummary]
