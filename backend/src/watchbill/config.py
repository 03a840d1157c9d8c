"""Every setting: environment variables, then `.env`, then defaults. Only the assemblies read it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from watchbill.core.tenancy import TenantDefaults
from watchbill.kit.outbound.way_out import proxy_problem
from watchbill.kit.secrets.strength import guessable, guessable_keys

# Anyone can read these, so production refuses them; they let tests and a bare `watchbill api` start.
DEVELOPMENT_JWT_SECRET = "development-only-secret-that-everyone-can-read"  # noqa: S105
DEVELOPMENT_ENCRYPTION_KEYS = "development:" + base64.b64encode(b"watchbill development key 32 by!").decode()

Words = Annotated[list[str], NoDecode]


def _names(name: str, *aliases: str) -> AliasChoices:
    return AliasChoices(f"WATCHBILL_{name}", *aliases)


class Settings(BaseSettings):
    """Times are in seconds, sizes in bytes. Lists are written with commas."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHBILL_",
        env_file=".env",
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )

    env: Literal["development", "production", "test"] = "development"
    """What this is used for. Production refuses to start with a missing or well-known secret."""
    data_dir: Path = Path(".watchbill")
    """Where embedded servers, logs and secrets live."""
    public_url: str | None = Field(default=None, validation_alias=_names("PUBLIC_URL", "API_BASE_URL"))
    """The address that people open, if a proxy is in front; with https:// cookies are secure."""
    cors_origins: Words = []
    """Other web sites that may call the API from a browser, separated by commas."""
    api_host: str = Field(default="127.0.0.1", validation_alias=_names("API_HOST", "API_HOST"))
    """The address to listen on."""
    api_port: int = Field(default=8000, ge=1, le=65535, validation_alias=_names("API_PORT", "API_PORT"))
    """The port to listen on."""
    api_reload: bool = Field(default=False, validation_alias=_names("API_RELOAD", "API_RELOAD"))
    """Restart the API when its code changes, for developers of Watchbill."""
    trusted_proxies: Words = []
    """Addresses or networks of the proxies in front, separated by commas. Watchbill believes what they, and
    proxies on the same machine, say about where a request comes from. Everybody behind another proxy counts
    as one person for the limits."""
    api_key: SecretStr | None = Field(default=None, validation_alias=_names("API_KEY", "API_KEY"))
    """A key for the whole installation. A program that sends it acts as an admin of the first tenant."""

    database_url: SecretStr | None = None
    """PostgreSQL. If unset, `watchbill up` starts one."""
    database_pgbouncer: bool = False
    """Whether the URL leads to PgBouncer in transaction mode, which has no prepared statements."""
    database_pool_size: int = Field(default=10, ge=1, le=200)
    """Connections of each process to the database. At peaks it opens twice as many. One tenant gets at most a
    third of this number."""
    database_wait_seconds: float = Field(default=5.0, gt=0, le=60)
    """How long a request waits for a database connection; then the answer is 503. Behind other requests of
    its own tenant it waits four times as long; then the answer is 429."""
    database_statement_seconds: float = Field(default=30.0, ge=1, le=600)
    """How long one statement of a request may take; then the answer is 503. For a lock it waits a third."""
    redis_url: SecretStr | None = None
    """Redis or Valkey. If unset, `watchbill up` starts Valkey."""
    worker_preload: bool = True
    """Whether a worker loads CrewAI and LiteLLM when it starts. If not, the first model call waits for that;
    a worker that calls no model then needs 300 MB less memory."""
    mongo_url: SecretStr | None = None
    """MongoDB for the logs, exchanges and large outputs of executions, mongodb://user:password@host/name or
    mongodb+srv://.... The database is `watchbill` if the URL does not name one. If unset, they are stored in
    PostgreSQL."""

    jwt_secret: SecretStr = SecretStr(DEVELOPMENT_JWT_SECRET)
    """The secret that signs sessions, at least 32 characters. `watchbill up` makes one."""
    encryption_keys: SecretStr = SecretStr(DEVELOPMENT_ENCRYPTION_KEYS)
    """The keys that encrypt provider keys and other secrets: `id:base64 of 32 bytes`, separated by commas,
    the newest first. `watchbill up` makes one."""
    token_seconds: int = Field(default=24 * 3600, ge=60)
    """How long the access token of a program is valid."""
    access_seconds: int = Field(default=15 * 60, ge=30)
    """How long the access token of a browser is valid. The browser renews it by itself."""
    session_seconds: int = Field(default=14 * 24 * 3600, ge=60)
    """How long a session lasts while it is not used."""
    invitation_seconds: int = Field(default=7 * 24 * 3600, ge=3600)
    """How long an invitation can be accepted."""
    verify_email: bool = False
    """Whether people must prove their mail address before they register or do anything. Then nobody can find
    out by registering whether an address has an account."""
    bcrypt_cost: int = Field(default=12, ge=4, le=16)
    """How much work a password's hash costs; 1 more doubles it."""

    smtp_url: SecretStr | None = None
    """The mail server, smtp://user:password@host:587 or smtps://...:465. If unset, mails are written to files
    in the data directory; in production no mails are sent."""
    mail_from: str = "Watchbill <watchbill@localhost>"
    """The sender of all mails."""

    sso_trust_domains: bool = False
    """Whether to trust the mail domains of single sign-on without a proof. If not, a DNS record of the domain
    must say that it belongs to the tenant."""
    dns_servers: Words = []
    """Name servers to ask for such records: IP addresses or address:port, separated by commas. If unset, the
    machine's name servers are asked."""

    sandbox: Literal["auto", "wasm", "off"] = "auto"
    """Where tools written in Python run. `auto` and `wasm`: in the built-in interpreter. `off`: nowhere."""
    allowed_private_hosts: Words = []
    """Private hosts, host:port or networks that users' URLs may reach, separated by commas. Outside of
    production loopback is allowed too."""
    llm_answer_characters: int = Field(default=4 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    """Characters that a model's answer may have, with thoughts and tool calls. Longer answers are cut off
    while they are read, and the node fails."""
    outbound_proxy: SecretStr | None = None
    """A proxy for calls to public addresses, http://user:password@host:port: model calls, HTTP nodes,
    webhooks, single sign-on. Addresses are checked before the proxy is used. Allowed private addresses are
    called without it. The proxies of the environment (HTTPS_PROXY and the like) are never used."""
    rate_limit_user: int = Field(default=100, ge=0)
    """Requests a minute for each user; 0 is no limit."""
    rate_limit_tenant: int = Field(default=1000, ge=0)
    """Requests a minute for each tenant; 0 is no limit."""
    compute_processes: int = Field(default=2, ge=1, le=64)
    """Processes of the API and of each worker for long computations, such as expressions over long lists.
    They start when they are needed, and end when they are not."""
    sandbox_processes: int = Field(default=12, ge=1, le=256)
    """Programs that each worker's built-in interpreter runs at a time. A tenant has a third of them, and
    waits when it has more to run."""
    sandbox_memory_mb: int = Field(default=2048, ge=16, le=1_048_576)
    """Memory that a program in the sandbox may ask for, in MB."""
    running_limit_tenant: int = Field(default=0, ge=0, le=1_000_000)
    """Executions that each tenant may run at a time; the others wait. 0 is no limit."""
    keep_executions_days: int = Field(default=0, ge=0, le=36_500)
    """Days that executions are kept after their end, if a tenant sets nothing else; 0 is for ever."""
    keep_logs_days: int = Field(default=30, ge=0, le=36_500)
    """Days that logs are kept after their execution's end, if a tenant sets nothing else; 0 is as long as the
    execution."""
    tenants_per_person: int = Field(default=10, ge=0, le=100_000)
    """Tenants that one person may make; 0 is no limit."""
    rate_limit_auth: int = Field(default=60, ge=0)
    """Requests a minute from each address of people who are not signed in yet; 0 is no limit."""
    stream_limit_user: int = Field(default=50, ge=0)
    """Event streams (server-sent events or WebSocket) that a person or key may have open in each API process;
    0 is no limit."""
    stream_limit_tenant: int = Field(default=500, ge=0)
    """The same for a whole tenant."""
    waiting_limit_user: int = Field(default=500, ge=0)
    """Requests of a person, key or webhook that may wait for the end of an execution at a time, in each API
    process; 0 is no limit."""
    waiting_limit_tenant: int = Field(default=1000, ge=0)
    """The same for a whole tenant."""
    slow_limit_user: int = Field(default=8, ge=0)
    """Slow requests that a person or key may have at a time in each API process: tests of providers, single
    sign-on, URLs of providers and notifications, validation; 0 is no limit."""
    slow_limit_tenant: int = Field(default=32, ge=0)
    """The same for a whole tenant."""
    slow_limit_address: int = Field(default=64, ge=0)
    """The same for each address (a /64 network for IPv6) of people who sign in with single sign-on."""
    body_seconds: float = Field(default=60.0, gt=0, le=3600)
    """How long the body of a request may take to arrive; then the answer is 408."""
    mail_limit_tenant: int = Field(default=500, ge=0)
    """Mails a day that each tenant may send: notifications, questions, invitations; 0 is no limit."""
    mail_limit_strangers: int = Field(default=50, ge=0)
    """Mails a day that each tenant may send to people who have not agreed yet: invitations, and mails that
    ask for agreement; 0 is no limit."""
    demo_llm_url: str | None = None
    """Where the demo model answers; `watchbill up` starts one."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Log lines less important than this are not written."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """JSON for machines, console for people; auto means console on a terminal and JSON elsewhere."""

    @field_validator("cors_origins", "allowed_private_hosts", "trusted_proxies", "dns_servers", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value
        )

    @field_validator("public_url")
    @classmethod
    def _bare_url(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else None

    @field_validator("mongo_url")
    @classmethod
    def _mongodb(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("The address of MongoDB begins with mongodb:// or mongodb+srv://.")
        return value

    @field_validator("outbound_proxy")
    @classmethod
    def _proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (problem := proxy_problem(value.get_secret_value())):
            raise ValueError(problem)
        return value

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
                self._known(jwt),
                "Set WATCHBILL_JWT_SECRET to a random secret of your own of at least 32 characters"
                " (openssl rand -hex 32).",
            ),
            (
                DEVELOPMENT_ENCRYPTION_KEYS.partition(":")[2] in keys or guessable_keys(keys),
                'Set WATCHBILL_ENCRYPTION_KEYS to "1:" and 32 random bytes of your own'
                " (openssl rand -base64 32); each of several keys must be such.",
            ),
            (
                self.smtp_url is not None and self.public_url is None,
                "Set WATCHBILL_PUBLIC_URL: mails contain links to it.",
            ),
            (
                self.verify_email and self.smtp_url is None,
                "Set WATCHBILL_SMTP_URL: with WATCHBILL_VERIFY_EMAIL people register by a mailed link.",
            ),
            (
                self.api_key is not None and self._known(self.api_key.get_secret_value()),
                "Set WATCHBILL_API_KEY to at least 32 random characters (openssl rand -hex 32), or leave it"
                " out.",
            ),
            (self.bcrypt_cost < 12, "Set WATCHBILL_BCRYPT_COST to at least 12."),
        ]
        return [sentence for bad, sentence in checks if bad]

    @staticmethod
    def _known(secret: str) -> bool:
        """Whether a secret is published here, or could be guessed."""
        return secret.strip() == DEVELOPMENT_JWT_SECRET or guessable(secret)

    @property
    def private_hosts(self) -> list[str]:
        """Private addresses that URLs entered by users may reach."""
        loopback = [] if self.env == "production" else ["127.0.0.0/8", "::1/128"]
        return [*self.allowed_private_hosts, *loopback]

    @property
    def proxy(self) -> str | None:
        """The operator's proxy for what leaves."""
        return self.outbound_proxy.get_secret_value() if self.outbound_proxy else None

    @property
    def own_addresses(self) -> list[str]:
        """The addresses of the installation's own services, which no user's URL may lead to."""
        addresses = (self.database_url, self.redis_url, self.mongo_url, self.smtp_url, self.outbound_proxy)
        return [address.get_secret_value() for address in addresses if address is not None]

    @property
    def tenant_defaults(self) -> TenantDefaults:
        """What holds for tenants that have nothing of their own."""
        return TenantDefaults(
            running=self.running_limit_tenant,
            keep_executions_days=self.keep_executions_days,
            keep_logs_days=self.keep_logs_days,
        )

    @property
    def base_url(self) -> str:
        """The address that people use, without a slash at its end."""
        host = f"[{self.api_host}]" if ":" in self.api_host else self.api_host
        return self.public_url or f"http://{host}:{self.api_port}"

    @property
    def mailbox(self) -> Path | None:
        """The folder where mails go that no server takes."""
        return None if self.env == "production" else self.data_dir / "mails"

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers may send the session over HTTPS only."""
        return self.public_url.startswith("https:") if self.public_url else self.env == "production"
