"""What the notification routes take and give, and what a notified URL is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, TypeAdapter, model_validator

from watchbill.core.events import ExecutionFailure
from watchbill.core.usage import Usage
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Name

Channel = Literal["webhook", "email"]
FinalStatus = Literal["completed", "failed", "cancelled"]
DeliveryStatus = Literal["pending", "delivered", "failed"]
_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)


def _once(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


Statuses = Annotated[list[FinalStatus], Field(min_length=1, max_length=3), AfterValidator(_once)]
Recipient = Annotated[str, Field(min_length=1, max_length=2000)]
Recipients = Annotated[
    list[Recipient],
    Field(min_length=1, max_length=20, description="URLs or mail addresses, as the channel needs."),
    AfterValidator(_once),
]


class NotificationIn(Input):
    """A new notification. Without a flow it is about all flows."""

    name: Name
    flow_id: UUID | None = None
    statuses: Statuses = Field(["failed"])
    channel: Channel
    recipients: Recipients
    is_active: bool = True

    @model_validator(mode="after")
    def _addresses(self) -> NotificationIn:
        if self.channel == "email":
            check_emails(self.recipients)
        return self


class NotificationPatch(Input):
    """What to change; what is left out stays. The channel cannot be changed."""

    name: Name | None = None
    flow_id: UUID | None = None
    statuses: Statuses | None = None
    recipients: Recipients | None = None
    is_active: bool | None = None

    @model_validator(mode="after")
    def _nothing_emptied(self) -> NotificationPatch:
        for name in self.model_fields_set - {"flow_id"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null; leave it out to keep it.")
        return self


class NotificationOut(BaseModel):
    """A notification."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    flow_id: UUID | None
    statuses: list[FinalStatus]
    channel: Channel
    recipients: list[str]
    unconfirmed: list[str] = Field(
        default=[],
        description="Mail addresses outside the tenant that have not agreed yet; nothing is sent there yet.",
    )
    is_active: bool
    created_at: datetime
    updated_at: datetime


class MailAddressOut(BaseModel):
    """An address outside the tenant that notifications name. `mailed_at` is when it was last asked whether it
    wants notifications; nothing else is sent there before it agrees."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    address: str
    mailed_at: datetime | None
    confirmed_at: datetime | None
    created_at: datetime


class AddressLink(Input):
    """The token of a mailed link."""

    token: Annotated[str, Field(min_length=1, max_length=200)]


class ConfirmedAddress(BaseModel):
    """What somebody agreed to: that this tenant sends notifications to this address."""

    address: str
    tenant_name: str


class NotificationMade(NotificationOut):
    """A new notification. `secret` signs calls to URLs; it is shown only once."""

    secret: str | None


class NotificationSecret(BaseModel):
    """The new secret, shown only once. The old secret is no longer used."""

    secret: str


class DeliveryAttempt(BaseModel):
    """One try. `status` is the HTTP status of the answer, where there was one."""

    at: datetime
    ok: bool
    status: int | None = None
    error: str | None = None
    duration_ms: int


class DeliveryOut(BaseModel):
    """One message to one recipient, with its attempts: about the end of an execution, by a notification, or
    about a question that it asks. `next_at` is when it is tried again; `escalated` means that the recipient
    was asked because nobody else answered."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    notification_id: UUID | None
    approval_id: UUID | None
    execution_id: UUID
    escalated: bool
    recipient: str
    status: DeliveryStatus
    attempts: list[DeliveryAttempt]
    next_at: datetime | None
    created_at: datetime


class NotifiedExecution(BaseModel):
    """The execution as a message tells it. `outputs_left_out` says that they were too large for it."""

    id: UUID
    flow_id: UUID | None
    flow_name: str | None
    version: int | None
    status: FinalStatus
    outputs: Any = None
    outputs_left_out: bool = False
    error: ExecutionFailure | None
    usage: Usage
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class NotificationMessage(BaseModel):
    """What a notified URL is sent as JSON. `id` is the same for each attempt, so that a receiver can tell a
    repeated message; `url` shows the execution to a person."""

    id: UUID
    type: Literal["execution_completed", "execution_failed", "execution_cancelled"]
    execution: NotifiedExecution
    url: str


def check_emails(addresses: list[str]) -> None:
    """Refuse what is no mail address.

    Raises:
        ValueError: the message names the address.
    """
    for address in addresses:
        try:
            _EMAIL.validate_python(address)
        except ValueError as error:
            raise ValueError(f"`{address[:100]}` is not a mail address.") from error
