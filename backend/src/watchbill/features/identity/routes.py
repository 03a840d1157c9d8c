"""/auth: register, sign in and out, refresh, passwords, sessions, and who is asking."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response

from watchbill.core.errors import NotAuthenticated
from watchbill.core.ports.mail import Mail
from watchbill.features.identity import passwords, registering, service, sign_ins, tenant_row
from watchbill.features.identity.access import (
    Access,
    WorkDep,
    database,
    identity_options,
    refuse_other_sites,
    require,
)
from watchbill.features.identity.cookies import (
    COOKIE,
    DEVICE_COOKIE,
    REFRESH_COOKIE,
    begin_session,
    end_session,
    know_device,
)
from watchbill.features.identity.devices import Device, device_of
from watchbill.features.identity.identity import IdentityOptions
from watchbill.features.identity.limits.guesses import Throttle
from watchbill.features.identity.permissions import PERSONAL, RANKS, TABLE
from watchbill.features.identity.schemas import (
    Forgotten,
    Login,
    MailedToken,
    Me,
    NewTenant,
    PasswordChange,
    PasswordReset,
    PermissionOut,
    PermissionTable,
    ProfileChange,
    Refresh,
    Registration,
    RegistrationLink,
    RegistrationOptions,
    Session,
    SignInList,
    Switch,
    TenantOut,
    UserOut,
)
from watchbill.features.identity.trails import request_trail
from watchbill.kit.database.transactions import Database
from watchbill.kit.requests.bodies import BodyRoute


async def mail_of(request: Request) -> Mail:
    return request.app.state.mail


async def throttle_of(request: Request) -> Throttle:
    return request.app.state.throttle


router = APIRouter(prefix="/auth", tags=["auth"], route_class=BodyRoute)
Options = Annotated[IdentityOptions, Depends(identity_options)]
From = Annotated[Device, Depends(device_of)]
Mailing = Annotated[Mail, Depends(mail_of)]
Throttling = Annotated[Throttle, Depends(throttle_of)]
Db = Annotated[Database, Depends(database)]
Reader = Annotated[Access, require("profile:read")]
Self = Annotated[Access, require("profile:write")]
# What comes without credentials must at least not come from a page of another site.
OurSite = Depends(refuse_other_sites)


@router.get("/register")
async def registration_options(options: Options) -> RegistrationOptions:
    """How people register here."""
    return RegistrationOptions(link_needed=options.verify_email)


@router.post("/register/send", status_code=202, dependencies=[OurSite])
async def send_registration_link(
    form: RegistrationLink,
    options: Options,
    device: From,
    mail: Mailing,
    throttle: Throttling,
    db: Db,
    later: BackgroundTasks,
) -> None:
    """Mail a link to register with. An address that has an account gets a mail that says so; the answer does
    not tell."""
    await throttle.asking(device.address)
    later.add_task(registering.mail_link, db, options, mail, throttle, form.email)


@router.post("/register", status_code=201, dependencies=[OurSite])
async def register(
    form: Registration,
    response: Response,
    work: WorkDep,
    options: Options,
    device: From,
    throttle: Throttling,
    mail: Mailing,
    db: Db,
    later: BackgroundTasks,
) -> Session:
    """Make an account and a tenant, and sign in. People who have an account and no longer belong to any
    tenant register again with the password of that account. If addresses must be proved, new people send the
    token of the mailed link; without it the answer does not tell whether an address has an account."""
    begun = await registering.register(work.session, options, throttle, form, device)
    if options.verify_email:
        later.add_task(passwords.mail_verification, db, options, mail, begun.session.user.id)
    return begin_session(response, options, begun)


@router.post("/login", dependencies=[OurSite])
async def login(
    form: Login,
    request: Request,
    response: Response,
    work: WorkDep,
    options: Options,
    device: From,
    throttle: Throttling,
) -> Session:
    """Sign in."""
    async with work.outside():
        attempt = await throttle.begin(form.email, device.address, request.cookies.get(DEVICE_COOKIE))
    try:
        begun = await service.login(work.session, options, form, device)
    except NotAuthenticated:
        async with work.outside():
            await throttle.failed(attempt)
        raise
    async with work.outside():
        known = await throttle.succeeded(attempt)
    know_device(response, options, known)
    return begin_session(response, options, begun)


@router.post("/refresh", dependencies=[OurSite])
async def refresh(
    request: Request,
    response: Response,
    work: WorkDep,
    options: Options,
    device: From,
    form: Refresh | None = None,
) -> Session:
    """Get new tokens for a refresh token. Each refresh token works once."""
    token = (form and form.refresh_token) or request.cookies.get(REFRESH_COOKIE)
    if not token:
        raise NotAuthenticated()
    return begin_session(response, options, await sign_ins.refresh(work, options, token, device))


@router.post("/logout", status_code=204, dependencies=[OurSite])
async def logout(request: Request, response: Response, work: WorkDep, options: Options) -> None:
    """Sign out: the session is over, and the browser forgets it."""
    bearer = request.headers.get("authorization", "").partition(" ")[2]
    access = bearer or request.cookies.get(COOKIE, "")
    await sign_ins.sign_out(work.session, options, request.cookies.get(REFRESH_COOKIE), access)
    end_session(response, options)


@router.post("/forgot-password", status_code=202, dependencies=[OurSite])
async def forgot_password(
    form: Forgotten,
    request: Request,
    options: Options,
    device: From,
    mail: Mailing,
    throttle: Throttling,
    db: Db,
    later: BackgroundTasks,
) -> None:
    """Mail a link to set a new password. The answer does not tell whether there is such an account."""
    await throttle.asking(device.address)
    later.add_task(passwords.mail_reset, db, options, mail, throttle, form.email, request_trail(request))


@router.post("/reset-password", status_code=204, dependencies=[OurSite])
async def reset_password(form: PasswordReset, response: Response, work: WorkDep, options: Options) -> None:
    """Set a new password by a mailed link. Every session of the person ends."""
    await passwords.reset(work.session, options, form)
    end_session(response, options)


@router.post("/verify-email", status_code=204, dependencies=[OurSite])
async def verify_email(form: MailedToken, work: WorkDep) -> None:
    """Prove by a mailed link that an address is yours."""
    await passwords.verify(work.session, form.token)


@router.post("/verify-email/send", status_code=202)
async def send_verification(
    access: Self, options: Options, mail: Mailing, throttle: Throttling, db: Db, later: BackgroundTasks
) -> None:
    """Mail that link again."""
    async with access.work.outside():
        await throttle.asking(str(access.identity.user_id))
    later.add_task(passwords.mail_verification, db, options, mail, access.identity.user_id)


@router.get("/me")
async def me(access: Reader) -> Me:
    """Who you are, and what you may do."""
    return await service.describe(access.session, access.identity)


@router.patch("/me")
async def change_me(form: ProfileChange, access: Self) -> UserOut:
    """Change your own name. Not allowed in a session from single sign-on."""
    return await service.change_profile(access.session, access.identity, form)


@router.put("/me/password", status_code=204)
async def change_password(form: PasswordChange, access: Self, options: Options, throttle: Throttling) -> None:
    """Change your own password. All your other sessions end. Not allowed in a session from single sign-on."""
    await passwords.change(access.session, options, throttle, access.identity, form)


@router.post("/switch")
async def switch(form: Switch, response: Response, access: Self, options: Options, device: From) -> Session:
    """Switch to another one of your tenants."""
    begun = await service.switch(access.session, options, access.identity, form.tenant, device)
    return begin_session(response, options, begun)


@router.post("/tenants", status_code=201)
async def create_tenant(form: NewTenant, access: Self, options: Options) -> TenantOut:
    """Make another tenant. You become its admin."""
    user_id = await service.demand_own_sign_in(access.session, access.identity)
    tenant = await tenant_row.add(access.session, options, user_id, form.name)
    return TenantOut.model_validate(tenant)


@router.get("/sessions")
async def list_sessions(access: Reader) -> SignInList:
    """Where you are signed in. A session from single sign-on sees only sessions of its provider."""
    return SignInList(items=await sign_ins.listed(access.session, access.identity))


@router.delete("/sessions", status_code=204)
async def end_other_sessions(access: Self) -> None:
    """Sign out everywhere else. A session from single sign-on ends only sessions of its provider."""
    await sign_ins.end_others(access.session, access.identity)


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session_by_id(session_id: UUID, access: Self) -> None:
    """End one of your own sessions."""
    await sign_ins.end(access.session, access.identity, session_id)


@router.get("/permissions")
async def list_permissions(access: Reader) -> PermissionTable:
    """Which role may do what."""
    return PermissionTable(
        items=[
            PermissionOut(
                permission=rule.permission,
                allows=rule.allows,
                roles=[role for role, rank in RANKS.items() if rank >= RANKS[rule.least]],
                grantable=rule.permission not in PERSONAL,
            )
            for rule in TABLE
        ]
    )
