"""/hooks/{token}: where other services call webhooks. The address and the signature are the credentials."""

from __future__ import annotations

import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import PlainTextResponse

from watchbill.core.errors import TooManyRequests, WatchbillError
from watchbill.core.events import ExecutionStatus
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions import service as executions
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.ports import ports_of as execution_ports
from watchbill.features.executions.waiting import end_of
from watchbill.features.executions.watching.access import long_ago
from watchbill.features.identity.access import database, request_limits, take_turn
from watchbill.features.identity.aside import aside_of
from watchbill.features.identity.limits.crowds import crowds_of
from watchbill.features.identity.trails import request_trail
from watchbill.features.triggers import hooks
from watchbill.features.triggers.hooks import BadCall
from watchbill.features.triggers.replies import reply
from watchbill.features.triggers.routes import Ports
from watchbill.features.triggers.schemas import HookAnswer
from watchbill.features.triggers.service import TriggerPorts
from watchbill.kit.audit import keep_trail
from watchbill.kit.database.transactions import Database, Work

router = APIRouter(tags=["triggers"])


@router.post(
    "/hooks/{token}",
    status_code=202,
    responses={200: {"model": HookAnswer, "description": "The execution is over; outputs or error say how."}},
    response_model=HookAnswer,
    openapi_extra={
        "requestBody": {
            "content": {kind: {"schema": {}} for kind in ("application/json", "text/plain")},
        },
    },
)
async def call_hook(
    token: Annotated[str, Path(max_length=100)],
    request: Request,
    response: Response,
    ports: Ports,
    started: Annotated[ExecutionPorts, Depends(execution_ports)],
) -> HookAnswer | Response:
    """Start the webhook's flow. Sign with X-Watchbill-Timestamp and X-Watchbill-Signature, unless the webhook
    takes unsigned calls. The same call, or a call with the same Idempotency-Key, starts nothing twice. Calls
    count towards the limits on requests, each webhook like a user; refused calls count for the address they
    come from. Challenges are answered as text, if the webhook answers them."""
    db = await database(request)
    call = await _taken(request)
    try:
        admitted, received = await _receive(request, db, ports, started, token, call)
    except BadCall as refusal:
        await _note(db, request, ports, refusal)
        raise
    if admitted.challenge is not None:
        return _echo(admitted.challenge)
    if received is None:
        raise AssertionError("a call that is no challenge is received")
    if received.error:
        raise received.error
    if received.execution_id is None:
        raise AssertionError("a call without an error has an execution")
    if received.new:
        await started.hints.execute(received.scope, received.execution_id)
    rules = received.rules
    if rules.answer == "at_once":
        # The result of an earlier call with the same key is not for whoever repeats it.
        return _without_result(await _answer(db, started, received.scope, received.execution_id))
    begun = time.monotonic()
    waiting = (await crowds_of(request)).waiting
    try:
        with waiting.place_of(received.scope.tenant_id, admitted.trigger.id):
            async with end_of(started, received.scope, received.execution_id) as end:
                # It began before, and a call that came before may have begun it.
                await end.within(rules.wait_seconds, perhaps_over=True)
    except TooManyRequests:
        # It runs, so it is told of as if the time had run out.
        pass
    if long_ago(begun):
        async with db.transaction() as work:
            rules = await hooks.rules_now(work, token)
    answer = await _answer(db, started, received.scope, received.execution_id)
    if rules.answer == "at_once":
        return _without_result(answer)
    response.status_code = 200 if answer.status.final else 202
    if rules.reply is None or not answer.status.final:
        return answer
    if answer.status is not ExecutionStatus.COMPLETED:
        response.status_code = 500
        return answer
    async with db.transaction(received.scope) as work:
        return await reply(work.session, received.scope, rules.reply, answer, started.compute)


@router.get("/hooks/{token}", response_class=PlainTextResponse)
async def challenge_hook(
    token: Annotated[str, Path(max_length=100)], request: Request, ports: Ports
) -> Response:
    """Answer a challenge with the query parameter that the webhook names. It starts nothing."""
    db = await database(request)
    call = await _taken(request)
    async with db.transaction() as work:
        admitted = await _admit(request, work, ports, token, call)
        ids = admitted.scope.tenant_id, admitted.trigger.id
        await request_limits(request).count(work.session, request, *ids)
    return _echo(admitted.challenge or "")


def _without_result(answer: HookAnswer) -> HookAnswer:
    return HookAnswer(execution_id=answer.execution_id, status=answer.status)


async def _taken(request: Request) -> hooks.Request:
    """The call as it came, once it is its turn."""
    call = hooks.Request(
        request.method, request.headers.items(), request.scope["query_string"], await request.body()
    )
    await take_turn(request)
    return call


def _echo(challenge: str) -> Response:
    return PlainTextResponse(challenge, headers={"Cache-Control": "no-store"})


async def _receive(
    request: Request,
    database: Database,
    ports: TriggerPorts,
    started: ExecutionPorts,
    token: str,
    call: hooks.Request,
) -> tuple[hooks.Admitted, hooks.Received | None]:
    async with database.transaction() as work:
        admitted = await _admit(request, work, ports, token, call)
        tenant_id, trigger_id = admitted.scope.tenant_id, admitted.trigger.id
        await request_limits(request).count(work.session, request, tenant_id, trigger_id)
        if admitted.challenge is not None:
            return admitted, None
        await work.enter(admitted.scope)
        return admitted, await hooks.fire(work.session, admitted, started.compute, await aside_of(request))


async def _note(database: Database, request: Request, ports: TriggerPorts, refusal: BadCall) -> None:
    """Let the audit log tell of a call with a bad signature; of many to one webhook, of one a minute."""
    if not ports.refusals.first(refusal.trigger_id):
        return
    trail = request_trail(request)
    # The address is a credential.
    trail.request["path"] = "/api/v1/hooks/[hidden]"
    trail.refuse(refusal.scope.tenant_id, refusal.error_code)
    trail.about("triggers", refusal.trigger_id, refusal.name)
    async with database.transaction() as work:
        keep_trail(work.session, trail)


async def _admit(
    request: Request, work: Work, ports: TriggerPorts, token: str, call: hooks.Request
) -> hooks.Admitted:
    """Let a call in. A call that is refused counts for its address, where others may guess too; one that is
    signed as it must be comes in whatever others at its address do."""
    try:
        return await hooks.admit(work, ports.keys, token, call)
    except WatchbillError:
        await request_limits(request).count_address(request)
        raise


async def _answer(
    database: Database, ports: ExecutionPorts, scope: TenantScope, execution_id: UUID
) -> HookAnswer:
    async with database.transaction(scope) as work:
        found = await executions.detail(work.session, ports.reading(scope), execution_id, iterations=False)
    status = ExecutionStatus(found.status)
    return HookAnswer(execution_id=found.id, status=status, outputs=found.outputs, error=found.error)
