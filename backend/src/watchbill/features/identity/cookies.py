"""The cookies of a browser's session."""

from __future__ import annotations

from fastapi import Response

from watchbill.features.identity.identity import IdentityOptions
from watchbill.features.identity.schemas import Session
from watchbill.features.identity.sign_ins import Begun

# The one that signs a browser in.
COOKIE = "watchbill_session"
REFRESH_COOKIE = "watchbill_refresh"
DEVICE_COOKIE = "watchbill_device"
# Only these routes are sent what a session can be refreshed with.
_AUTH_PATH = "/api/v1/auth"
_YEAR = 365 * 24 * 3600


def begin_session(response: Response, options: IdentityOptions, begun: Begun) -> Session:
    """Give the browser its session; returns the body of the answer."""
    _set(response, options, COOKIE, begun.session.access_token, begun.session.expires_in, "/")
    _set(response, options, REFRESH_COOKIE, begun.refresh_token, options.session_seconds, _AUTH_PATH)
    response.headers["Cache-Control"] = "no-store"
    return begun.answer


def know_device(response: Response, options: IdentityOptions, device: str) -> None:
    """Let the browser prove later that it signed in before."""
    _set(response, options, DEVICE_COOKIE, device, _YEAR, _AUTH_PATH)


def end_session(response: Response, options: IdentityOptions) -> None:
    """Let the browser forget its session."""
    _set(response, options, COOKIE, "", 0, "/")
    _set(response, options, REFRESH_COOKIE, "", 0, _AUTH_PATH)
    response.headers["Cache-Control"] = "no-store"


def _set(
    response: Response, options: IdentityOptions, name: str, value: str, seconds: int, path: str
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        httponly=True,
        samesite="strict",
        secure=options.secure_cookies,
    )
