"""What the routes of questions take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from watchbill.kit.requests.inputs import Input


class Question(BaseModel):
    """What an execution asks. `fields` are what may be filled in when approving, as fields of an Input node;
    `role` is the lowest role that may answer."""

    id: UUID
    execution_id: UUID
    flow_id: UUID | None
    flow_name: str | None
    node_id: str
    title: str
    details: str
    role: Literal["member", "admin"]
    fields: list[dict[str, Any]]
    due_at: datetime | None
    asked_at: datetime


class AskedByMail(BaseModel):
    """A mail that asks the question; `escalated` when nobody had answered in time. The person with that
    address can answer by the link in it."""

    email: str
    status: Literal["pending", "delivered", "failed"]
    escalated: bool


class ApprovalOut(Question):
    """A question that an execution asks. `fields` are what may be filled in when approving, as fields of an
    Input node; `role` is the lowest role that may answer. A question is closed when it was answered, when its
    deadline passed, or when its execution ended."""

    answer: dict[str, Any] | None
    answered_at: datetime | None
    closed_at: datetime | None
    mailed: list[AskedByMail]


class MailedLink(Input):
    """The token of the link in a mail."""

    token: str = Field(max_length=200)


class MailedApproval(Question):
    """An open question, as the link in a mail shows it; `email` is the address that got the mail; the answer
    counts as that person's."""

    email: str


class AnswerRequest(Input):
    """The answer to a question; `values` fills in its form."""

    approved: bool
    comment: str = Field("", max_length=10_000)
    values: dict[str, JsonValue] = Field(default={}, max_length=100)


class MailedAnswer(AnswerRequest):
    """The answer to a question, with the token of the link in the mail."""

    token: Annotated[str, Field(max_length=200)]
