"""A worker reads a tenant's providers seldom, and a database that is away for a moment fails nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.people import Person, checked
from watchbill.config import Settings
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.llm import Provider
from watchbill.core.tenancy import TenantScope
from watchbill.features.providers.directory import StoredProviders
from watchbill.features.providers.known import KnownProviders
from watchbill.kit.database.transactions import Database, DatabaseUnavailable

SCOPE = TenantScope(uuid4())


class Stored:
    """The far end: providers that can be read, or a fault."""

    def __init__(self, *faults: Exception):
        self.faults = list(faults)
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def providers(self, scope: TenantScope) -> Sequence[Provider]:
        self.reads += 1
        await self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        return [Provider(uuid4(), f"read {self.reads}", "openai", None, "key", ("m",), 1)]


async def names(known: KnownProviders) -> list[str]:
    return [provider.name for provider in await known.providers(SCOPE)]


async def test_calls_of_some_seconds_share_one_reading():
    stored, now = Stored(), [0.0]
    known = KnownProviders(stored, clock=lambda: now[0])
    stored.gate.clear()
    calls = [asyncio.create_task(names(known)) for _ in range(50)]
    await asyncio.sleep(0)
    calls[0].cancel()
    stored.gate.set()
    answers = await asyncio.gather(*calls[1:])
    assert answers == [["read 1"]] * 49
    now[0] = 4.9
    assert await names(known) == ["read 1"]
    now[0] = 5.0
    assert await names(known) == ["read 2"]


async def test_a_change_is_seen_at_once():
    stored = Stored()
    known = KnownProviders(stored, clock=lambda: 0.0)
    await names(known)
    known.forget(uuid4())
    assert await names(known) == ["read 1"]
    known.forget(SCOPE.tenant_id)
    assert await names(known) == ["read 2"]


async def test_a_passing_fault_is_not_felt():
    # The last is what the driver says when a server is killed in the middle of a statement.
    stored = Stored(DatabaseUnavailable(), ConnectionResetError(), asyncpg.InternalClientError("no state"))
    assert await names(KnownProviders(stored)) == ["read 4"]


async def test_a_database_that_stays_away_is_not_the_flows_fault():
    stored = Stored(*(DatabaseUnavailable() for _ in range(2)))
    known = KnownProviders(stored, patience_seconds=-1.0)
    for _ in range(2):
        with pytest.raises(NodeError) as caught:
            await names(known)
        assert (caught.value.kind, caught.value.error_code) == (ErrorKind.UPSTREAM, "database_unavailable")
    assert await names(known) == ["read 3"]


async def test_what_is_broken_is_told_as_it_is():
    with pytest.raises(ValueError, match="broken row"):
        await names(KnownProviders(Stored(ValueError("broken row"))))


async def test_workers_hear_of_every_change(admin: Person, database: Database, settings: Settings, app):
    told: list[UUID] = []

    async def changed(tenant_id: UUID) -> None:
        told.append(tenant_id)
        known.forget(tenant_id)

    known = KnownProviders(StoredProviders.from_settings(database, settings), clock=lambda: 0.0)
    before = app.state.providers
    app.state.providers = type(before)(before.keys, before.guard, before.calls, before.demo_url, changed)
    try:
        form = {"name": "Main", "provider_type": "openai", "api_key": "sk-0123456789abcdef", "models": ["m"]}
        made = checked(await admin.http.post("llm-providers", json=form), 201)
        assert [p.name for p in await known.providers(admin.scope)] == ["Main"]
        config = {"prices": {"m": {"input": 2, "output": 8, "cached_input": 0.5}}, "silence_seconds": 7}
        checked(await admin.http.patch(f"llm-providers/{made['id']}", json={"name": "New", "config": config}))
        [changed_one] = await known.providers(admin.scope)
        assert changed_one.name == "New" and changed_one.config["silence_seconds"] == 7
        assert [float(price) for price in changed_one.prices["m"]] == [2, 8, 0.5]
        checked(await admin.http.delete(f"llm-providers/{made['id']}"), 204)
        assert await known.providers(admin.scope) == []
    finally:
        app.state.providers = before
    assert told == [admin.tenant_id] * 3
