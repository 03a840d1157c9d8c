"""While one tenant's requests wait for somebody who never answers, another tenant's are answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from fastapi import FastAPI

from tests import people
from tests.core.flows import ANSWER
from tests.features.api.crowding import HANG, crowds, serves, until
from tests.people import Person, checked, refused
from watchbill.features.identity.limits.crowds import Crowd
from watchbill.features.sso import provider
from watchbill.features.sso.metadata import Metadata
from watchbill.kit.outbound.lookups import Found, Lookups
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut

MANY = 60
ISSUER_GUARD = ["127.0.0.0/8"]


@dataclass
class Issuer:
    """A provider that says who it is when it is let."""

    url: str = ""
    asked: int = 0
    speak: asyncio.Event = field(default_factory=asyncio.Event)

    async def discovery(self, _request: web.Request) -> web.Response:
        self.asked += 1
        await self.speak.wait()
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return web.json_response({"issuer": self.url} | {name: f"{self.url}/{name}" for name in names})


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    said = Issuer()
    application = web.Application()
    application.router.add_get("/.well-known/openid-configuration", said.discovery)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    said.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield said
    said.speak.set()
    await runner.cleanup()


@asynccontextmanager
async def asking(
    crowd: Crowd, requests: list[Any], shares: int = 2
) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """The requests, once all of them wait; those that still do afterwards are given up."""
    tasks = [asyncio.create_task(one) for one in requests]
    try:
        await until(lambda: crowd.taken == shares * len(tasks) or any(task.done() for task in tasks))
        assert not [task.result().text for task in tasks if task.done()]
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert crowd.taken == 0


async def set_up(narrow: FastAPI, attacker: Person, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Single sign-on of a provider that then falls silent."""
    # However long the machine takes, it is the test that lets the issuer speak.
    monkeypatch.setattr(provider, "ASK_SECONDS", HANG)
    issuer.speak.set()
    domain = f"{attacker.email.split('@')[0]}.example.com"
    form = {"issuer": issuer.url, "client_id": "c", "domains": [domain], "default_role": "viewer"}
    checked(await attacker.http.put("sso", json=form))
    issuer.speak.clear()
    issuer.asked = 0
    narrow.state.sso = replace(narrow.state.sso, metadata=Metadata(WayOut(UrlGuard(ISSUER_GUARD))))
    return domain


async def test_a_silent_issuer_is_asked_once_and_holds_up_nobody(
    narrow: FastAPI,
    attacker: Person,
    other: Person,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
):
    domain = await set_up(narrow, attacker, issuer, monkeypatch)
    async with people.http_client(narrow) as visitor:
        starts = [visitor.get("auth/sso/start", params={"domain": domain}) for _ in range(MANY)]
        async with asking(crowds(narrow).slow, starts) as waiting:
            await serves(other)
            assert issuer.asked == 1 and not any(task.done() for task in waiting)
            issuer.speak.set()
            answers = await asyncio.gather(*waiting)
    assert issuer.asked == 1
    assert all(answer.headers["location"].startswith(f"{issuer.url}/authorization") for answer in answers)


async def test_so_many_may_wait_at_one_address_and_for_one_tenant(
    narrow: FastAPI,
    attacker: Person,
    other: Person,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
):
    domain = await set_up(narrow, attacker, issuer, monkeypatch)
    slow = crowds(narrow).slow
    slow.most = replace(slow.most, address=3, tenant=5)
    path = {"domain": domain}
    near, far = people.http_client(narrow, address="2001:db8::1"), people.http_client(narrow)
    starts = [near.get("auth/sso/start", params=path) for _ in range(3)]
    neighbour = people.http_client(narrow, address="2001:db8::2")
    async with near, far, neighbour, asking(slow, starts):
        answer = await neighbour.get("auth/sso/start", params=path)
        problem = refused(answer, 429, "too_many_at_once")
        assert answer.headers["retry-after"] == "5" and "This address has 3" in problem["detail"]
        tasks = [asyncio.create_task(far.get("auth/sso/start", params=path)) for _ in range(2)]
        await until(lambda: slow.taken == 10)
        assert "This tenant has 5" in refused(await far.get("auth/sso/start", params=path), 429)["detail"]
        await serves(other)
        issuer.speak.set()
        await asyncio.gather(*tasks)


async def test_tests_of_providers_hold_up_nobody(narrow: FastAPI, attacker: Person, other: Person):
    """No worker is there to answer them."""
    form = {"name": "p", "provider_type": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
    provider = checked(await attacker.http.post("llm-providers", json=form), 201)["id"]
    tests = [attacker.http.post(f"llm-providers/{provider}/test") for _ in range(MANY)]
    async with asking(crowds(narrow).slow, tests):
        await serves(other)
        slow = crowds(narrow).slow
        slow.most = replace(slow.most, person=MANY)
        answer = await attacker.http.post(f"llm-providers/{provider}/test")
        assert f"This person has {MANY} slow requests" in refused(answer, 429, "too_many_at_once")["detail"]


async def test_slow_names_hold_up_nobody(narrow: FastAPI, attacker: Person, other: Person):
    """Sixty names at a silent name server take a few threads; others' names are found meanwhile."""
    answering = threading.Event()

    def find(host: str, port: int, **_: Any) -> Found:
        if host.endswith(".silent.example"):
            answering.wait(HANG)
        return [(2, 1, 6, "", ("8.8.8.8", port))]

    guard = UrlGuard(names=Lookups(find, seconds=HANG))
    narrow.state.notifications = replace(narrow.state.notifications, guard=guard)

    def create(person: Person, host: str) -> Any:
        form = {"name": "n", "channel": "webhook", "recipients": [f"https://{host}/"], "statuses": ["failed"]}
        return person.http.post("notifications", json=form)

    try:
        slow = [create(attacker, f"h{number}.silent.example") for number in range(MANY)]
        async with asking(crowds(narrow).slow, slow):
            await serves(other)
            checked(await create(other, "quick.example"), 201)
    finally:
        answering.set()


async def test_hundreds_wait_for_executions_and_hold_up_nobody(
    narrow: FastAPI, attacker: Person, other: Person
):
    flow = checked(await attacker.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    ask = {"inputs": {}, "options": {"wait_seconds": 60}}
    waiting = crowds(narrow).waiting
    waiting.most = replace(waiting.most, person=200)
    executes = [attacker.http.post(f"flows/{flow}/execute", json=ask) for _ in range(200)]
    async with asking(waiting, executes):
        await serves(other)
        before = checked(await attacker.http.get("executions", params={"limit": 100}))["items"]
        refused(await attacker.http.post(f"flows/{flow}/execute", json=ask), 429, "too_many_at_once")
        # What is refused has not begun.
        assert checked(await attacker.http.get("executions", params={"limit": 100}))["items"] == before
        checked(await attacker.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)
