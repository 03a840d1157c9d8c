"""Triggers: keeping them, when they are due, and their addresses and secrets."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.tenancy import TenantScope
from watchbill.features.flows import service as flows
from watchbill.features.identity.identity import Identity
from watchbill.features.identity.reach import demand_flows, only
from watchbill.features.triggers import queries, reaching, schedule
from watchbill.features.triggers.firing import stored_version
from watchbill.features.triggers.queries import Fired
from watchbill.features.triggers.schemas import (
    FiringOut,
    Schedule,
    SchedulePreview,
    StoredWebhook,
    TriggerIn,
    TriggerOut,
    TriggerPatch,
    Webhook,
    WebhookOut,
)
from watchbill.features.triggers.tables import Hook, Trigger
from watchbill.kit.clock import now
from watchbill.kit.database.paging import Page
from watchbill.kit.process.log_rarely import Seldom
from watchbill.kit.secrets import signatures
from watchbill.kit.secrets.crypto import KeyRing

_MOST_OF_A_FLOW = 100


@dataclass(frozen=True, slots=True)
class TriggerPorts:
    """What the trigger routes work with."""

    keys: KeyRing
    refusals: Seldom = field(default_factory=Seldom)


async def get(session: AsyncSession, id_: UUID, *, lock: bool = False) -> Trigger:
    """The trigger of that id.

    Raises:
        NotFound: there is none.
    """
    trigger = await queries.by_id(session, id_, lock=lock)
    if trigger is None:
        raise NotFound("There is no such trigger.")
    return trigger


async def create(
    session: AsyncSession, identity: Identity, keys: KeyRing, form: TriggerIn
) -> tuple[Trigger, str | None]:
    """Store a trigger; returns it and the secret of a webhook.

    Raises:
        NotFound: there is no such flow, or not this version of it.
        Conflict: the flow has too many triggers.
        Forbidden: the trigger would do what the key that asks may not.
    """
    demand_flows(identity, (form.flow_id,))
    rules = form.schedule or form.webhook
    reaching.demand(identity, rules)
    await _check_version(session, form.flow_id, form.version)
    if await queries.count(session, form.flow_id) >= _MOST_OF_A_FLOW:
        raise Conflict(f"A flow has at most {_MOST_OF_A_FLOW} triggers.", code="too_many_triggers")
    if rules is None:
        raise AssertionError("the form has a schedule or a webhook")
    trigger = Trigger(
        id=uuid4(),
        flow_id=form.flow_id,
        name=form.name,
        kind="schedule" if form.schedule else "webhook",
        is_active=form.is_active,
        version=None if form.version is None else str(form.version),
        inputs=form.inputs,
        config={},
        created_by=identity.user_id,
    )
    trigger.config = _config(trigger, rules)
    session.add(trigger)
    await session.flush()
    secret = None
    if form.webhook:
        secret = await _open_hook(session, identity.scope, keys, trigger)
    else:
        await _plan(session, identity.scope, trigger)
    await session.refresh(trigger)
    return trigger, secret


async def change(session: AsyncSession, identity: Identity, trigger_id: UUID, form: TriggerPatch) -> Trigger:
    """Change what the form names. A schedule goes on from now; what waits in its queue is given up when it is
    switched off.

    Raises:
        NotFound: there is no such trigger, flow or version.
        InvalidInput: the form has settings of the other kind.
        Forbidden: the trigger would do what the key that asks may not.
    """
    trigger = await get(session, trigger_id, lock=True)
    given = form.model_fields_set
    # Whoever may change triggers may always call one by another name, or switch it off.
    if given - {"name"} and not (given <= {"name", "is_active"} and form.is_active is False):
        reaching.demand(identity, form.schedule or form.webhook or trigger.config)
    other = "webhook" if trigger.kind == "schedule" else "schedule"
    if other in given:
        text = f"This trigger is a {trigger.kind}; make a new one for a {other}."
        raise InvalidInput(text, errors=(FieldError(("body", other), "wrong_kind", text),))
    if "version" in given:
        await _check_version(session, trigger.flow_id, form.version)
        trigger.version = None if form.version is None else str(form.version)
    for name in given & {"name", "is_active", "inputs"}:
        setattr(trigger, name, getattr(form, name))
    if rules := form.schedule or form.webhook:
        trigger.config = _config(trigger, rules)
    if trigger.kind == "schedule" and given & {"is_active", "schedule"}:
        await _plan(session, identity.scope, trigger)
    await session.flush()
    await session.refresh(trigger)
    return trigger


async def switch_off(
    session: AsyncSession, scope: TenantScope, user_id: UUID, kinds: Collection[str]
) -> None:
    """Switch off the triggers of these kinds that somebody made."""
    for trigger in await queries.made_by(session, user_id, kinds, lock=True):
        trigger.is_active = False
        if trigger.kind == "schedule":
            await queries.set_due(session, scope, trigger.id, None)
    await session.flush()


async def delete(session: AsyncSession, scope: TenantScope, trigger_id: UUID) -> None:
    """Remove a trigger; its executions stay.

    Raises:
        NotFound: there is no such trigger.
    """
    trigger = await get(session, trigger_id, lock=True)
    await queries.set_due(session, scope, trigger_id, None)
    await queries.delete_hooks(session, trigger_id)
    await session.delete(trigger)
    await session.flush()


async def rotate_secret(
    session: AsyncSession, identity: Identity, keys: KeyRing, trigger_id: UUID, keep_seconds: int
) -> tuple[str, datetime | None]:
    """Give a webhook a new secret; the one so far stays good for `keep_seconds`. Returns the new one, and
    until when the old one is good.

    Raises:
        NotFound: there is no such trigger.
        Conflict: it is a schedule.
        Forbidden: the key that asks may not do what a call with the secret does.
    """
    trigger = await get(session, trigger_id, lock=True)
    reaching.demand(identity, trigger.config)
    if trigger.kind != "webhook":
        raise Conflict("A schedule has no secret.", code="no_secret")
    secret = signatures.new_secret()
    until = now() + timedelta(seconds=keep_seconds) if keep_seconds else None
    trigger.previous_sealed_secret = trigger.sealed_secret if until else None
    trigger.previous_until = until
    trigger.sealed_secret = keys.seal(secret, secret_place(identity.scope, trigger_id))
    await session.flush()
    return secret, until


async def preview(cron: str, timezone: str, count: int) -> SchedulePreview:
    """The next times of a schedule, in its time zone.

    Raises:
        InvalidInput: the expression or the time zone cannot be used.
    """
    try:
        schedule.check(cron, timezone, now())
        zone = schedule.zone(timezone)
        times = [time.astimezone(zone) for time in islice(schedule.following(cron, timezone, now()), count)]
        return SchedulePreview(description=schedule.describe(cron), times=times)
    except schedule.BadSchedule as error:
        where = "timezone" if "time zone" in str(error) else "cron"
        wrong = FieldError(("query", where), "schedule_invalid", str(error))
        raise InvalidInput(str(error), code="schedule_invalid", errors=(wrong,)) from error


async def page(
    session: AsyncSession, identity: Identity, keys: KeyRing, wanted: Page, flow_id: UUID | None
) -> tuple[list[TriggerOut], str | None]:
    """One page of triggers and the next page's cursor."""
    rows, cursor = await queries.page(session, wanted, only(identity, flow_id))
    last = await queries.newest(session, [row.id for row in rows])
    return [_shown(identity, keys, row, last.get(row.id)) for row in rows], cursor


async def shown(session: AsyncSession, identity: Identity, keys: KeyRing, trigger: Trigger) -> TriggerOut:
    """The trigger as routes answer it; only who may do what a call does is told its address."""
    last = await queries.newest(session, [trigger.id])
    return _shown(identity, keys, trigger, last.get(trigger.id))


async def firings(
    session: AsyncSession, trigger_id: UUID, limit: int, cursor: str | None
) -> tuple[list[FiringOut], str | None]:
    """One page of what came of a trigger, newest first.

    Raises:
        NotFound: there is no such trigger.
        kit.paging.BadCursor: the cursor is not one that a list gave out.
    """
    await get(session, trigger_id)
    rows, following = await queries.firings(session, trigger_id, limit, cursor)
    return [shown_firing(row) for row in rows], following


def shown_firing(fired: Fired) -> FiringOut:
    """The firing as routes answer it."""
    firing, status = fired
    return FiringOut.model_validate(
        {
            name: getattr(firing, name)
            for name in (
                "id",
                "trigger_id",
                "cause",
                "at",
                "outcome",
                "message",
                "execution_id",
                "created_at",
            )
        }
        | {"execution_status": status}
    )


def _config(trigger: Trigger, rules: Schedule | Webhook) -> dict[str, Any]:
    """The rules as they are stored: of a challenge's token only the digest, or the one so far if none is
    given."""
    config = rules.model_dump(mode="json")
    if not isinstance(rules, Webhook) or rules.challenge is None:
        return config
    del config["challenge"]["token"]
    token = rules.challenge.token
    if token is not None:
        digest: str | None = challenge_digest(trigger.id, token)
    else:
        kept = "token" not in rules.challenge.model_fields_set
        challenge: dict[str, Any] = trigger.config.get("challenge") or {}
        digest = challenge.get("token_digest") if kept else None
    config["challenge"]["token_digest"] = digest
    return config


def _webhook_out(config: dict[str, Any]) -> WebhookOut:
    stored = StoredWebhook.model_validate(config)
    shown = stored.model_dump(exclude={"challenge"})
    if stored.challenge is not None:
        challenge = stored.challenge.model_dump(exclude={"token_digest"})
        shown["challenge"] = challenge | {"has_token": stored.challenge.token_digest is not None}
    return WebhookOut.model_validate(shown)


def challenge_digest(trigger_id: UUID, token: str) -> str:
    """What the token of a webhook's challenges is known by."""
    return hashlib.sha256(f"{trigger_id}/{token}".encode()).hexdigest()


def secret_place(scope: TenantScope, trigger_id: UUID) -> str:
    """What a webhook's sealed secret is bound to."""
    return f"{scope.tenant_id}/trigger-secret/{trigger_id}"


def token_digest(token: str) -> str:
    """What an address is known by."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _check_version(session: AsyncSession, flow_id: UUID, version: Any) -> None:
    flow = await flows.get(session, flow_id)
    if isinstance(version, int):
        await flows.version(session, flow.id, version)


async def _open_hook(session: AsyncSession, scope: TenantScope, keys: KeyRing, trigger: Trigger) -> str:
    token, secret = secrets.token_urlsafe(32), signatures.new_secret()
    trigger.sealed_token = keys.seal(token, _token_place(scope, trigger.id))
    trigger.sealed_secret = keys.seal(secret, secret_place(scope, trigger.id))
    session.add(Hook(token_digest=token_digest(token), tenant_id=scope.tenant_id, trigger_id=trigger.id))
    await session.flush()
    return secret


async def _plan(session: AsyncSession, scope: TenantScope, trigger: Trigger) -> None:
    """Say when a schedule is due, from now on."""
    rules = Schedule.model_construct(**trigger.config)
    upcoming = next(schedule.following(rules.cron, rules.timezone, now()), None)
    trigger.resume_at = upcoming if trigger.is_active else None
    if not trigger.is_active or rules.overlap != "queue":
        await queries.skip_queued(session, trigger.id, "The schedule was changed or switched off.")
    await queries.set_due(session, scope, trigger.id, trigger.resume_at)


def _token_place(scope: TenantScope, trigger_id: UUID) -> str:
    return f"{scope.tenant_id}/trigger-token/{trigger_id}"


def _shown(identity: Identity, keys: KeyRing, trigger: Trigger, last: Fired | None) -> TriggerOut:
    token = trigger.sealed_token if reaching.may_call(identity, trigger.config) else None
    place = _token_place(identity.scope, trigger.id)
    timed = trigger.kind == "schedule"
    return TriggerOut(
        id=trigger.id,
        flow_id=trigger.flow_id,
        kind="schedule" if timed else "webhook",
        name=trigger.name,
        is_active=trigger.is_active,
        version=stored_version(trigger.version),
        inputs=trigger.inputs,
        schedule=Schedule.model_construct(**trigger.config) if timed else None,
        webhook=None if timed else _webhook_out(trigger.config),
        description=schedule.describe(trigger.config["cron"]) if timed else None,
        next_at=trigger.resume_at if trigger.is_active else None,
        path=f"/api/v1/hooks/{keys.unseal(token, place)}" if token else None,
        last=shown_firing(last) if last else None,
        created_at=trigger.created_at,
        updated_at=trigger.updated_at,
    )


def opened_secrets(scope: TenantScope, keys: KeyRing, trigger: Trigger, at: datetime) -> Sequence[str]:
    """The secrets that may sign a webhook's call at that time."""
    sealed = [trigger.sealed_secret]
    if trigger.previous_until is not None and trigger.previous_until > at:
        sealed.append(trigger.previous_sealed_secret)
    return [keys.unseal(box, secret_place(scope, trigger.id)) for box in sealed if box is not None]
