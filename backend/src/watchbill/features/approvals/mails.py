"""Asking people by mail what executions wait for: who they are, when, and what the mail says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import WatchbillError
from watchbill.core.ports.mail import MailMessage
from watchbill.core.tenancy import TenantScope
from watchbill.features.approvals import links, queries, service
from watchbill.features.approvals.links import AnswerLink
from watchbill.features.approvals.service import Asked
from watchbill.features.approvals.tables import Approval
from watchbill.features.identity.mails import link as page_link
from watchbill.features.identity.mails import one_line
from watchbill.features.identity.permissions import RANKS, Role
from watchbill.features.notifications.queries import add_deliveries
from watchbill.features.notifications.schemas import DeliveryAttempt
from watchbill.features.notifications.tables import Delivery
from watchbill.kit import due_work
from watchbill.kit.clock import now as clock
from watchbill.kit.database.transactions import Work
from watchbill.kit.due_work import Due, Within

# Due work of these kinds is named by its execution and node, with a stroke between. The journal's writer puts
# a question there with the event that asks it.
QUESTION, LATE_QUESTION = "question", "late question"
# Nobody means to write to more people than that about one question.
MOST_PEOPLE = 200
_SUBJECT = "Watchbill: a flow waits for your answer"
_LONGEST_LINE = 300
_STRANGER = "No person with this address may answer the question."
_ROLES: dict[str, tuple[Role, ...]] = {"member": ("member", "admin"), "admin": ("admin",)}


@dataclass(frozen=True, slots=True)
class QuestionMails:
    """Asks by mail (notifications.notifier.Questions). The links in the mails are signed with the secret and
    lead to the base URL."""

    secret: str
    base_url: str

    now: Callable[[], datetime] = clock

    @property
    def kinds(self) -> tuple[Within, Within]:
        """Questions as due work: people to be asked at once, and those to be asked when nobody answered."""
        return Within(name=QUESTION, handle=self._ask), Within(name=LATE_QUESTION, handle=self._ask_late)

    async def as_mail(
        self, session: AsyncSession, scope: TenantScope, delivery: Delivery
    ) -> MailMessage | str:
        """The mail that asks one person, or why there is none to send any more."""
        if delivery.approval_id is None or delivery.user_id is None:
            return _STRANGER
        asked = await service.find(session, delivery.approval_id)
        if asked.approval.created_at != delivery.asked_at:
            return "The question was asked again meanwhile, with a newer mail."
        person = await queries.person(session, scope, delivery.user_id)
        if person is None:
            return _STRANGER
        email, role = person
        try:
            asked.demand(cast("Role", role))
        except WatchbillError as error:
            return error.detail
        link = AnswerLink.to(asked.approval, scope.tenant_id, delivery.user_id)
        url = page_link(self.base_url, "answer", links.sign(self.secret, link))
        return _written(email, asked, link, url, escalated=delivery.escalated)

    async def _ask(self, work: Work, due: Due) -> None:
        """Note the mails to who is asked first, and to the others if it is their time too, or else when it
        will be."""
        session, now = work.session, self.now()
        later = None
        approval = await _open(work, due)
        if approval is not None:
            rows, later = await _asked_now(session, TenantScope(due.tenant_id), approval, now)
            await add_deliveries(session, TenantScope(due.tenant_id), rows, now)
        if later is None:
            await due_work.drop(session, LATE_QUESTION, due.tenant_id, due.key)
        else:
            await due_work.put(session, LATE_QUESTION, due.tenant_id, later, due.key)

    async def _ask_late(self, work: Work, due: Due) -> datetime | None:
        """Note the mails to who is asked when nobody answered."""
        scope, now = TenantScope(due.tenant_id), self.now()
        approval = await _open(work, due)
        later = None if approval is None else _escalated_at(approval)
        if approval is None or later is None or later > now:
            return later
        entries = (approval.mails or {}).get("escalate_to", [])
        rows = await _rows(work.session, scope, approval, entries, escalated=True)
        await add_deliveries(work.session, scope, list(rows.values()), now)
        return None


async def _open(work: Work, due: Due) -> Approval | None:
    """The question, which the transaction's tenant asks; None when it is closed."""
    await work.enter(TenantScope(due.tenant_id))
    execution_id, _, node_id = due.key.partition("/")
    approval = await queries.approval(work.session, UUID(execution_id), node_id)
    if approval is None or not (await service.find(work.session, approval.id)).open:
        return None
    return approval


def _escalated_at(approval: Approval) -> datetime | None:
    """When others are asked too."""
    text = (approval.mails or {}).get("escalate_at")
    return None if text is None else datetime.fromisoformat(text)


async def _asked_now(
    session: AsyncSession, scope: TenantScope, approval: Approval, now: datetime
) -> tuple[list[dict[str, Any]], datetime | None]:
    """The messages to make now, one for each person, and when the others are due."""
    mails, later = approval.mails or {}, _escalated_at(approval)
    rows = await _rows(session, scope, approval, mails.get("to", []), escalated=False)
    if later is None or later > now:
        return list(rows.values()), later
    others = await _rows(session, scope, approval, mails.get("escalate_to", []), escalated=True)
    return list((others | rows).values()), None


async def _rows(
    session: AsyncSession, scope: TenantScope, approval: Approval, entries: Sequence[str], *, escalated: bool
) -> dict[str, dict[str, Any]]:
    """Messages by address. One to an address that is nobody's who may answer has failed already."""
    needed = RANKS["admin" if approval.role == "admin" else "member"]
    roles = {role for entry in entries for role in _ROLES.get(entry, ()) if RANKS[role] >= needed}
    addresses = {entry.lower(): entry for entry in entries if entry not in _ROLES}
    found = await queries.people_of(session, scope, roles, addresses.keys(), MOST_PEOPLE)
    able = {email.lower(): (id_, email) for id_, email, role in found if RANKS[cast("Role", role)] >= needed}
    shared = {
        "execution_id": approval.execution_id,
        "approval_id": approval.id,
        "asked_at": approval.created_at,
        "escalated": escalated,
    }
    refused = DeliveryAttempt(at=approval.created_at, ok=False, error=_STRANGER, duration_ms=0)
    rows: dict[str, dict[str, Any]] = {
        key: {
            **shared,
            "id": uuid4(),
            "recipient": email,
            "user_id": id_,
            "status": "pending",
            "attempts": [],
        }
        for key, (id_, email) in able.items()
    }
    for key in addresses.keys() - able.keys():
        rows[key] = {
            **shared,
            "id": uuid4(),
            "recipient": addresses[key],
            "user_id": None,
            "status": "failed",
            "attempts": [refused.model_dump(mode="json")],
        }
    return rows


def _written(to: str, asked: Asked, link: AnswerLink, url: str, *, escalated: bool) -> MailMessage:
    approval = asked.approval
    lines = ["A flow waits for your answer.", ""]
    lines += [f"Flow: {one_line(asked.flow_name or 'A crew test')}"]
    lines += [f"Question: {one_line(approval.title, _LONGEST_LINE)}", ""]
    if escalated:
        lines += ["Nobody has answered yet, so Watchbill asks you too.", ""]
    if approval.details.strip():
        lines += [approval.details.strip(), ""]
    until = f"{link.expires_at:%Y-%m-%d %H:%M} UTC"
    what = "Answer by" if approval.due_at else "The link works until"
    lines += [
        "See it and answer here, without signing in:",
        "",
        url,
        "",
        f"{what} {until}. Do not forward this mail: everybody who has it can answer in your name.",
        "",
    ]
    return MailMessage(to, _SUBJECT, "\n".join(lines))
