"""Whoever waits for a result is not told it when their access ended meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from tests.app_state import put
from tests.features.flows.test_flows import make_flow
from tests.features.triggers.firing import make_trigger
from tests.people import Person, checked, http_client, join
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.watching import access as watch_access

Change = Callable[[], Awaitable[object]]


@dataclass
class EndsAfter:
    """Hints to a worker that ends each execution once something else has happened."""

    backend: ExecutionPorts
    admin: Person
    happens: Change

    async def execute(self, _scope: TenantScope, execution_id: UUID) -> None:
        await self.happens()
        checked(await self.admin.http.post(f"executions/{execution_id}/cancel"), 202)

    async def cancel(self, execution_id: UUID) -> None:
        await self.backend.hints.cancel(execution_id)

    async def wake(self, execution_id: UUID) -> None:
        await self.backend.hints.wake(execution_id)


@pytest.fixture
def meanwhile(app: FastAPI, admin: Person, monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Says what happens while somebody waits, however short that is."""
    monkeypatch.setattr(watch_access, "RECHECK_SECONDS", 0)
    monkeypatch.setattr(watch_access, "GOOD_SECONDS", 0)

    def say(happens: Change) -> None:
        backend: ExecutionPorts = app.state.executions
        put(monkeypatch, app.state, "executions", replace(backend, hints=EndsAfter(backend, admin, happens)))

    return say


ASK: dict[str, Any] = {"inputs": {"topic": "tides"}, "options": {"wait_seconds": 120}}


async def nothing() -> None:
    """Nobody's access ends."""


async def test_who_may_still_is_told(admin: Person, member: Person, meanwhile: Callable[[Change], None]):
    flow = await make_flow(admin)
    meanwhile(nothing)
    async with asyncio.timeout(60):
        answer = checked(await member.http.post(f"flows/{flow['id']}/execute", json=ASK), 202)
    assert answer["status"] == "cancelled"


@pytest.mark.parametrize("end", ["removed", "lowered", "signed out"])
async def test_a_person(app: FastAPI, admin: Person, meanwhile: Callable[[Change], None], end: str):
    flow = await make_flow(admin)
    member = await join(app, admin.tenant_id, "member")

    async def happens() -> None:
        path = f"members/{member.user_id}"
        if end == "removed":
            checked(await admin.http.delete(path), 204)
        elif end == "lowered":
            checked(await admin.http.patch(path, json={"role": "viewer"}), 200)
        else:
            checked(await member.http.post("auth/logout"), 204)

    meanwhile(happens)
    async with asyncio.timeout(60):
        answer = await member.http.post(f"flows/{flow['id']}/execute", json=ASK)
    assert answer.status_code == (403 if end == "lowered" else 401), answer.text


async def test_a_key(app: FastAPI, admin: Person, meanwhile: Callable[[Change], None]):
    flow = await make_flow(admin)
    key = checked(await admin.http.post("api-keys", json={"name": "k", "scopes": ["flows:execute"]}), 201)

    async def happens() -> None:
        checked(await admin.http.delete(f"api-keys/{key['id']}"), 204)

    meanwhile(happens)
    async with http_client(app, key["key"]) as http, asyncio.timeout(60):
        checked(await http.post(f"flows/{flow['id']}/execute", json=ASK), 401)


@pytest.mark.parametrize(
    ("change", "status"),
    [(None, 404), ({"is_active": False}, 409), ({"webhook": {"signing": "none"}}, 202)],
    ids=["deleted", "switched off", "answers at once from now on"],
)
async def test_a_webhook(
    admin: Person, meanwhile: Callable[[Change], None], change: dict[str, Any] | None, status: int
):
    webhook = {"signing": "none", "answer": "result", "wait_seconds": 120}
    hook = await make_trigger(admin, webhook=webhook, inputs={"topic": "x"})
    path = f"triggers/{hook['id']}"

    async def happens() -> None:
        if change is None:
            checked(await admin.http.delete(path), 204)
        else:
            checked(await admin.http.patch(path, json=change), 200)

    meanwhile(happens)
    async with asyncio.timeout(60):
        answer = checked(await admin.http.post(f"http://test{hook['path']}", json={}), status)
    assert answer.get("outputs") is None
    assert answer.get("error") is None


@dataclass
class AnswersAfter:
    """A worker that answers once something else has happened."""

    happens: Change

    async def call(self, name: str, *_: str | None, timeout: float) -> dict[str, Any]:
        await self.happens()
        return {"ok": True, "latency_ms": 1, "duration_ms": 1, "model": "m", "error": None, "output": name}


@pytest.mark.parametrize("asked", ["llm-providers", "tools"])
async def test_a_trial(app: FastAPI, admin: Person, monkeypatch: pytest.MonkeyPatch, asked: str):
    provider = {"name": "p", "provider_type": "ollama", "base_url": "http://127.0.0.1:9", "models": ["m"]}
    tool = {"name": "t", "kind": "builtin", "config": {"builtin": "calculator", "settings": {}}}
    made = checked(await admin.http.post(asked, json=tool if asked == "tools" else provider), 201)
    verb = "run" if asked == "tools" else "test"
    path = f"{asked}/{made['id']}/{verb}"
    scopes = ["tools:write", "providers:write"]
    key = checked(await admin.http.post("api-keys", json={"name": "k", "scopes": scopes}), 201)

    async def happens() -> None:
        checked(await admin.http.delete(f"api-keys/{key['id']}"), 204)

    name = "tools" if asked == "tools" else "providers"
    put(monkeypatch, app.state, name, replace(getattr(app.state, name), calls=AnswersAfter(happens)))
    async with http_client(app, key["key"]) as http:
        checked(await http.post(path, json={"input": {}} if asked == "tools" else {}), 401)
