"""The worker's loop over notifications: notes who is to be told of each end, and asked each question, once,
and tells them until they have heard it or a day has passed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import NodeError, TooManyRequests
from watchbill.core.ports.http import HttpClient, HttpRequest
from watchbill.core.ports.mail import Mail, MailFailed, MailMessage
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity import mail_limits
from watchbill.features.notifications import addresses, message, queries
from watchbill.features.notifications.addresses import AddressMails
from watchbill.features.notifications.schemas import DeliveryAttempt
from watchbill.features.notifications.service import secret_place
from watchbill.features.notifications.tables import Delivery, FinishedExecution
from watchbill.kit import signatures
from watchbill.kit.clock import now as clock
from watchbill.kit.crypto import KeyRing
from watchbill.kit.db import Database, Work
from watchbill.kit.faults import passing
from watchbill.kit.setbacks import Setbacks, TenantFailed, impatient, theirs
from watchbill.kit.supervision import Alive, end, nobody

logger = structlog.get_logger(__name__)

INTERVAL_SECONDS = 1.0
CALL_SECONDS = 10.0
# Longer than a call or a mail may take; after it another worker may try the same delivery.
_LEASE = timedelta(minutes=2)
# Messages under way in a worker, and of one tenant among them: its slow receivers keep only its own waiting.
_AT_ONCE = 200
_EACH = 8
# Ends noted in a row, before what is due is sent.
_NOTED_AT_ONCE = 100
# After each attempt that failed, the seconds until the next: the last one comes after about a day.
WAITS = (10, 60, 300, 1200, 3600, 3 * 3600, 7 * 3600, 12 * 3600)
_MOST_ATTEMPTS_KEPT = 50
_KEPT = timedelta(days=30)
_DELIVERY_HEADER = "X-Watchbill-Delivery"
_GONE = 410
_UNCONFIRMED = (
    "They do not belong to the tenant and have not confirmed yet that they want to be told: the mail that"
    " asks them has a link."
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

    async def note_next(self, database: Database, now: datetime, without: Collection[UUID]) -> bool:
        """Note the mails about one question, not of the tenants `without`; False when none waits for some.

        Raises:
            TenantFailed: something of its tenant is broken.
        """
        ...

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
    """Tells about executions that are over, and asks what they wait for. Any number of workers may run
    one."""

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
        self._sending: dict[asyncio.Task[None], UUID] = {}
        self._setbacks = Setbacks("notifications")

    async def run(self, alive: Alive = nobody) -> None:
        """Note and tell, until cancelled."""
        try:
            while True:
                alive()
                try:
                    await self.note_some(alive)
                    await self.send_due()
                except (OSError, DBAPIError) as error:
                    if not passing(error):
                        raise
                    logger.warning("notifications_not_read", error=str(error))
                await asyncio.sleep(INTERVAL_SECONDS)
        finally:
            await end(tuple(self._sending))

    async def note_all(self, alive: Alive = nobody) -> None:
        """Note everything that somebody is to be told or asked by now."""
        while await self.note_some(alive):
            pass

    async def _noted(self, note_next: Callable[[], Awaitable[bool]]) -> bool:
        """Note the next, or leave the tenant alone for which that fails; False when there is none."""
        try:
            return await note_next()
        except TenantFailed as error:
            self._setbacks.note(error.tenant_id, error)
            return True

    async def _note_question(self) -> bool:
        return await self._questions.note_next(self._database, self._now(), self._setbacks.away())

    async def note_some(self, alive: Alive = nobody) -> bool:
        """Note what waits longest; whether there may be more."""
        more = False
        for note_next in (self._note_question, self.note_next):
            noted = 0
            while noted < _NOTED_AT_ONCE and await self._noted(note_next):
                alive()
                noted += 1
            more = more or noted == _NOTED_AT_ONCE
        return more

    async def note_next(self) -> bool:
        """Note who is to be told about the execution that waits longest; False when none does.

        Raises:
            TenantFailed: something of its tenant is broken.
        """
        async with self._database.transaction() as work:
            await impatient(work.session)
            taken = await queries.take_finished(work.session, self._setbacks.away())
            if taken is None:
                return False
            finished, tenant_there = taken
            await queries.settle(work.session, finished.execution_id)
            if tenant_there:
                with theirs(finished.tenant_id):
                    await self._note_finished(work, finished)
        return True

    async def _note_finished(self, work: Work, finished: FinishedExecution) -> None:
        scope = TenantScope(finished.tenant_id)
        await work.enter(scope)
        found = await queries.execution(work.session, finished.execution_id)
        if found is None:
            return
        rows = [
            {
                "id": uuid4(),
                "notification_id": wanted.id,
                "execution_id": found[0].id,
                "recipient": recipient,
            }
            for wanted in await queries.interested(work.session, found[0])
            for recipient in wanted.recipients
        ]
        if rows:
            await queries.add_deliveries(work.session, scope, rows, self._now())
            await queries.forget(work.session, self._now() - _KEPT)

    async def send_due(self) -> None:
        """Begin to send what is due, as much as there is room for, in turns of the tenants."""
        room = _AT_ONCE - len(self._sending)
        if room <= 0:
            return
        async with self._database.transaction() as work:
            busy = Counter(self._sending.values())
            left = {tenant_id: max(0, _EACH - count) for tenant_id, count in busy.items()}
            taken = await queries.lease_due(
                work.session,
                self._now(),
                self._now() + _LEASE,
                room,
                each=_EACH,
                left=left,
                without=self._setbacks.away(),
            )
        for delivery_id, tenant_id in taken:
            task = asyncio.create_task(self._deliver(TenantScope(tenant_id), delivery_id))
            self._sending[task] = tenant_id
            task.add_done_callback(self._sending.pop)

    async def sent(self) -> None:
        """Wait for what is being sent."""
        await asyncio.gather(*self._sending)

    async def _deliver(self, scope: TenantScope, delivery_id: UUID) -> None:
        """One attempt. A worker that dies in it loses nothing: its lease ends and another one tries."""
        started = time.perf_counter()
        try:
            prepared = await self._prepare(scope, delivery_id)
            if prepared is None:
                return
            said = await self._say(prepared)
        except (OSError, DBAPIError) as error:
            # Its lease ends by itself: then it is tried again.
            logger.warning("delivery_not_tried", delivery_id=str(delivery_id), error=str(error))
            if not passing(error):
                self._setbacks.note(scope.tenant_id, error)
            return
        except Exception:  # a bug in one message must not keep the others from being sent
            logger.exception("delivery_failed", delivery_id=str(delivery_id))
            said = _Said("Watchbill failed while it sent this; the worker's log has the details.")
        duration = round((time.perf_counter() - started) * 1000)
        try:
            await self._note(scope, delivery_id, said, duration)
        except (OSError, DBAPIError) as error:
            logger.warning("delivery_not_noted", delivery_id=str(delivery_id), error=str(error))

    async def _prepare(
        self, scope: TenantScope, delivery_id: UUID
    ) -> HttpRequest | MailMessage | _Asked | _Said | None:
        """What is to be sent; None when it is no longer there."""
        async with self._database.transaction(scope) as work:
            await impatient(work.session)
            delivery = await queries.delivery(work.session, delivery_id)
            if delivery is None or delivery.status != "pending":
                await queries.set_due(work.session, scope, delivery_id, None)
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

    async def _note(self, scope: TenantScope, delivery_id: UUID, said: _Said, duration_ms: int) -> None:
        async with self._database.transaction(scope) as work:
            await impatient(work.session)
            delivery = await queries.delivery(work.session, delivery_id, lock=True)
            if delivery is None:
                await queries.set_due(work.session, scope, delivery_id, None)
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
            await queries.set_due(work.session, scope, delivery_id, delivery.next_at)


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
