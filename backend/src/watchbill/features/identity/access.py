"""How every route learns who is asking, and refuses those who may not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from watchbill.core.errors import Forbidden, NotAuthenticated
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity import reach, service
from watchbill.features.identity.cookies import COOKIE
from watchbill.features.identity.identity import Identity, IdentityOptions
from watchbill.features.identity.limits.requests import RequestLimits
from watchbill.features.identity.limits.turns import turn_of
from watchbill.features.identity.permissions import DIRECTORY, Permission
from watchbill.features.identity.reach import Judged
from watchbill.features.identity.trails import note_refusal, recorded, request_trail
from watchbill.kit.audit import trail_of
from watchbill.kit.database.transactions import Database, Work, in_turn_of

# Those who change memberships wait for the others, and look at their own when it is their turn.
_OF_MEMBERSHIPS = frozenset(("profile:write", "members:write"))
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


@dataclass(frozen=True, slots=True)
class Access:
    """A request that was let in: who asks, and the transaction, which sees the tenant's tables."""

    identity: Identity
    work: Work

    @property
    def scope(self) -> TenantScope:
        return self.identity.scope

    @property
    def session(self) -> AsyncSession:
        return self.work.session


# Dependencies are async also when they wait for nothing: FastAPI sends any other one to a thread, which costs
# as much as a round trip to the database.
async def identity_options(connection: HTTPConnection) -> IdentityOptions:
    return connection.app.state.identity_options


def request_limits(connection: HTTPConnection) -> RequestLimits:
    return connection.app.state.limits


async def database(connection: HTTPConnection) -> Database:
    return connection.app.state.database


async def open_work(request: Request) -> AsyncIterator[Work]:
    """The request's transaction. It is committed before the answer is sent, or rolled back by an error; the
    audit log says what it changed, or that it was refused."""
    await take_turn(request)
    async with recorded(await database(request), request) as work:
        yield work


async def take_turn(connection: HTTPConnection) -> None:
    """Let the transactions of this request or WebSocket wait for their turn among those of its tenant."""
    in_turn_of(whose_turn(connection))


def whose_turn(connection: HTTPConnection) -> str:
    """Who waits with this request, as far as can be told without the database: see `turn_of`."""
    token = connection.headers.get("authorization", "").partition(" ")[2].strip()
    token = token or connection.cookies.get(COOKIE, "")
    state = connection.app.state
    return turn_of(connection, state.identity_options, state.known_keys, token)


WorkDep = Annotated[Work, Depends(open_work, scope="function")]
_BEARER = Depends(HTTPBearer(auto_error=False, description="The access_token of /auth/login, or an API key."))


async def enter(
    connection: HTTPConnection, work: Work, permission: Permission, judged: Judged = "path"
) -> Access:
    """Check the credentials of a request or WebSocket, and let its transaction see the tenant's tables.

    Raises:
        NotAuthenticated: no credentials, or bad ones.
        TooManyRequests: the person, key or tenant sent more than they may.
        Forbidden: the role or key does not grant the permission, the tenant is suspended, or a page of
            another site is using the session cookie.
    """
    options = await identity_options(connection)
    as_tenant = permission.partition(":")[0] not in DIRECTORY
    limits, token = request_limits(connection), access_token(connection)
    claims = service.claims_of(options, token)
    counting = limits.begin(claims) if claims else None
    # What changes something is finished before whoever asks can be removed, or is not done at all.
    kept = not permission.endswith(":read") and permission not in _OF_MEMBERSHIPS
    identity = await service.let_in(work, options, token, claims, as_tenant=as_tenant, kept=kept)
    if identity.key_id is not None:
        connection.app.state.known_keys.meet(token, identity.tenant_id)
    if trail := trail_of(work.session):
        trail.by(identity.tenant_id, identity.user_id, identity.key_id, permission)
        # A key's use is noted once a minute, whatever it is used for.
        trail.always = trail.always or (identity.key_id is not None and not service.used_lately(identity))
    if counting:
        limits.judge(connection, await counting)
    else:
        who = identity.key_id or identity.user_id
        await limits.count(work.session, connection, identity.tenant_id, who)
        if claims:
            limits.meet(claims)
    identity.demand(permission)
    judged = "open" if permission == "profile:read" else judged
    await reach.stay_within(work.session, identity, judged, connection.path_params)
    work.after_commit(partial(service.note_use, await database(connection), identity))
    return Access(identity, work)


def require(permission: Permission, judged: Judged = "path") -> Any:
    """The dependency of a route that needs this permission; its value is an Access. `judged` says how the
    route keeps a key to the flows that it is limited to."""

    async def check(request: Request, work: WorkDep, _bearer: Annotated[Any, _BEARER]) -> Access:
        return await enter(request, work, permission, judged)

    guard: Callable[..., Awaitable[Access]] = check
    guard.permission = permission  # type: ignore[attr-defined]
    guard.judged = judged  # type: ignore[attr-defined]
    return Depends(guard, scope="function")


async def refuse_other_sites(connection: HTTPConnection) -> None:
    """Refuse what a page of another site sends.

    Raises:
        Forbidden: the request comes from elsewhere.
    """
    source = connection.headers.get("origin") or connection.headers.get("referer")
    if source is None:
        return
    try:
        _refuse_elsewhere(connection, source)
    except Forbidden as error:
        await note_refusal(await database(connection), connection, request_trail(connection), error)
        raise


def _refuse_elsewhere(connection: HTTPConnection, source: str) -> None:
    try:
        url = urlsplit(source)
    except ValueError as error:
        raise Forbidden("The request does not say where it comes from.", code="wrong_origin") from error
    origin = f"{url.scheme}://{url.netloc}"
    ours = url.netloc == connection.headers.get("host") and url.scheme in ("http", "https")
    if not ours and origin not in connection.app.state.identity_options.origins:
        raise Forbidden("The request comes from a page of another site.", code="wrong_origin")


def access_token(connection: HTTPConnection) -> str:
    """The token that a request carries, as a header or as a cookie.

    Raises:
        NotAuthenticated: there is none.
        Forbidden: a page of another site is using the cookie.
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not token.strip():
            raise NotAuthenticated("Send the access token as `Authorization: Bearer TOKEN`.")
        return token.strip()
    token = connection.cookies.get(COOKIE, "")
    if not token:
        raise NotAuthenticated()
    if connection.scope["type"] == "websocket" or connection.scope["method"] not in _SAFE_METHODS:
        # Browsers say where these come from, so what does not say so is refused too.
        _refuse_elsewhere(
            connection, connection.headers.get("origin") or connection.headers.get("referer", "")
        )
    return token
