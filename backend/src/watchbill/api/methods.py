"""Which methods an address takes: all of them, while a route knows its own only."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi.routing import RouteContext, iter_route_contexts
from starlette.requests import Request


def methods_of(request: Request) -> list[str]:
    """The methods of every route at the request's address, sorted; empty when there is none.

    What stands there word for word goes before what has parameters: /flows/validate is no flow.
    """
    path = request.scope["path"]
    routes = list(iter_route_contexts(request.app.routes))
    found = _named(routes, path) or [route for route in routes if _fits(route, path)]
    return sorted({method for route in found for method in route.methods or ()})


def is_named(request: Request) -> bool:
    """Whether a route's address is the request's, word for word."""
    return bool(_named(iter_route_contexts(request.app.routes), request.scope["path"]))


def _named(routes: Iterable[RouteContext], path: str) -> list[RouteContext]:
    return [route for route in routes if route.path == path and route.methods]


def _fits(route: RouteContext, path: str) -> bool:
    return bool(route.methods) and route.path_regex.match(path) is not None
