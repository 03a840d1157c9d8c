"""A company that has its people sign in with its own provider: its domain, its name server, its people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from httpx import AsyncClient

from tests import people
from tests.people import PASSWORD, Person, checked
from watchbill.testing.oidc import CLIENT_ID, CLIENT_SECRET


@dataclass(frozen=True)
class Names:
    """A name server beside the tests, and the file of what it knows."""

    address: str
    file: Path

    def set(self, domain: str, text: str) -> None:
        """Have a domain say this and nothing else."""
        lines = self.file.read_text().splitlines()
        self.write([line for line in lines if not line.startswith(f"{domain} ")] + [f"{domain} {text}"])

    def write(self, lines: list[str]) -> None:
        self.file.write_text("".join(f"{line}\n" for line in lines))

    @contextmanager
    def away(self) -> Iterator[None]:
        """No answer comes for a while."""
        aside = self.file.rename(self.file.with_suffix(".aside"))
        yield
        aside.rename(self.file)


def prove(names: Names, shown: dict[str, Any]) -> None:
    """Set the records that a tenant was told to set."""
    for proof in shown["proofs"]:
        names.set(proof["domain"], proof["record"])


def person_at(issuer: str, **claims: object) -> None:
    httpx.put(f"{issuer}/_person", json={"email_verified": True, **claims}).raise_for_status()


def new_domain() -> str:
    return f"{people.new_email().split('@')[0]}.example.com"


async def set_up(admin: Person, issuer: str, names: Names, **changes: object) -> str:
    """Switch single sign-on on for a domain of its own, with its record."""
    domain = new_domain()
    form = {
        "issuer": issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "domains": [domain],
        **changes,
    }
    prove(names, checked(await admin.http.put("sso", json=form)))
    return domain


async def go(client: AsyncClient, domain: str, next: str = "/flows/") -> httpx.Response:
    """Walk a browser through the provider and back; returns the last answer."""
    start = await client.get("auth/sso/start", params={"domain": domain, "next": next})
    assert start.status_code == 303, start.text
    if not start.headers["location"].startswith("http"):
        return start
    async with AsyncClient() as browser:
        there = await browser.get(start.headers["location"])
    return await client.get(there.headers["location"].replace("http://127.0.0.1:8000", "http://test"))


async def connected(app: FastAPI, admin: Person, issuer: str, names: Names) -> tuple[AsyncClient, Person]:
    """Somebody with a password and a tenant of their own, who connected the account to `admin`'s provider;
    and a client that this provider alone signed in to it."""
    domain = await set_up(admin, issuer, names)
    form = {"email": f"victim@{domain}", "password": PASSWORD, "tenant_name": "Victim's"}
    owner, thief = people.http_client(app), people.http_client(app)
    made = checked(await owner.post("auth/register", json=form), 201)
    person_at(issuer, sub="9", email=form["email"])
    assert (await go(owner, domain)).headers["location"] == "/flows/"
    await owner.aclose()
    assert (await go(thief, domain)).headers["location"] == "/flows/"
    thief.headers["Origin"] = "http://test"
    ids = UUID(made["user"]["id"]), UUID(made["tenant"]["id"])
    token = made["access_token"]
    return thief, Person(people.http_client(app, token), *ids, form["email"], token)
