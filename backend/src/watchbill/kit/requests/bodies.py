"""JSON bodies that were read before their route: large ones are read once, and not on the event loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Scope

_KEY = "watchbill.body"


@dataclass(frozen=True, slots=True)
class Read:
    """The value of a body, or how it is broken."""

    value: Any = None
    broken: JSONDecodeError | None = None


def keep(scope: Scope, body: Read) -> None:
    """Let the route of a request find its body read."""
    scope[_KEY] = body


class ReadRequest(Request):
    """A request whose JSON is what was read of it."""

    async def json(self) -> Any:
        """The value.

        Raises:
            JSONDecodeError: the body is not JSON.
        """
        body: Read | None = self.scope.get(_KEY)
        if body is None:
            return await super().json()
        if body.broken is not None:
            raise body.broken
        return body.value


class BodyRoute(APIRoute):
    """A route that takes its JSON as it was read. Every route that has a body is one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own, for such a request."""
        handle = super().get_route_handler()

        async def with_body(request: Request) -> Response:
            return await handle(ReadRequest(request.scope, request.receive))

        return with_body
