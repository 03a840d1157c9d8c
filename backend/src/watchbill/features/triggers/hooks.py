"""A webhook's call: whose it is, whether it may come in, and what it starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
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
from watchbill.features.triggers import firing, queries, service
from watchbill.features.triggers.firing import Call
from watchbill.features.triggers.schemas import Webhook
from watchbill.features.triggers.tables import Firing, Trigger
from watchbill.kit import signatures
from watchbill.kit.clock import now
from watchbill.kit.crypto import KeyRing
from watchbill.kit.db import Work
from watchbill.kit.locks import one_at_a_time
from watchbill.kit.signatures import BadSignature

# Credentials and what only the connection needs; flows do not see them.
_HIDDEN = frozenset(("authorization", "cookie", "proxy-authorization", "x-watchbill-signature"))
_MOST_KEY = 200


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller sent. Header names are lower case."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class BadCall(NotAuthenticated):
    """A call of a webhook that is not signed as it must be."""

    def __init__(self, refusal: BadSignature, scope: TenantScope, trigger: Trigger):
        super().__init__(str(refusal), code=refusal.code)
        self.scope, self.trigger_id, self.name = scope, trigger.id, trigger.name


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may come in, and the trigger it is for."""

    scope: TenantScope
    trigger: Trigger
    rules: Webhook
    call: Call


@dataclass(frozen=True, slots=True)
class Received:
    """What came of a call: whose flow it started, and the execution; or why not."""

    scope: TenantScope
    rules: Webhook
    execution_id: UUID | None
    new: bool
    error: WatchbillError | None


async def admit(work: Work, keys: KeyRing, token: str, request: Request) -> Admitted:
    """Let a call in. The transaction has no tenant yet; it sees that of the address afterwards, and keeps the
    service's rights for what is counted across tenants: enter the tenant before anything else.

    Raises:
        NotFound: nobody has this address.
        BadCall: the call is not signed as it must be.
        TooLarge, InvalidInput: the body is too large, or the Idempotency-Key is.
        Conflict: the trigger is switched off.
    """
    hook = await queries.find_hook(work.session, service.token_digest(token))
    if hook is None:
        raise NotFound("There is no webhook at this address.", code="hook_not_found")
    scope = TenantScope(hook.tenant_id)
    await work.enter(scope, as_tenant=False)
    trigger = await service.get(work.session, hook.trigger_id)
    rules = Webhook.model_construct(**trigger.config)
    if len(request.body) > rules.max_body_bytes:
        raise TooLarge(f"The body is larger than {rules.max_body_bytes:,} bytes.")
    signature = _verified(scope, keys, trigger, rules, request)
    if not trigger.is_active:
        raise Conflict("This webhook is switched off.", code="trigger_inactive")
    call = Call("webhook", now(), _given(request), signature, _request_key(request))
    return Admitted(scope, trigger, rules, call)


async def fire(session: AsyncSession, admitted: Admitted, compute: Compute) -> Received:
    """Start the flow of a call that was let in. An error in the answer was noted, so the transaction must be
    committed before it is raised."""
    scope, trigger, rules, call = admitted.scope, admitted.trigger, admitted.rules, admitted.call
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


def _repeated(scope: TenantScope, rules: Webhook, known: Firing) -> Received:
    if known.execution_id is None:
        error = Conflict("This call came before, and its execution was deleted.", code="call_repeated")
        return Received(scope, rules, None, False, error)
    return Received(scope, rules, known.execution_id, False, None)


def _verified(
    scope: TenantScope, keys: KeyRing, trigger: Trigger, rules: Webhook, request: Request
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


def _given(request: Request) -> dict[str, Any]:
    return {
        "body": _body(request),
        "headers": {name: value for name, value in request.headers.items() if name not in _HIDDEN},
        "query": dict(request.query),
    }


def _body(request: Request) -> Any:
    """JSON and forms as values, anything else as text; None when there is nothing."""
    if not request.body:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = request.body.decode("utf-8", "replace")
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(text, keep_blank_values=True))
    if kind == "" or kind.endswith("json"):
        try:
            return json.loads(text, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            return text
    return text
