"""Every setting: environment variables, then `.env`, then defaults. Only the assemblies read it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

# Anyone can read these, so production refuses them; they let tests and a bare `watchbill api` start.
DEVELOPMENT_JWT_SECRET = "development-only-secret-that-everyone-can-read"  # noqa: S105
DEVELOPMENT_ENCRYPTION_KEYS = "development:" + base64.b64encode(b"watchbill development key 32 by!").decode()

Words = Annotated[list[str], NoDecode]


def _names(name: str, *aliases: str) -> AliasChoices:
    return AliasChoices(f"WATCHBILL_{name}", *aliases)


class Settings(BaseSettings):
    """Times are in seconds, sizes in bytes. Lists are written with commas."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHBILL_", env_file=".env", extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    env: Literal["development", "production", "test"] = "development"
    data_dir: Path = Path(".watchbill")
    public_url: str | None = Field(default=None, validation_alias=_names("PUBLIC_URL", "API_BASE_URL"))
    cors_origins: Words = []
    api_host: str = Field(default="127.0.0.1", validation_alias=_names("API_HOST", "API_HOST"))
    api_port: int = Field(default=8000, ge=1, le=65535, validation_alias=_names("API_PORT", "API_PORT"))
    api_reload: bool = Field(default=False, validation_alias=_names("API_RELOAD", "API_RELOAD"))
    api_key: SecretStr | None = Field(default=None, validation_alias=_names("API_KEY", "API_KEY"))

    database_url: SecretStr | None = None
    database_pgbouncer: bool = False
    database_pool_size: int = Field(default=10, ge=1, le=200)
    redis_url: SecretStr | None = None
    mongo_url: SecretStr | None = None

    jwt_secret: SecretStr = SecretStr(DEVELOPMENT_JWT_SECRET)
    encryption_keys: SecretStr = SecretStr(DEVELOPMENT_ENCRYPTION_KEYS)
    session_seconds: int = Field(default=24 * 3600, ge=60)
    bcrypt_cost: int = Field(default=12, ge=4, le=16)

    sandbox: Literal["auto", "wasm", "docker", "off"] = "auto"
    allowed_private_hosts: Words = []
    rate_limit_user: int = Field(default=100, ge=0)
    rate_limit_tenant: int = Field(default=1000, ge=0)
    demo_llm_url: str | None = None

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"

    @field_validator("cors_origins", "allowed_private_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value
        )

    @field_validator("public_url")
    @classmethod
    def _bare_url(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else None

    @model_validator(mode="after")
    def _safe_in_production(self) -> Settings:
        if self.env == "production":
            for sentence in self.dangers():
                raise ValueError(sentence)
        return self

    def dangers(self) -> list[str]:
        """What makes these settings unfit for production, each with what to do about it."""
        jwt, keys = self.jwt_secret.get_secret_value(), self.encryption_keys.get_secret_value()
        checks = [
            (
                jwt == DEVELOPMENT_JWT_SECRET or len(jwt) < 32,
                "Set WATCHBILL_JWT_SECRET to a secret of your own of at least 32 characters"
                " (openssl rand -hex 32).",
            ),
            (
                keys == DEVELOPMENT_ENCRYPTION_KEYS,
                'Set WATCHBILL_ENCRYPTION_KEYS to "1:" and 32 random bytes (openssl rand -base64 32).',
            ),
            (self.bcrypt_cost < 12, "Set WATCHBILL_BCRYPT_COST to at least 12."),
        ]
        return [sentence for bad, sentence in checks if bad]

    @property
    def private_hosts(self) -> list[str]:
        """Private addresses that URLs entered by users may reach."""
        loopback = [] if self.env == "production" else ["127.0.0.0/8", "::1/128"]
        return [*self.allowed_private_hosts, *loopback]

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers may send the session over HTTPS only."""
        return self.public_url.startswith("https:") if self.public_url else self.env == "production"
