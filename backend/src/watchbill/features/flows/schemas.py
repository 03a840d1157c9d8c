"""What the flow routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from watchbill.core.flow.problems import Problem
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Description, Name

Definition = Annotated[
    dict[str, Any],
    Field(description="A flow definition (watchbill.flow/v1). A draft may have problems; 2 MiB at most."),
]
Version = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="The version you edited; 409 when there is a newer one.")
]


MaxRunning = Annotated[
    int,
    Field(
        ge=1,
        le=10_000,
        description="How many executions run at a time; the others wait. Null means no limit.",
    ),
]


Spelling = Annotated[
    bool,
    Field(
        description="For clients with one kind of number, such as browsers. A stored value stays as it is"
        " if the new one differs only in what such clients cannot tell apart: `7.0` and `7`, `-0.0` and `0`,"
        " and the order of keys that are whole numbers."
    ),
]


Check = Annotated[
    bool,
    Field(description="Whether to check the definition after storing it, and to answer with its problems."),
]


class FlowIn(Input):
    """A new flow."""

    name: Name
    description: Description | None = None
    definition: Definition
    is_active: bool = True
    max_running: MaxRunning | None = None


class FlowReplacement(FlowIn):
    """A whole flow in place of a stored one."""

    version: Version


class FlowPatch(Input):
    """What to change; what is left out stays. A definition needs the version it was made from."""

    name: Name | None = None
    description: Description | None = None
    definition: Definition | None = None
    is_active: bool | None = None
    max_running: MaxRunning | None = None
    version: Version | None = None
    keep_spelling: Spelling | None = None
    check: Check | None = None

    @model_validator(mode="after")
    def _whole(self) -> FlowPatch:
        for name in self.model_fields_set - {"description", "max_running"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null; leave it out to keep it.")
        if self.definition is not None and self.version is None:
            raise ValueError("A definition needs the version it was made from.")
        return self


class FlowSummary(BaseModel):
    """A flow in a list. `version` counts the edits of the draft; `published_version` is null before the
    first publishing."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str | None
    is_active: bool
    version: int
    published_version: int | None
    max_running: int | None
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime


class FlowOut(FlowSummary):
    """A flow with its draft. `changed_since_published` tells whether the draft differs from the newest
    published version; it is null before the first publishing."""

    definition: dict[str, Any]
    changed_since_published: bool | None


class ValidateRequest(Input):
    """A definition to check; it may be new, and it may be malformed."""

    definition: Any


class Validation(BaseModel):
    """Whether a definition can run, and every problem it has; warnings do not stop it."""

    valid: bool
    problems: list[Problem]


class FlowSaved(FlowOut):
    """A flow after a change. `validation` is null if it was not asked for, and if the draft was stored but
    could not be checked now. POST /flows/validate checks it again."""

    validation: Validation | None = None


class PublishRequest(Input):
    """Which edit to publish; without it, the present draft."""

    version: Version | None = None


class FlowVersionSummary(BaseModel):
    """A published version. Numbers count from 1."""

    model_config = ConfigDict(from_attributes=True)

    flow_id: UUID
    number: int
    created_by: UUID | None
    created_at: datetime


class FlowVersionOut(FlowVersionSummary):
    """A published version with its definition."""

    definition: dict[str, Any]


class Example(BaseModel):
    """A flow to start from. `inputs_example` are inputs that show what it does."""

    name: str
    title: str
    description: str
    inputs_example: dict[str, Any] = {}
    definition: dict[str, Any]


class Examples(BaseModel):
    """Every example."""

    items: list[Example]
