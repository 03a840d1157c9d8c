"""Transactions of requests with a trail: what they do is noted with them, and what is refused after them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import text
from starlette.requests import HTTPConnection, Request
from structlog.contextvars import get_contextvars

from watchbill.core.errors import Forbidden, InvalidInput, NotAuthenticated, WatchbillError
from watchbill.features.identity import tokens
from watchbill.features.identity.cookies import COOKIE
from watchbill.kit.audit import Trail, keep_trail, write
from watchbill.kit.database.transactions import Database, Work
from watchbill.kit.requests.mail_addresses import canonical_email

_LONGEST_AGENT = 300
_BY_EMAIL = "SELECT id FROM public.users WHERE lower(email) = lower(:email)"


def request_trail(connection: HTTPConnection) -> Trail:
    """A trail that begins with a request: its address, and what the route's function is called."""
    route = connection.scope.get("route")
    agent = connection.headers.get("user-agent", "")
    return Trail(
        action=getattr(route, "name", None) or connection.scope["path"],
        origin={
            "address": connection.client.host if connection.client else None,
            "agent": "".join(sign for sign in agent if sign.isprintable())[:_LONGEST_AGENT],
        },
        request={
            "id": get_contextvars().get("request_id"),
            "method": connection.scope.get("method", "WEBSOCKET"),
            "path": connection.scope["path"][:500],
        },
    )


@asynccontextmanager
async def recorded(database: Database, connection: HTTPConnection) -> AsyncGenerator[Work]:
    """A transaction for a request, with its trail. A refusal is noted in a transaction of its own, since what
    was refused leaves nothing behind."""
    trail = request_trail(connection)
    try:
        async with database.transaction() as work:
            keep_trail(work.session, trail)
            yield work
    except (Forbidden, NotAuthenticated, InvalidInput) as error:
        if not isinstance(error, InvalidInput) or error.error_code == "wrong_password":
            await note_refusal(database, connection, trail, error)
        raise


async def note_refusal(
    database: Database, connection: HTTPConnection, trail: Trail, error: WatchbillError
) -> None:
    """Note that a request was refused, in the logs of whom it concerns: the person whose session or address
    it used. Of others nobody knows whose log it would be."""
    trail.changes, trail.reason, trail.outcome = [], error.error_code, "denied"
    if error.error_code == "wrong_origin":
        _by_cookie(connection, trail)
    email = await _email(connection) if trail.user_id is None else None
    if trail.user_id is None and email is None:
        return
    async with database.transaction() as work:
        session = work.session
        if trail.user_id is None:
            trail.user_id = await session.scalar(text(_BY_EMAIL), {"email": email})
        await session.run_sync(lambda sync: write(sync, trail))


def _by_cookie(connection: HTTPConnection, trail: Trail) -> None:
    """Whose session a page of another site tried to use."""
    options = connection.app.state.identity_options
    try:
        claims = tokens.read(options.jwt_secret, connection.cookies.get(COOKIE, ""))
    except NotAuthenticated:
        return
    trail.tenant_id, trail.user_id = claims.tenant_id, claims.user_id


async def _email(connection: HTTPConnection) -> str | None:
    """Whose account a sign-in was tried for. The body was read by the route already."""
    if not isinstance(connection, Request) or connection.method != "POST":
        return None
    try:
        form: Any = await connection.json()
    except ValueError:
        return None
    email = cast("dict[str, Any]", form).get("email") if isinstance(form, dict) else None
    return canonical_email(email) if isinstance(email, str) and "\x00" not in email else None
