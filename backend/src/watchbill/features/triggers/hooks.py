"""A webhook's call: whose it is, whether it may come in, and what it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    TooLarge,
    WatchbillError,
)
from watchbill.core.ports.compute import Compute
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.aside import Aside
from watchbill.features.triggers import challenges, firing, queries, service
from watchbill.features.triggers.bodies import read_body, read_pairs
from watchbill.features.triggers.firing import Call
from watchbill.features.triggers.schemas import StoredWebhook
from watchbill.features.triggers.tables import Firing, Trigger
from watchbill.kit.clock import now
from watchbill.kit.database.locks import one_at_a_time
from watchbill.kit.database.transactions import Work, outside
from watchbill.kit.outbound.charsets import media_type
from watchbill.kit.secrets import signatures
from watchbill.kit.secrets.crypto import KeyRing
from watchbill.kit.secrets.signatures import BadSignature

# Credentials and what only the connection needs; flows do not see them.
_HIDDEN = frozenset(("authorization", "cookie", "proxy-authorization", "x-watchbill-signature"))
_MOST_KEY = 200
# Smaller bodies are read in about a millisecond.
_SMALL_BYTES = 32 * 1024


@dataclass(frozen=True)
class Request:
    """What a caller sent, header names in lower case; `sent_headers` and `query` as they came."""

    method: str
    sent_headers: Sequence[tuple[str, str]]
    query: bytes
    body: bytes

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Those of one name are one, with commas between, as HTTP says."""
        found: dict[str, str] = {}
        for name, value in self.sent_headers:
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    @property
    def content_type(self) -> str:
        """As it was sent; empty when it was not."""
        return self.headers.get("content-type", "")


class BadCall(NotAuthenticated):
    """A call of a webhook that is not signed as it must be."""

    def __init__(self, refusal: BadSignature, scope: TenantScope, trigger: Trigger):
        super().__init__(str(refusal), code=refusal.code)
        self.scope, self.trigger_id, self.name = scope, trigger.id, trigger.name


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may come in, and the trigger it is for. A `challenge` is answered, and starts nothing."""

    scope: TenantScope
    trigger: Trigger
    rules: StoredWebhook
    request: Request
    call: Call
    challenge: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What came of a call: whose flow it started, and the execution; or why not."""

    scope: TenantScope
    rules: StoredWebhook
    execution_id: UUID | None
    new: bool
    error: WatchbillError | None


async def admit(work: Work, keys: KeyRing, token: str, request: Request) -> Admitted:
    """Let a call in. The transaction has no tenant yet; it sees that of the address afterwards, and keeps the
    service's rights for what is counted across tenants: enter the tenant before anything else.

    Raises:
        NotFound: nobody has this address.
        BadCall: the call is not signed as it must be.
        Forbidden: a challenge comes without its token.
        TooLarge, InvalidInput: the body is too large, or the Idempotency-Key is.
        Conflict: the trigger is switched off.
    """
    scope, trigger, rules = await _found(work, token)
    if len(request.body) > rules.max_body_bytes:
        raise TooLarge(f"The body is larger than {rules.max_body_bytes:,} bytes.")
    call = Call("webhook", now(), {})
    challenge = challenges.answer(
        trigger.id, rules.challenge, request.method, request.query, request.content_type, request.body
    )
    signature = _verified(scope, keys, trigger, rules, request) if challenge is None else None
    _demand_active(trigger)
    call = replace(call, signature=signature, request_key=_request_key(request))
    return Admitted(scope, trigger, rules, request, call, challenge)


async def rules_now(work: Work, token: str) -> StoredWebhook:
    """The rules of the webhook at an address, for a call that was let in a while ago. The transaction is left
    as `admit` leaves it.

    Raises:
        NotFound: nobody has this address any more.
        Conflict: the trigger was switched off.
    """
    _, trigger, rules = await _found(work, token)
    _demand_active(trigger)
    return rules


async def _found(work: Work, token: str) -> tuple[TenantScope, Trigger, StoredWebhook]:
    hook = await queries.find_hook(work.session, service.token_digest(token))
    if hook is None:
        raise NotFound("There is no webhook at this address.", code="hook_not_found")
    scope = TenantScope(hook.tenant_id)
    await work.enter(scope, as_tenant=False)
    trigger = await service.get(work.session, hook.trigger_id)
    return scope, trigger, StoredWebhook.model_validate(trigger.config)


def _demand_active(trigger: Trigger) -> None:
    if not trigger.is_active:
        raise Conflict("This webhook is switched off.", code="trigger_inactive")


async def fire(session: AsyncSession, admitted: Admitted, compute: Compute, aside: Aside) -> Received:
    """Start the flow of a call that was let in. An error in the answer was noted, so the transaction must be
    committed before it is raised."""
    scope, trigger, rules = admitted.scope, admitted.trigger, admitted.rules
    given = await _given(session, scope, admitted.request, aside)
    if isinstance(given, WatchbillError):
        await firing.note(session, trigger, admitted.call, "failed", message=given.detail)
        return Received(scope, rules, None, False, given)
    call = replace(admitted.call, given=given)
    names = [f"{trigger.id}/{name}" for name in (call.signature, call.request_key) if name]
    await one_at_a_time(session, *names)
    known = await queries.earlier(session, trigger.id, call.signature, call.request_key)
    if known is not None:
        return _repeated(scope, rules, known)
    try:
        fired = await firing.start(session, scope, trigger, call, compute)
    except WatchbillError as error:
        await firing.note(session, trigger, call, "failed", message=error.detail)
        return Received(scope, rules, None, False, error)
    return Received(scope, rules, fired.execution_id, True, None)


def _repeated(scope: TenantScope, rules: StoredWebhook, known: Firing) -> Received:
    if known.execution_id is None:
        error = Conflict("This call was made before, and its execution was deleted.", code="call_repeated")
        return Received(scope, rules, None, False, error)
    return Received(scope, rules, known.execution_id, False, None)


def _verified(
    scope: TenantScope, keys: KeyRing, trigger: Trigger, rules: StoredWebhook, request: Request
) -> str | None:
    """The call's signature, or None where none is asked for."""
    if rules.signing == "none":
        return None
    moment = now()
    signature = request.headers.get(signatures.SIGNATURE_HEADER.lower())
    try:
        signatures.verify(
            service.opened_secrets(scope, keys, trigger, moment),
            request.headers.get(signatures.TIMESTAMP_HEADER.lower()),
            signature,
            request.body,
            now=moment.timestamp(),
            window=rules.window_seconds,
        )
    except BadSignature as error:
        raise BadCall(error, scope, trigger) from error
    return signature


def _request_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= _MOST_KEY:
        raise InvalidInput(f"An Idempotency-Key has 1 to {_MOST_KEY} characters.", code="idempotency_key")
    return key


async def _given(
    session: AsyncSession, scope: TenantScope, request: Request, aside: Aside
) -> dict[str, Any] | WatchbillError:
    """What templates read as `inputs`, or why it cannot be read. A large body is read aside, while the
    session's transaction is committed."""
    if len(request.body) <= _SMALL_BYTES:
        return _read(request)
    async with outside(session):
        try:
            return await aside.run(scope.tenant_id.hex, _read, request)
        except WatchbillError as error:
            return error


def _read(request: Request) -> dict[str, Any] | WatchbillError:
    try:
        return {
            "body": read_body(request.content_type, request.body),
            "headers": {name: value for name, value in request.headers.items() if name not in _HIDDEN},
            "query": read_pairs(request.query, ("query",)),
            "content_type": media_type(request.content_type),
            "size": len(request.body),
        }
    except WatchbillError as error:
        return error
