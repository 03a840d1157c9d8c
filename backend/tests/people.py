"""People who use the API in tests, each with an HTTP client of their own."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.types import Message

from watchbill.core.tenancy import TenantScope
from watchbill.features.identity import sign_ins
from watchbill.features.identity.devices import Device
from watchbill.features.identity.permissions import Role
from watchbill.features.identity.tables import Membership, Tenant, User

PASSWORD = "correct horse battery"
_numbers = count(1)


@dataclass(frozen=True)
class Person:
    """Somebody signed in. `http` sends their token; paths are relative to /api/v1."""

    http: AsyncClient
    user_id: UUID
    tenant_id: UUID
    email: str
    token: str

    @property
    def scope(self) -> TenantScope:
        return TenantScope(self.tenant_id)


def new_email() -> str:
    return f"person{next(_numbers)}-{uuid4().hex[:8]}@example.com"


def http_client(app: FastAPI, token: str | None = None, address: str = "127.0.0.1") -> AsyncClient:
    """A client of the app at an address; with a token it sends it as Bearer."""
    return AsyncClient(
        transport=ASGITransport(app, raise_app_exceptions=False, client=(address, 1)),
        base_url="http://test/api/v1/",
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )


async def register(app: FastAPI, tenant_name: str = "Acme") -> Person:
    """Sign somebody up with a tenant of their own."""
    email = new_email()
    async with http_client(app) as http:
        form = {"email": email, "password": PASSWORD, "tenant_name": tenant_name}
        answer = checked(await http.post("auth/register", json=form), 201)
    token = answer["access_token"]
    user, tenant = UUID(answer["user"]["id"]), UUID(answer["tenant"]["id"])
    return Person(http_client(app, token), user, tenant, email, token)


async def join(app: FastAPI, tenant_id: UUID, role: Role) -> Person:
    """Make somebody who belongs to a tenant with a role."""
    user = User(id=uuid4(), email=new_email(), password_hash="-", full_name=None)
    async with app.state.database.transaction() as work:
        work.session.add(user)
        await work.session.flush()
        work.session.add(Membership(user_id=user.id, tenant_id=tenant_id, role=role))
        await work.session.flush()
        tenant = await work.session.get_one(Tenant, tenant_id)
        await work.session.refresh(user)
        options = app.state.identity_options
        begun = await sign_ins.begin(
            work.session, options, user, tenant, role, Device("tests", "127.0.0.1", False)
        )
    token = begun.session.access_token
    return Person(http_client(app, token), user.id, tenant_id, user.email, token)


def checked(response: httpx.Response, status: int = 200):
    """The JSON of an answer that has the expected status."""
    assert response.status_code == status, f"{response.status_code} {response.text}"
    return response.json() if response.content else None


def refused(response: httpx.Response, status: int, code: str | None = None):
    """The problem of an answer that refuses."""
    problem = checked(response, status)
    assert response.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "request_id"} <= problem.keys()
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    assert code is None or problem["code"] == code, problem
    return problem


async def ask_and_leave(
    app: FastAPI, person: Person, method: str, path: str, body: Any, when: asyncio.Event
) -> list[Message]:
    """A request whose client is gone once something happened; returns what it was sent nevertheless."""
    said = iter([{"type": "http.request", "body": json.dumps(body).encode()}])
    answers: list[Message] = []

    async def receive() -> Message:
        if message := next(said, None):
            return message
        await when.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answers.append(message)

    path = f"/api/v1/{path}"
    headers = {
        "host": "test",
        "authorization": f"Bearer {person.token}",
        "content-type": "application/json",
        "transfer-encoding": "chunked",
    }
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return answers
