"""Limits on requests, as HTTP shows them: headers on every counted answer, and fewer requests to sign in."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchbill.api import problems
from watchbill.core.errors import TooManyRequests
from watchbill.features.identity.limits.requests import RequestLimits
from watchbill.kit.limits.rates import WINDOW_SECONDS, Standing

_AUTH = "/api/v1/auth/"
# What anybody may send who is not signed in.
_ANYBODYS = (_AUTH, "/api/v1/mailed-approvals", "/api/v1/mail-addresses/confirm")
# A browser calls these by itself, with proof that it was let in before.
_BY_ITSELF = frozenset((f"{_AUTH}refresh", f"{_AUTH}logout"))
# Called with credentials. Hooks have signatures, and others with them may have the same header.
_API, _APART = "/api/v1/", (*_ANYBODYS, "/api/v1/hooks/")


class RateLimitHeaders:
    """Says with RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10) where a client
    stands, counts what anybody may send who is not signed in under its address, and refuses at once who was
    refused a moment ago."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        # Made here, so that what the route finds is written into this very scope.
        shared: dict[str, Any] = {"standings": []}
        scope["rate_limits"] = shared

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start" and shared["standings"]:
                _describe(MutableHeaders(scope=message), shared["standings"])
            await send(message)

        try:
            if _for_anybody(scope):
                await limits_of(scope).count_address(HTTPConnection(scope))
            elif scope["path"].startswith(_API) and not scope["path"].startswith(_APART):
                limits_of(scope).refuse_again(HTTPConnection(scope))
        except TooManyRequests as error:
            return await problems.from_error(error)(scope, receive, add)
        return await self.app(scope, receive, add)


def limits_of(scope: Scope) -> RequestLimits:
    """The limits that the app's lifespan put into its state."""
    return scope["app"].state.limits


def _for_anybody(scope: Scope) -> bool:
    path = scope["path"]
    return scope["method"] == "POST" and path.startswith(_ANYBODYS) and path not in _BY_ITSELF


def _describe(headers: MutableHeaders, standings: list[Standing]) -> None:
    rates = [(standing.rate, standing) for standing in standings]
    headers["RateLimit-Policy"] = ", ".join(
        f'"{rate.name}";q={rate.amount};w={WINDOW_SECONDS}' for rate, _ in rates
    )
    headers["RateLimit"] = ", ".join(
        f'"{rate.name}";r={standing.left};t={standing.seconds}' for rate, standing in rates
    )
