"""What the tool routes take and give."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from watchbill.core.flow.problems import Problem
from watchbill.core.ports.sandbox import SandboxLimits
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Name

Kind = Literal["builtin", "python"]
Description = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=10_000),
    Field(description="What a model is told of it: what it does, and when to use it."),
]
# Exact versions, so that what runs tomorrow is what was tried today.
Requirement = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=200,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?==[A-Za-z0-9][A-Za-z0-9.!+_-]*$",
    ),
]
Host = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[a-z0-9.-]{1,253}(:[0-9]{1,5})?$")]
_PLAIN_INPUT: dict[str, Any] = {"type": "object", "properties": {}}


class ToolLimits(Input):
    """What one call of a tool may use; what is left out has the usual limit."""

    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    memory_mb: Annotated[int, Field(ge=16, le=16_384)] = 512
    cpus: Annotated[float, Field(gt=0, le=16)] = 0.5
    output_kb: Annotated[int, Field(ge=1, le=4096)] = 1024
    network: Literal["none"] | Annotated[list[Host], Field(min_length=1, max_length=50)] = Field(
        default="none", description="`none`, or the hosts that it may reach."
    )

    def sandbox(self) -> SandboxLimits:
        """As the sandbox takes them."""
        hosts = () if self.network == "none" else tuple(self.network)
        given = self.model_dump(exclude={"network"})
        return SandboxLimits(**given, network=hosts)


class PythonConfig(Input):
    """Python source with a function `run`: its arguments are the input, what it returns is the output."""

    code: Annotated[str, Field(min_length=1, max_length=200_000)]
    requirements: Annotated[list[Requirement], Field(max_length=100)] = Field(
        default=[], description="Packages with exact versions, such as `httpx==0.28.1`."
    )


class BuiltinConfig(Input):
    """One of the builtin tools, and its settings."""

    builtin: Annotated[str, Field(min_length=1, max_length=100)]
    settings: dict[str, Any] = Field(default={}, max_length=100)


class ToolIn(Input):
    """A new tool, or all of one."""

    name: Name
    description: Description = ""
    kind: Kind
    input_schema: dict[str, Any] = Field(
        default=_PLAIN_INPUT, description="JSON Schema of the input, an object. Builtin tools have their own."
    )
    output_schema: dict[str, Any] | None = Field(
        default=None, description="JSON Schema that the output must satisfy."
    )
    config: PythonConfig | BuiltinConfig
    limits: ToolLimits = ToolLimits()
    is_active: bool = True

    @model_validator(mode="after")
    def _config_of_the_kind(self) -> ToolIn:
        if isinstance(self.config, PythonConfig) != (self.kind == "python"):
            wanted = "{code, requirements?}" if self.kind == "python" else "{builtin, settings?}"
            raise ValueError(f"The config of a tool of kind {self.kind} is {wanted}.")
        return self


class ToolReplace(ToolIn):
    """All of a tool. With `version`, the change is refused if somebody else changed it meanwhile."""

    version: int | None = None


class ToolPatch(Input):
    """What to change; what is left out stays."""

    name: Name | None = None
    description: Description | None = None
    input_schema: dict[str, Any] | None = None
    output_schema: dict[str, Any] | None = None
    config: PythonConfig | BuiltinConfig | None = None
    limits: ToolLimits | None = None
    is_active: bool | None = None
    version: int | None = None

    @model_validator(mode="after")
    def _nothing_emptied(self) -> ToolPatch:
        for name in self.model_fields_set - {"output_schema", "version"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null; leave it out to keep it.")
        return self


class ToolOut(BaseModel):
    """A tool. `function` is the name under which models call it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    function: str
    description: str
    kind: Kind
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    config: PythonConfig | BuiltinConfig
    limits: ToolLimits
    is_active: bool
    version: int
    updated_by: UUID | None
    created_at: datetime
    updated_at: datetime


class ToolValidation(BaseModel):
    """Whether a tool can be called, and what is wrong with it."""

    valid: bool
    problems: list[Problem]


class ToolTrial(Input):
    """What to call the tool with."""

    input: dict[str, Any] = Field(default={}, max_length=1000)


class ToolFault(BaseModel):
    """Why a call of a tool failed."""

    kind: Literal["user", "upstream", "timeout", "limit", "bug"]
    code: str
    message: str


class ToolTrialResult(BaseModel):
    """How a call ended: its output or its error, and what it printed."""

    ok: bool
    output: JsonValue = None
    error: ToolFault | None = None
    logs: str = ""
    duration_ms: int
    tier: str | None = Field(default=None, description="The sandbox it ran in; null for builtin tools.")


class BuiltinOut(BaseModel):
    """A builtin tool."""

    name: str
    title: str
    description: str
    icon: str
    settings_schema: dict[str, Any]
    input_schema: dict[str, Any]


_OTHER = re.compile(r"[^a-z0-9]+")


def function_name(name: str) -> str:
    """The name under which models call a tool: they take letters, digits and underscores."""
    plain = _OTHER.sub("_", name.lower()).strip("_")[:60]
    return plain if plain[:1].isalpha() else f"tool_{plain}".rstrip("_")
