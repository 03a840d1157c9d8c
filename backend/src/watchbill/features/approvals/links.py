"""The links by which a question is answered from a mail: what they say, and the signature that makes them
good."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from watchbill.core.errors import Forbidden, NotFound
from watchbill.features.approvals.tables import Approval
from watchbill.kit.secrets import signed_tokens

# How long a question without a deadline can be answered from the mail.
GOOD_FOR = timedelta(days=7)
_PURPOSE = b"answer link"
_BODY = struct.Struct(">16s16s16sqq")
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """One person's way to one question. The approval stands for its execution and node; `asked_at` tells one
    asking from the next when a node is tried again. Times are UTC, to the microsecond."""

    tenant_id: UUID
    approval_id: UUID
    user_id: UUID
    asked_at: datetime
    expires_at: datetime

    @classmethod
    def to(cls, approval: Approval, tenant_id: UUID, user_id: UUID) -> AnswerLink:
        """The link that is good until the question's deadline, or for a while when it has none."""
        expires_at = approval.due_at or approval.created_at + GOOD_FOR
        return cls(tenant_id, approval.id, user_id, approval.created_at, expires_at)


def sign(secret: str, link: AnswerLink) -> str:
    """The link's token, of 128 characters."""
    body = _BODY.pack(
        link.tenant_id.bytes,
        link.approval_id.bytes,
        link.user_id.bytes,
        (link.asked_at - _EPOCH) // _MICROSECOND,
        (link.expires_at - _EPOCH) // _MICROSECOND,
    )
    return signed_tokens.make(secret, _PURPOSE, body)


def read(secret: str, token: str, now: datetime) -> AnswerLink:
    """What a token says.

    Raises:
        NotFound: it is not ours, or was changed.
        Forbidden: its time is over.
    """
    body = signed_tokens.body_of(secret, _PURPOSE, token, _BODY.size)
    if body is None:
        text = "This link is incomplete. Open it from the mail again, or answer in your inbox."
        raise NotFound(text, code="link_invalid")
    tenant, approval, user, asked, expires = _BODY.unpack(body)
    link = AnswerLink(
        UUID(bytes=tenant),
        UUID(bytes=approval),
        UUID(bytes=user),
        _EPOCH + asked * _MICROSECOND,
        _EPOCH + expires * _MICROSECOND,
    )
    if link.expires_at <= now:
        text = "This link has expired. If the question is still open, it is in your inbox."
        raise Forbidden(text, code="link_expired")
    return link
