"""What the trigger routes take and give."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from watchbill.core.events import ExecutionFailure, ExecutionStatus
from watchbill.core.expressions import ExpressionError, parse_template, templates_in
from watchbill.core.expressions.typed_json import typed_json
from watchbill.features.triggers import schedule
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Name

Kind = Literal["schedule", "webhook"]
Cause = Literal["schedule", "webhook", "manual"]
Outcome = Literal["started", "queued", "skipped", "failed"]
Overlap = Literal["allow", "skip", "queue", "cancel_previous"]
Missed = Literal["skip", "run_once", "run_all"]
Version = Literal["draft", "published"] | Annotated[int, Field(ge=1, le=2**31 - 1)]
MAX_BODY_BYTES = 4 * 1024 * 1024


# Of a mapping or a reply. Its expressions are parsed for each call, by whoever knows the address: a few
# milliseconds, where ninety thousand would hold up everybody for seconds.
_MOST_BYTES = 256 * 1024
_MOST_EXPRESSIONS = 500
_MOST_CHARACTERS = 50_000


class Schedule(Input):
    """When a schedule runs: five cron fields, or @hourly, @daily, @weekly, @monthly, @yearly."""

    cron: str = Field(min_length=1, max_length=schedule.MAX_LENGTH)
    timezone: str = Field("UTC", min_length=1, max_length=60, description="IANA name, such as Europe/Berlin.")
    overlap: Overlap = Field("allow", description="What happens while the execution before is still running.")
    missed: Missed = Field("run_once", description="What happens with times when no worker was running.")
    most_missed: int = Field(10, ge=1, le=100, description="For run_all: only so many of the newest times.")

    @model_validator(mode="after")
    def _can_run(self) -> Schedule:
        schedule.check(self.cron, self.timezone, datetime.now(UTC))
        return self


def _readable_templates(templates: dict[str, Any]) -> None:
    if len(orjson.dumps(templates)) > _MOST_BYTES:
        raise ValueError(f"All of it together has at most {_MOST_BYTES:,} bytes.")
    found = list(templates_in(templates))
    expressions = sum(text.count("{{") for _, text in found)
    # From the first one's beginning to the last one's end: what is in between costs little to read.
    characters = sum(max(0, text.rfind("}}") - text.index("{{")) for _, text in found)
    if expressions > _MOST_EXPRESSIONS or characters > _MOST_CHARACTERS:
        raise ValueError(
            f"All of it together has at most {_MOST_EXPRESSIONS} expressions, of {_MOST_CHARACTERS:,}"
            " characters. Pass values on as they are, and work on them in a node."
        )
    for path, text in found:
        try:
            template = parse_template(text)
        except ExpressionError as error:
            raise ValueError(f"`{path[0]}`: {error.message}") from error
        if any(reference.root != "inputs" for reference in template.references):
            raise ValueError(f"`{path[0]}` reads a node; a trigger knows only `inputs`.")


class ChallengeRules(Input):
    """How a webhook answers a service that tests its address. Nothing is started then."""

    query: str = Field(
        "hub.challenge",
        min_length=1,
        max_length=100,
        description="The query parameter to send back as plain text, for a GET or a POST without a body.",
    )
    token_query: str = Field(
        "hub.verify_token",
        min_length=1,
        max_length=100,
        description="The query parameter with the token that was given to the service.",
    )
    json_body: bool = Field(
        False,
        description="Whether to answer bodies such as {type: url_verification, challenge, token} too.",
    )


class Challenge(ChallengeRules):
    """How a webhook answers challenges, with the token that the service sends."""

    token: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="The token that the service must send. It is never shown again. Leave it out to keep the"
        " old one; null means no token.",
    )


class StoredChallenge(ChallengeRules):
    """How a webhook answers challenges, with the token as it is stored."""

    token_digest: str | None = None


class ChallengeOut(ChallengeRules):
    """How a webhook answers challenges; `has_token` tells whether the service must send a token."""

    has_token: bool


ReplyType = Literal[
    "application/json",
    "text/plain",
    "text/csv",
    "text/markdown",
    "text/xml",
    "application/xml",
    "application/yaml",
]


class Reply(Input):
    """The answer to the caller when the execution completed. Templates read `inputs.outputs` and
    `inputs.execution_id`. Without a body the answer is the outputs."""

    status: Annotated[int, Field(ge=200, le=599)] | Annotated[str, Field(max_length=1000)] = Field(
        200, description="A number from 200 to 299 or from 400 to 599, or one template that gives it."
    )
    content_type: ReplyType = "application/json"
    body: Any = Field(
        None, description="A text with templates; for JSON any value, JSON text, or one expression."
    )

    @model_validator(mode="after")
    def _can_be_answered(self) -> Reply:
        json = self.content_type == "application/json"
        # NotJson is a ValueError.
        _readable_templates({"status": self.status, "body": typed_json(self.body) if json else self.body})
        if isinstance(self.status, str):
            if not self.status.strip().startswith("{{"):
                raise ValueError("The status must be a number or one template.")
        elif 300 <= self.status < 400:
            raise ValueError("The status must be from 200 to 299 or from 400 to 599.")
        if not json and not isinstance(self.body, str):
            raise ValueError("For this content type the body must be a text.")
        return self


class WebhookRules(Input):
    """How calls of a webhook are checked and answered."""

    signing: Literal["required", "none"] = Field(
        "required", description="With none, everybody who knows the address can start the flow."
    )
    window_seconds: int = Field(300, ge=30, le=3600, description="How old a signed request may be.")
    max_body_bytes: int = Field(1024 * 1024, ge=1, le=MAX_BODY_BYTES)
    answer: Literal["at_once", "result"] = "at_once"
    wait_seconds: int = Field(30, ge=1, le=120, description="For result: how long to wait for it.")
    reply: Reply | None = Field(
        None, description="For result: the answer instead of {execution_id, status, outputs, error}."
    )

    @model_validator(mode="after")
    def _waits_to_reply(self) -> Self:
        if self.reply is not None and self.answer != "result":
            raise ValueError("A reply needs the result. Set answer to result.")
        return self


class Webhook(WebhookRules):
    """How a webhook is called and answers."""

    challenge: Challenge | None = None


class StoredWebhook(WebhookRules):
    """As above, as it is stored."""

    challenge: StoredChallenge | None = None


class WebhookOut(WebhookRules):
    """How a webhook is called and answers, as it is shown."""

    challenge: ChallengeOut | None = None


class _Mapped(BaseModel):
    """Has `inputs`: templates over `inputs.body`, `inputs.headers` and `inputs.query` of a call, or over
    `inputs.scheduled_at` of a schedule."""

    @field_validator("inputs", check_fields=False)
    @classmethod
    def _readable(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        _readable_templates(value or {})
        return value


class TriggerIn(_Mapped):
    """A new trigger: a schedule or a webhook. Without `inputs` the inputs are the body of the call; a
    schedule then has none. `version` is the version of the flow to run: by default the published one if there
    is one."""

    model_config = ConfigDict(extra="forbid")

    flow_id: UUID
    name: Name
    is_active: bool = True
    version: Version | None = None
    inputs: dict[str, Any] | None = Field(None, max_length=100)
    schedule: Schedule | None = None
    webhook: Webhook | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> TriggerIn:
        if (self.schedule is None) == (self.webhook is None):
            raise ValueError("Give either a schedule or a webhook.")
        return self


class TriggerPatch(_Mapped):
    """What to change; what is left out stays. The kind cannot be changed."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    is_active: bool | None = None
    version: Version | None = None
    inputs: dict[str, Any] | None = Field(None, max_length=100)
    schedule: Schedule | None = None
    webhook: Webhook | None = None

    @model_validator(mode="after")
    def _nothing_emptied(self) -> TriggerPatch:
        for name in self.model_fields_set - {"version", "inputs"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null; leave it out to keep it.")
        return self


class FiringOut(BaseModel):
    """One time that a trigger was due or called, and what happened then."""

    id: UUID
    trigger_id: UUID
    cause: Cause
    at: datetime
    outcome: Outcome
    message: str | None
    execution_id: UUID | None
    execution_status: ExecutionStatus | None
    created_at: datetime


class TriggerOut(BaseModel):
    """A trigger. `path` is the address of a webhook on this server, for people who may change it;
    `description` is a schedule in words; `next_at` is null when it is switched off; `last` is its newest
    firing."""

    id: UUID
    flow_id: UUID
    kind: Kind
    name: str
    is_active: bool
    version: Version | None
    inputs: dict[str, Any] | None
    schedule: Schedule | None
    webhook: WebhookOut | None
    description: str | None
    next_at: datetime | None
    path: str | None
    last: FiringOut | None
    created_at: datetime
    updated_at: datetime


class TriggerMade(TriggerOut):
    """A new trigger. `secret` signs a webhook's calls; it is shown only once."""

    secret: str | None


class Rotation(Input):
    """How long the old secret still works, in seconds."""

    keep_seconds: int = Field(24 * 3600, ge=0, le=7 * 24 * 3600)


class NewSecret(BaseModel):
    """A webhook's new secret, shown only once."""

    secret: str
    previous_until: datetime | None


class RunNow(Input):
    """Starts a trigger by hand. `body` replaces the body of a webhook's call."""

    body: Any = None


class SchedulePreview(BaseModel):
    """The next times of a schedule, in its time zone, and what the expression says in words."""

    description: str
    times: list[datetime]


class HookAnswer(BaseModel):
    """The answer to a webhook's caller. Outputs and error are there when the execution is over."""

    execution_id: UUID
    status: ExecutionStatus
    outputs: dict[str, Any] | None = None
    error: ExecutionFailure | None = None
