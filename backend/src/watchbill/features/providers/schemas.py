"""What the provider routes take and give."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from watchbill.core.ports.llm import Prices
from watchbill.core.usage import Dollars
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Name

ProviderType = Literal[
    "openai", "openai_compatible", "anthropic", "azure", "gemini", "bedrock", "ollama", "vllm", "demo"
]
ModelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
ApiKey = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
BaseUrl = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Priority = Annotated[int, Field(ge=0, le=100_000, description="The lowest number is asked first.")]
Models = Annotated[list[ModelName], Field(max_length=200, description="The first one is the default.")]


class Price(Input):
    """US dollars per million tokens."""

    input: Annotated[Dollars, Field(ge=0, le=100_000)]
    output: Annotated[Dollars, Field(ge=0, le=100_000)]
    cached_input: Annotated[Dollars, Field(ge=0, le=100_000)] | None = Field(
        default=None, description="Input from the provider's cache; by default the same price as input."
    )


Seconds = Annotated[float, Field(gt=0, le=86_400)]


class ProviderConfig(Input):
    """Settings of a provider beyond the common ones. Put secrets into api_key, not here."""

    prices: dict[ModelName, Price] = Field(default={}, max_length=200, description="By model.")
    first_token_seconds: Seconds | None = Field(
        default=None, description="How long a call waits for the first token of an answer; 120 by default."
    )
    silence_seconds: Seconds | None = Field(
        default=None, description="How long an answer may pause between two tokens; 60 by default."
    )
    timeout_seconds: Seconds | None = Field(
        default=None, description="How long a call may take in all; 3,600 by default."
    )
    organization: str | None = Field(default=None, max_length=200, description="OpenAI.")
    api_version: str | None = Field(default=None, max_length=100, description="Azure.")
    aws_region_name: str | None = Field(default=None, max_length=100, description="Bedrock.")
    aws_access_key_id: str | None = Field(
        default=None, max_length=200, description="Bedrock; the secret access key is the api_key."
    )


class ProviderIn(Input):
    """A new provider."""

    name: Name
    provider_type: ProviderType
    base_url: BaseUrl | None = None
    api_key: ApiKey | None = Field(default=None, description="Write-only; answers show api_key_hint.")
    models: Models = Field(default=[])
    priority: Priority = 100
    config: ProviderConfig = ProviderConfig()
    is_active: bool = True


class ProviderPatch(Input):
    """What to change; what is left out stays, and an api_key of null is removed."""

    name: Name | None = None
    base_url: BaseUrl | None = None
    api_key: ApiKey | None = None
    models: Models | None = None
    priority: Priority | None = None
    config: ProviderConfig | None = None
    is_active: bool | None = None

    @model_validator(mode="after")
    def _nothing_emptied(self) -> ProviderPatch:
        for name in self.model_fields_set - {"base_url", "api_key"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null; leave it out to keep it.")
        return self


class ProviderOut(BaseModel):
    """A provider without its key, as everybody in the tenant sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    provider_type: ProviderType
    base_url: str | None
    api_key_hint: str | None
    models: list[str]
    priority: int
    config: ProviderConfig
    is_active: bool
    created_at: datetime
    updated_at: datetime


class ProviderTest(Input):
    """Which model to ask; by default the provider's first."""

    model: ModelName | None = None


class ProviderTestResult(BaseModel):
    """Whether the provider answered a tiny question, and how long it took in milliseconds."""

    ok: bool
    latency_ms: int
    model: str
    error: str | None = None


def prices(config: dict[str, Any]) -> dict[str, Prices]:
    """Input and output price by model, and that of cached input where there is one, from a stored config."""
    entries: dict[str, dict[str, JsonValue]] = config.get("prices", {})
    return {model: _prices(price) for model, price in entries.items()}


def _prices(price: dict[str, JsonValue]) -> Prices:
    plain = Decimal(str(price["input"])), Decimal(str(price["output"]))
    cached = price.get("cached_input")
    return plain if cached is None else (*plain, Decimal(str(cached)))
