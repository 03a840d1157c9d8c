"""/sso, where admins set single sign-on up, and /auth/sso, where people go through it."""

from __future__ import annotations

import hmac
import secrets
import time
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from watchbill.core.errors import Forbidden, WatchbillError
from watchbill.features.identity import service as identity
from watchbill.features.identity import sign_ins
from watchbill.features.identity.access import (
    Access,
    WorkDep,
    access_token,
    identity_options,
    refuse_other_sites,
    require,
)
from watchbill.features.identity.cookies import begin_session
from watchbill.features.identity.devices import Device, device_of
from watchbill.features.identity.identity import IdentityOptions
from watchbill.features.identity.limits.crowds import Crowds, crowds_of
from watchbill.features.identity.tables import Tenant
from watchbill.features.sso import queries, service
from watchbill.features.sso.provider import ProviderFault, authorization_url, demand_from
from watchbill.features.sso.schemas import SsoIn, SsoLookup, SsoOffer, SsoOut, SsoState
from watchbill.features.sso.service import SsoPorts
from watchbill.kit.audit import trail_of
from watchbill.kit.database.transactions import Work
from watchbill.kit.requests.bodies import BodyRoute
from watchbill.kit.requests.mail_addresses import ascii_domain, mail_domain
from watchbill.kit.requests.safe_path import safe_path
from watchbill.kit.secrets.crypto import Unsealable

COOKIE = "watchbill_sso"
_STATE_PLACE = "sso state"
_MINUTES = 10
_AUTH = "/api/v1/auth/sso"

router = APIRouter(route_class=BodyRoute)
settings = APIRouter(prefix="/sso", tags=["sso"], route_class=BodyRoute)
signing_in = APIRouter(prefix="/auth/sso", tags=["auth"], route_class=BodyRoute)


async def ports_of(request: Request) -> SsoPorts:
    return request.app.state.sso


Reader = Annotated[Access, require("sso:read")]
Writer = Annotated[Access, require("sso:write")]
Ports = Annotated[SsoPorts, Depends(ports_of)]
Options = Annotated[IdentityOptions, Depends(identity_options)]
Limits = Annotated[Crowds, Depends(crowds_of)]


@settings.get("")
async def get_sso(access: Reader, ports: Ports) -> SsoOut:
    """How people of this tenant sign in with their company's account."""
    return await service.describe(access.session, ports, access.scope.tenant_id)


@settings.put("")
async def set_up_sso(form: SsoIn, access: Writer, ports: Ports, crowds: Limits) -> SsoOut:
    """Set up single sign-on. Watchbill asks the provider whether it answers."""
    # Whoever names the provider decides who people are: a key that was lost must not.
    access.identity.sign_in  # noqa: B018 (raises for keys)
    with crowds.slow.place(access.identity):
        return await service.set_up(access.session, ports, access.scope.tenant_id, form)


@settings.post("/check-domains")
async def check_sso_domains(access: Writer, ports: Ports, crowds: Limits) -> SsoOut:
    """Look for the DNS records that prove that the mail domains belong to the tenant."""
    with crowds.slow.place(access.identity):
        return await service.check_domains(access.session, ports, access.scope.tenant_id)


@settings.delete("", status_code=204)
async def remove_sso(access: Writer) -> None:
    """Remove the provider."""
    await service.remove(access.session, access.scope.tenant_id)


@signing_in.post("/lookup", dependencies=[Depends(refuse_other_sites)])
async def look_up_sso(
    form: SsoLookup, request: Request, work: WorkDep, ports: Ports, crowds: Limits
) -> SsoOffer:
    """Whether an address belongs to a company with single sign-on, and where to sign in."""
    domain = mail_domain(form.email)
    tenant = await queries.active_at(work.session, domain) if domain else None
    if tenant is not None:
        async with work.outside():
            with crowds.slow.place_at(request, tenant.id):
                proved = await ports.proofs.holds(tenant.id, domain)
        tenant = tenant if proved else None
    return SsoOffer(start=f"{_AUTH}/start?{urlencode({'domain': domain})}" if tenant else None)


@signing_in.get("/start", response_class=RedirectResponse, status_code=303)
async def start_sso(
    request: Request,
    work: WorkDep,
    ports: Ports,
    options: Options,
    crowds: Limits,
    domain: Annotated[str, Query(max_length=253)],
    next: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Go to the company's provider."""
    domain = ascii_domain(domain)
    tenant = await queries.active_at(work.session, domain)
    connection = await queries.connection(work.session, tenant.id) if tenant else None
    if tenant is None or connection is None:
        return _back("sso_unknown_domain")
    signed_in = await _signed_in(request, work, options, tenant.id)
    # Whoever is asked now may never answer: until then nobody else may wait for this one.
    await work.finish()
    with crowds.slow.place_at(request, tenant.id):
        if not await ports.proofs.holds(tenant.id, domain):
            return _back("sso_unproved_domain")
        try:
            provider = await ports.metadata.provider(connection.issuer)
        except ProviderFault:
            return _back("sso_provider_away")
    state = SsoState(
        tenant_id=tenant.id,
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        next=safe_path(next),
        user_id=signed_in,
        expires_at=time.time() + _MINUTES * 60,
    )
    url = authorization_url(
        provider,
        ports.client(connection),
        state=state.state,
        nonce=state.nonce,
        verifier=state.verifier,
    )
    answer = RedirectResponse(url, 303)
    # Lax: the provider sends people back from another site.
    answer.set_cookie(
        COOKIE,
        ports.keys.seal(state.model_dump_json(), _STATE_PLACE),
        max_age=_MINUTES * 60,
        path=_AUTH,
        httponly=True,
        samesite="lax",
        secure=options.secure_cookies,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@signing_in.get("/callback", response_class=RedirectResponse, status_code=303)
async def finish_sso(
    request: Request,
    work: WorkDep,
    ports: Ports,
    options: Options,
    crowds: Limits,
    device: Annotated[Device, Depends(device_of)],
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Come back from the company's provider and sign in."""
    kept = _kept(request, ports)
    if kept is None or not hmac.compare_digest(kept.state.encode(), state.encode()):
        return _back("sso_expired")
    if error or not code:
        return _back("sso_refused")
    tenant = await work.session.get(Tenant, kept.tenant_id)
    connection = await queries.connection(work.session, kept.tenant_id)
    if tenant is None or tenant.status != "active" or connection is None or not connection.is_active:
        return _back("sso_unknown_domain")
    client = ports.client(connection)
    try:
        async with work.outside():
            with crowds.slow.place_at(request, tenant.id):
                provider = await ports.metadata.provider(connection.issuer)
                # Before the code goes anywhere.
                demand_from(provider, iss)
                claims = await ports.metadata.redeem(
                    provider, client, code=code, verifier=kept.verifier, nonce=kept.nonce
                )
                domain = mail_domain(str(claims.get("email", "")))
                proved = bool(domain) and await ports.proofs.holds(tenant.id, domain)
    except ProviderFault:
        return _back("sso_bad_answer")
    await work.session.refresh(tenant)
    connection = await queries.connection(work.session, kept.tenant_id)
    if tenant.status != "active" or connection is None or not connection.is_active:
        return _back("sso_unknown_domain")
    if connection.issuer != provider.issuer:
        # Another provider was set up meanwhile, which has said nothing of this person.
        return _back("sso_expired")
    browser = Device(device.agent, device.address, browser=True)
    try:
        async with work.session.begin_nested():
            begun = await service.let_in(
                work.session,
                options,
                tenant,
                connection,
                claims,
                browser,
                known=kept.user_id,
                proved=proved,
            )
    except Forbidden as refusal:
        if trail := trail_of(work.session):
            trail.refuse(tenant.id, refusal.error_code)
        return _back(refusal.error_code)
    answer = RedirectResponse(kept.next, 303)
    begin_session(answer, options, begun)
    answer.delete_cookie(COOKIE, path=_AUTH)
    return answer


def _kept(request: Request, ports: SsoPorts) -> SsoState | None:
    """What the browser kept since the start, if it is ours and not too old."""
    try:
        text = ports.keys.unseal(request.cookies.get(COOKIE, ""), _STATE_PLACE)
        kept = SsoState.model_validate_json(text)
    except (Unsealable, ValidationError):
        return None
    return kept if kept.expires_at > time.time() else None


async def _signed_in(request: Request, work: Work, options: IdentityOptions, tenant_id: UUID) -> UUID | None:
    """Who is signed in in this browser already, to connect their account: by themselves, or by this tenant's
    provider, since that of another tenant has no say about who joins this one."""
    try:
        found = await identity.authenticate(work.session, options, access_token(request))
        provider = await sign_ins.vouching(work.session, found)
    except WatchbillError:
        return None
    return found.user_id if provider in (None, tenant_id) else None


def _back(code: str) -> Response:
    """To the sign-in page, which says in words what the code means."""
    answer = RedirectResponse(f"/login/?{urlencode({'problem': code})}", 303)
    answer.delete_cookie(COOKIE, path=_AUTH)
    answer.headers["Cache-Control"] = "no-store"
    return answer


router.include_router(settings)
router.include_router(signing_in)
