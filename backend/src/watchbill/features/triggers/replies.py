"""A webhook's own answer, made of its execution's outputs."""

from __future__ import annotations

from uuid import UUID

import orjson
from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import InvalidInput, WatchbillError
from watchbill.core.expressions.template import as_text
from watchbill.core.expressions.typed_json import typed_json
from watchbill.core.ports.compute import Compute
from watchbill.core.tenancy import TenantScope
from watchbill.features.triggers.mapping import rendered
from watchbill.features.triggers.schemas import HookAnswer, Reply
from watchbill.kit.clock import now

MAX_BYTES = 1024 * 1024
_NO_BODY = (204, 205)
# Whatever a flow says, a browser that is led here runs none of it and shows it as nothing of ours.
_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class ReplyFailed(WatchbillError):
    """The webhook's answer cannot be made of what its flow gave."""

    code = "reply_failed"
    status = 500
    title = "The answer cannot be made"


async def reply(
    session: AsyncSession, scope: TenantScope, rules: Reply, answer: HookAnswer, compute: Compute
) -> Response:
    """What the rules make of a completed execution.

    Raises:
        ReplyFailed: a template cannot be evaluated, or what it gives is no answer.
    """
    given = {"outputs": answer.outputs, "execution_id": str(answer.execution_id)}
    json = rules.content_type == "application/json"
    templates = {"status": rules.status, "body": typed_json(rules.body) if json else rules.body}
    try:
        values = await rendered(session, scope, templates, given, now(), compute, "reply")
    except InvalidInput as error:
        raise _failed(answer.execution_id, error.detail) from error
    status = values["status"]
    if isinstance(status, bool) or not isinstance(status, int) or not _allowed(status):
        raise _failed(
            answer.execution_id, f"The status {status!r:.40} is not one of 200 to 299 or 400 to 599."
        )
    body = answer.outputs if rules.body is None else values["body"]
    content = orjson.dumps(body) if json else as_text(body).encode()
    if len(content) > MAX_BYTES:
        text = f"The body has {len(content):,} bytes; at most {MAX_BYTES:,} are allowed."
        raise _failed(answer.execution_id, text)
    if status in _NO_BODY:
        return Response(status_code=status, headers=_HEADERS)
    kind = rules.content_type if json else f"{rules.content_type}; charset=utf-8"
    return Response(content, status, {"Content-Type": kind, **_HEADERS})


def _allowed(status: int) -> bool:
    return 200 <= status < 300 or 400 <= status < 600


def _failed(execution_id: UUID, why: str) -> ReplyFailed:
    return ReplyFailed(f"Execution {execution_id} completed, but its answer cannot be made. {why}")
