"""Answers of megabytes, sent as fast as their reader takes them, and no longer than it takes anything."""

from __future__ import annotations

import asyncio

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

logger = structlog.get_logger(__name__)

_PART_BYTES = 64 * 1024
# A reader that takes no part for so long is gone or does not want it.
_SECONDS = 30.0


class PartsResponse(Response):
    """A body that is sent in parts: in one piece all of it would wait in the server for a slow reader, and
    the request would count as over meanwhile."""

    seconds = _SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a reader that stops reading gets no more."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = memoryview(self.body)
        try:
            for start in range(0, len(body), _PART_BYTES):
                async with asyncio.timeout(self.seconds):
                    part = bytes(body[start : start + _PART_BYTES])
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        except TimeoutError:
            logger.info("answer_not_read", path=scope["path"], bytes=len(body))
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
