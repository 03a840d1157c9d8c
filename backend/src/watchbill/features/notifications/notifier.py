"""Telling people: each message is tried until they have heard it or a day has passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import NodeError, TooManyRequests
from watchbill.core.ports.http import HttpClient, HttpRequest
from watchbill.core.ports.mail import Mail, MailFailed, MailMessage
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.limits import mails as mail_limits
from watchbill.features.notifications import addresses, message, queries
from watchbill.features.notifications.addresses import AddressMails
from watchbill.features.notifications.schemas import DeliveryAttempt
from watchbill.features.notifications.service import secret_place
from watchbill.features.notifications.tables import Delivery
from watchbill.kit import due_work
from watchbill.kit.clock import now as clock
from watchbill.kit.database.transactions import Database
from watchbill.kit.due_work import Due, Leased
from watchbill.kit.process.setbacks import impatient
from watchbill.kit.secrets import signatures
from watchbill.kit.secrets.crypto import KeyRing

logger = structlog.get_logger(__name__)

CALL_SECONDS = 10.0
# Longer than a call or a mail may take; after it another worker may try the same delivery.
_LEASE = timedelta(minutes=2)
# Messages under way in a worker, and of one tenant among them: its slow receivers keep only its own waiting.
_AT_ONCE = 200
_EACH = 8
# After each attempt that failed, the seconds until the next: the last one comes after about a day.
WAITS = (10, 60, 300, 1200, 3600, 3 * 3600, 7 * 3600, 12 * 3600)
_MOST_ATTEMPTS_KEPT = 50
_DELIVERY_HEADER = "X-Watchbill-Delivery"
_GONE = 410
_UNCONFIRMED = (
    "This person does not belong to the tenant and has not agreed to notifications yet. The mail that asks"
    " for it has a link."
)


@dataclass(frozen=True, slots=True)
class Outlets:
    """The ways out, the keys that open secrets, and the address that messages link to."""

    http: HttpClient
    mail: Mail
    keys: KeyRing
    base_url: str
    addresses: AddressMails


class Questions(Protocol):
    """What executions ask people by mail."""

    async def as_mail(
        self, session: AsyncSession, scope: TenantScope, delivery: Delivery
    ) -> MailMessage | str:
        """The mail that asks one person, or why there is none to send any more."""
        ...


@dataclass(frozen=True, slots=True)
class _Said:
    """How an attempt went. One that is not `passing` will not go better later."""

    error: str | None = None
    status: int | None = None
    passing: bool = True


@dataclass(frozen=True, slots=True)
class _Asked:
    """The recipient is asked first whether they want to be told."""

    mail: MailMessage


class Notifier:
    """Sends messages about executions that are over, and those that ask what executions wait for."""

    def __init__(
        self,
        database: Database,
        outlets: Outlets,
        questions: Questions,
        *,
        now: Callable[[], datetime] = clock,
    ):
        self._database = database
        self._outlets = outlets
        self._questions = questions
        self._now = now

    @property
    def kind(self) -> Leased:
        """Deliveries as due work."""
        return Leased(name=queries.DELIVERY, handle=self._deliver, lease=_LEASE, most=_AT_ONCE, each=_EACH)

    async def _deliver(self, due: Due) -> None:
        """One attempt. A worker that dies in it loses nothing: its lease ends and another one tries."""
        scope = TenantScope(due.tenant_id)
        started = time.perf_counter()
        try:
            prepared = await self._prepare(scope, due)
            if prepared is None:
                return
            said = await self._say(prepared)
        except (OSError, DBAPIError):
            raise
        except Exception:  # a bug in one message must not keep the others from being sent
            logger.exception("delivery_failed", delivery_id=due.key)
            said = _Said("Watchbill failed while it sent this; the worker's log has the details.")
        duration = round((time.perf_counter() - started) * 1000)
        await self._note(scope, due, said, duration)

    async def _prepare(
        self, scope: TenantScope, due: Due
    ) -> HttpRequest | MailMessage | _Asked | _Said | None:
        """What is to be sent; None when it is no longer there."""
        delivery_id = UUID(due.key)
        async with self._database.transaction(scope) as work:
            await impatient(work.session)
            delivery = await queries.delivery(work.session, delivery_id)
            if delivery is None or delivery.status != "pending":
                await due_work.settle(work.session, due, None)
                return None
            if delivery.notification_id is None:
                mail = await self._questions.as_mail(work.session, scope, delivery)
                if isinstance(mail, str):
                    return _Said(mail, passing=False)
                return await self._counted(work.session) or mail
            wanted = await queries.by_id(work.session, delivery.notification_id)
            found = await queries.execution(work.session, delivery.execution_id)
            if wanted and wanted.is_active and wanted.channel == "email":
                wait = await self._unwelcome(work.session, scope, delivery.recipient)
                wait = wait or await self._counted(work.session)
                if wait is not None:
                    return wait
        if wanted is None or found is None:
            return None
        if not wanted.is_active:
            return _Said("The notification was switched off.", passing=False)
        execution, flow_name = found
        if wanted.channel == "email":
            return message.as_mail(delivery.recipient, execution, flow_name, self._outlets.base_url)
        body = message.as_json(delivery_id, execution, flow_name, self._outlets.base_url)
        if wanted.sealed_secret is None:
            raise AssertionError("a notification by webhook has a secret")
        secret = self._outlets.keys.unseal(wanted.sealed_secret, secret_place(scope, wanted.id))
        return _signed(delivery.recipient, delivery_id, secret, body, int(self._now().timestamp()))

    async def _unwelcome(
        self, session: AsyncSession, scope: TenantScope, recipient: str
    ) -> _Asked | _Said | None:
        """Why a recipient cannot be written to yet; None when they can."""
        if not await addresses.strangers(session, scope, [recipient]):
            return None
        try:
            mails = await addresses.ask_new(
                session, scope, self._outlets.addresses, [recipient], now=self._now()
            )
        except TooManyRequests as error:
            return _Said(error.detail)
        return _Asked(mails[0]) if mails else _Said(_UNCONFIRMED)

    async def _counted(self, session: AsyncSession) -> _Said | None:
        """Count a mail; returns why it must wait, if it must."""
        try:
            await mail_limits.count(session, self._outlets.addresses.limits, now=self._now())
        except TooManyRequests as error:
            return _Said(error.detail)
        return None

    async def _say(self, prepared: HttpRequest | MailMessage | _Asked | _Said) -> _Said:
        if isinstance(prepared, _Said):
            return prepared
        try:
            if isinstance(prepared, _Asked):
                await self._outlets.mail.send(prepared.mail)
                return _Said(_UNCONFIRMED)
            if isinstance(prepared, MailMessage):
                await self._outlets.mail.send(prepared)
                return _Said()
            answer = await self._outlets.http.send(prepared)
        except MailFailed as error:
            return _Said(error.detail, passing=error.passing)
        except NodeError as error:
            refused = error.error_code in ("address_refused", "url_invalid")
            return _Said(error.detail, passing=not refused)
        if 200 <= answer.status < 300:
            return _Said(status=answer.status)
        text = f"The receiver answered {answer.status} {answer.reason}".rstrip() + "."
        return _Said(text, answer.status, passing=answer.status != _GONE)

    async def _note(self, scope: TenantScope, due: Due, said: _Said, duration_ms: int) -> None:
        async with self._database.transaction(scope) as work:
            await impatient(work.session)
            delivery = await queries.delivery(work.session, UUID(due.key), lock=True)
            if delivery is None:
                await due_work.settle(work.session, due, None)
                return
            now = self._now()
            attempt = DeliveryAttempt(
                at=now, ok=said.error is None, status=said.status, error=said.error, duration_ms=duration_ms
            )
            attempts = [*delivery.attempts, attempt.model_dump(mode="json")]
            delivery.tries += 1
            delivery.attempts = attempts[-_MOST_ATTEMPTS_KEPT:]
            delivery.next_at = _next_at(delivery, said, now)
            if said.error is None:
                delivery.status = "delivered"
            elif delivery.next_at is None:
                delivery.status = "failed"
            # Not when somebody asked for it to be sent again meanwhile.
            await due_work.settle(work.session, due, delivery.next_at)


def _next_at(delivery: Delivery, said: _Said, now: datetime) -> datetime | None:
    """When to try again after this attempt; None for not at all."""
    if said.error is None or not said.passing:
        return None
    return now + timedelta(seconds=WAITS[delivery.tries - 1]) if delivery.tries <= len(WAITS) else None


def _signed(url: str, delivery_id: UUID, secret: str, body: bytes, timestamp: int) -> HttpRequest:
    headers = {
        "content-type": "application/json",
        _DELIVERY_HEADER: str(delivery_id),
        signatures.TIMESTAMP_HEADER: str(timestamp),
        signatures.SIGNATURE_HEADER: signatures.sign(secret, timestamp, body),
    }
    return HttpRequest("POST", url, headers, body, CALL_SECONDS, 64 * 1024, follow_redirects=False)
