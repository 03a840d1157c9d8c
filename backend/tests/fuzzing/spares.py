"""What works once, one for each case that is to succeed: mailed secrets, and tenants to delete. Nothing of
it is needed by other cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.running import until
from tests.fuzzing.place import Place
from tests.mails import link_in, read_mails, token_of
from tests.people import PASSWORD, checked, new_email

_MAIL_SECONDS = 20
_numbers = count(2)


def _reset_password(case: Any, place: Place) -> None:
    with _somebody(place) as http:
        email = checked(http.get("auth/me"))["user"]["email"]
        token = _mailed(place, email, lambda: http.post("auth/forgot-password", json={"email": email}))
    case.body = {"token": token, "password": f"a new one, {uuid4()}"}


def _verify_email(case: Any, place: Place) -> None:
    with _somebody(place) as http:
        email = checked(http.get("auth/me"))["user"]["email"]
        case.body = {"token": _mailed(place, email, lambda: http.post("auth/verify-email/send"))}


def _invitation(case: Any, place: Place) -> None:
    case.body = {"token": _invited(place)}


def _accept(case: Any, place: Place) -> None:
    case.body = {"token": _invited(place), "password": PASSWORD}


def _delete_tenant(case: Any, place: Place) -> None:
    """The case is that of somebody whose tenant is there to be deleted."""
    with _somebody(place) as http:
        case.query = {"confirm": checked(http.get("tenant"))["slug"]}
        case.headers["Authorization"] = http.headers["Authorization"]


# What gives a case of the operation what it needs to succeed.
MAKERS: dict[str, Callable[[Any, Place], None]] = {
    "POST /api/v1/auth/reset-password": _reset_password,
    "POST /api/v1/auth/verify-email": _verify_email,
    "POST /api/v1/auth/invitation": _invitation,
    "POST /api/v1/auth/invitation/accept": _accept,
    "DELETE /api/v1/tenant": _delete_tenant,
}


@contextmanager
def _somebody(place: Place) -> Iterator[httpx.Client]:
    """Somebody new with a tenant, at an address that nobody had before: one is let ask for few mails."""
    number = next(_numbers)
    address = f"127.1.{number // 250 % 250}.{number % 250 + 1}"
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(base_url=f"{place.url}/api/v1/", transport=transport, timeout=60) as http:
        form = {"email": new_email(), "password": PASSWORD, "tenant_name": "Spare"}
        token = checked(http.post("auth/register", json=form), 201)["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


def _invited(place: Place) -> str:
    """The secret of an invitation of somebody new into a tenant of its own."""
    email = new_email()
    with _somebody(place) as http:
        return _mailed(place, email, lambda: http.post("invitations", json={"email": email}))


def _mailed(place: Place, email: str, ask: Callable[[], httpx.Response]) -> str:
    """The secret that is mailed to somebody who asks."""
    folder = Path(place.mailbox)
    before = set(folder.glob("*.eml"))
    answer = ask()
    assert answer.is_success, answer.text
    links: list[str] = []

    def arrived() -> bool:
        mails = read_mails(set(folder.glob("*.eml")) - before, email)
        links.extend(link_in(mail) for mail in mails)
        return bool(links)

    until(arrived, _MAIL_SECONDS, f"a mail to {email}")
    return token_of(links[-1])
