"""/auth: register, login, logout, me."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from watchbill.features.identity import service
from watchbill.features.identity.access import (
    COOKIE,
    Access,
    WorkDep,
    identity_options,
    refuse_other_sites,
    require,
)
from watchbill.features.identity.schemas import Login, Me, Registration, Session
from watchbill.features.identity.service import IdentityOptions

router = APIRouter(prefix="/auth", tags=["auth"])
Options = Annotated[IdentityOptions, Depends(identity_options)]


@router.post("/register", status_code=201)
async def register(
    form: Registration, request: Request, response: Response, work: WorkDep, options: Options
) -> Session:
    """Make an account and a tenant, and sign in."""
    refuse_other_sites(request)
    session = await service.register(work.session, options, form)
    _set_cookie(response, options, session.access_token, session.expires_in)
    return session


@router.post("/login")
async def login(
    form: Login, request: Request, response: Response, work: WorkDep, options: Options
) -> Session:
    """Sign in."""
    refuse_other_sites(request)
    session = await service.login(work.session, options, form)
    _set_cookie(response, options, session.access_token, session.expires_in)
    return session


@router.post("/logout", status_code=204)
async def logout(request: Request, response: Response, options: Options) -> None:
    """Sign out: the browser forgets its session."""
    refuse_other_sites(request)
    _set_cookie(response, options, "", 0)


@router.get("/me")
async def me(access: Annotated[Access, require("profile:read")]) -> Me:
    """Who is asking, and what they may do."""
    return await service.describe(access.session, access.identity)


def _set_cookie(response: Response, options: IdentityOptions, value: str, seconds: int) -> None:
    response.set_cookie(
        COOKIE,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=options.secure_cookies,
    )
    response.headers["Cache-Control"] = "no-store"
