"""How many mails a day a tenant may cause, and how many of them to people who did not agree to any yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import TooManyRequests
from watchbill.features.identity.tables import MailDay
from watchbill.kit.clock import now as clock

_KEPT_DAYS = 7
_NO_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class MailLimits:
    """Mails a day (in UTC) for each tenant, all of them and those to strangers; 0 is no limit."""

    all: int = 500
    strangers: int = 50


DEFAULT = MailLimits()


async def count(
    session: AsyncSession, limits: MailLimits, *, stranger: bool = False, now: datetime | None = None
) -> None:
    """Count a mail that the tenant, whose tables the session sees, is about to cause.

    Raises:
        TooManyRequests: it may cause no more of them today.
    """
    at = now or clock()
    strangers = 1 if stranger else 0
    statement = insert(MailDay).values(day=at.date(), mails=1, strangers=strangers)
    room = MailDay.mails < (limits.all or _NO_LIMIT)
    if stranger:
        room &= MailDay.strangers < (limits.strangers or _NO_LIMIT)
    counted = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[MailDay.day],
            set_={"mails": MailDay.mails + 1, "strangers": MailDay.strangers + strangers},
            where=room,
        ).returning(MailDay.mails)
    )
    mails = counted.scalar_one_or_none()
    if mails is None:
        what = (
            f"This tenant may send {limits.all} mails a day, {limits.strangers} of them to people who have"
            " not agreed yet; no more are left today. An operator can allow more with"
            " WATCHBILL_MAIL_LIMIT_TENANT and WATCHBILL_MAIL_LIMIT_STRANGERS."
        )
        raise TooManyRequests(what, retry_after=_until_tomorrow(at))
    if mails == 1:
        await session.execute(delete(MailDay).where(MailDay.day < at.date() - timedelta(days=_KEPT_DAYS)))


def _until_tomorrow(at: datetime) -> int:
    tomorrow = (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, int((tomorrow - at).total_seconds()))
