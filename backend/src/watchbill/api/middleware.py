"""What happens to every request: an id, a log line, security headers, a limit on bodies, the last catch."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from functools import partial

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchbill.api import problems
from watchbill.api.context import begin_request
from watchbill.api.held_bodies import HeldBodies
from watchbill.api.payload import bad_address, read_json
from watchbill.core.errors import TooLarge, TooManyRequests, TooSlow, WatchbillError
from watchbill.features.identity.access import whose_turn
from watchbill.features.identity.aside import Aside
from watchbill.kit.requests.bodies import keep
from watchbill.kit.secrets.masking import MASK

log = structlog.stdlib.get_logger("watchbill.api")
# What our pages never ask a browser for; copying to the clipboard is not among it.
_UNUSED_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)


# A webhook's address is its credential.
_HOOK = re.compile(r"(/hooks/+)[^/]+")


def _logged_path(scope: Scope) -> str:
    return _HOOK.sub(rf"\1{MASK}", scope["path"])


class RequestLog:
    """Gives each request an id, answers with it in X-Request-ID, and logs one line."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        identifier = begin_request(Headers(scope=scope).get("x-request-id", ""))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=identifier)
        started, status = time.perf_counter(), 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = identifier
            await send(message)

        await self.app(scope, receive, note)
        log.info(
            "request",
            method=scope.get("method", "WEBSOCKET"),
            path=_logged_path(scope),
            status=status,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return None


class SecurityHeaders:
    """Sets the headers that tell a browser what our pages may do."""

    def __init__(self, app: ASGIApp, *, policy: str, https: bool):
        self.app = app
        self.headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Permitted-Cross-Domain-Policies": "none",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED_FEATURES),
        }
        if https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, add if scope["type"] == "http" else send)


class LastCatch:
    """Turns a bug into a problem answer that shows nothing of it, and into a log entry that shows all."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note)
        except Exception:  # the one catch-all of a request
            log.exception("unhandled error", method=scope["method"], path=_logged_path(scope))
            if started:
                raise
            await problems.internal_error()(scope, receive, send)
        return None


class BodyLimit:
    """Reads the body up to a limit in bytes and in seconds, before anything is done for the request, and
    refuses JSON that could not be kept as it is, except below the path `apart`. The route gets it read."""

    def __init__(self, app: ASGIApp, *, limit: int, seconds: float, apart: str, aside: Aside):
        self.app = app
        self.aside = aside
        self.apart = apart
        self.limit = limit
        self.seconds = seconds
        self.held = HeldBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if error := bad_address(scope):
            return await problems.from_error(error)(scope, receive, send)
        headers = Headers(scope=scope)
        if "content-length" not in headers and "transfer-encoding" not in headers:
            return await self.app(scope, receive, send)
        if headers.get("content-encoding", "identity").lower() != "identity":
            # A small body would be a large one.
            text = "Send the body without a Content-Encoding."
            return await problems.problem(415, "content_encoding", "Unsupported Media Type", text)(
                scope, receive, send
            )
        with self.held.body(partial(whose_turn, HTTPConnection(scope))) as come:
            return await self._with_body(scope, receive, send, come)

    async def _with_body(
        self, scope: Scope, receive: Receive, send: Send, come: Callable[[int], None]
    ) -> None:
        headers = Headers(scope=scope)
        try:
            async with asyncio.timeout(self.seconds):
                body = await self._read(headers, receive, come)
        except TimeoutError:
            body = TooSlow(f"The body did not arrive within {self.seconds:g} s.")
        except TooManyRequests as error:
            body = error
        if body is None:
            return None
        if isinstance(body, WatchbillError):
            # The rest of the body is never read, so the connection cannot be used again.
            answer = problems.from_error(body)
            answer.headers["Connection"] = "close"
            return await answer(scope, receive, send)
        # What webhooks are sent is read as the webhook says, once it is known who calls.
        if not scope["path"].startswith(self.apart):
            who = partial(whose_turn, HTTPConnection(scope))
            read = await read_json(headers.get("content-type", ""), body, self.aside, who)
            if isinstance(read, WatchbillError):
                return await problems.from_error(read)(scope, receive, send)
            if read is not None:
                keep(scope, read)
        return await self.app(scope, _replay(body, receive), send)

    async def _read(
        self, headers: Headers, receive: Receive, come: Callable[[int], None]
    ) -> bytes | TooLarge | None:
        """The body, or that it is too large, or None when the client left. `come` is told of each part."""
        too_large = TooLarge(f"The body is larger than {self.limit:,} bytes.")
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self.limit:
            return too_large
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            come(len(parts[-1]))
            if size > self.limit:
                return too_large
            more = message.get("more_body", False)
        return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body in one piece, then whatever the server has to say."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
