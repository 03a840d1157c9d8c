"""Rotating the keys that seal secrets, while everything stays readable."""

from __future__ import annotations

from collections import Counter

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from tests.breaking import broken
from tests.core.flows import ANSWER
from tests.people import Person, checked
from watchbill.config import Settings
from watchbill.features.providers.directory import StoredProviders
from watchbill.features.tables import PUBLIC_TABLES, TENANT_TABLES
from watchbill.kit.database.transactions import Database
from watchbill.kit.process.setbacks import TenantFailed
from watchbill.kit.secrets.crypto import KeyRing, key_id, new_key
from watchbill.kit.secrets.key_rotation import count_by_key, rotate, sealed_columns

COLUMNS = sealed_columns(PUBLIC_TABLES, TENANT_TABLES)


async def sealed_by(database: Database, person: Person) -> Counter[str]:
    """How many texts of a person's tenant each key has sealed."""
    query = text("SELECT sealed_key FROM llm_providers UNION ALL SELECT sealed_secret FROM triggers")
    async with database.transaction(person.scope) as work:
        return Counter(key_id(one) for one in await work.session.scalars(query) if one)


def test_every_sealed_column_says_what_it_is_bound_to():
    named = {
        (table.name, column.name)
        for metadata in (PUBLIC_TABLES, TENANT_TABLES)
        for table in metadata.sorted_tables
        for column in table.columns
        if "sealed" in column.name
    }
    assert {(column.table, column.name) for column in COLUMNS} == named
    assert ("llm_providers", "sealed_key") in named


async def test_rotation_seals_everything_again_and_loses_nothing(app: FastAPI, admin: Person):
    form = {"name": "p", "provider_type": "openai", "api_key": "sk-secret-1234567"}
    provider = checked(await admin.http.post("llm-providers", json=form), 201)["id"]
    flow = checked(await admin.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    checked(await admin.http.post("triggers", json={"flow_id": flow, "name": "t", "webhook": {}}), 201)
    old = app.state.settings.encryption_keys.get_secret_value()
    ring = KeyRing.parse(f"{new_key().replace('1:', 'new:')},{old}")
    database = app.state.database

    async def opened(keys: KeyRing) -> str | None:
        directory = StoredProviders(database, keys, demo_url=None)
        return next(p.api_key for p in await directory.all(admin.scope) if str(p.id) == provider)

    assert await opened(ring) == "sk-secret-1234567", "the old key works before"
    # Of this tenant, as the database is shared with tests that leave broken ones.
    before = await sealed_by(database, admin)
    done = await rotate(database, ring, COLUMNS)
    assert done.resealed >= before.total() >= 2
    assert not [row for row in done.unsealable if admin.scope.tenant_id.hex in row]
    assert await sealed_by(database, admin) == Counter(new=before.total())
    assert (await count_by_key(database, COLUMNS))["new"] >= done.resealed
    assert await opened(ring) == "sk-secret-1234567"
    assert (await rotate(database, ring, COLUMNS)).resealed == 0
    async with database.transaction(admin.scope) as work:
        sealed = await work.session.scalar(text("SELECT sealed_key FROM llm_providers"))
        assert key_id(sealed) == "new"


async def test_a_tenant_whose_tables_are_gone_keeps_no_other_from_new_keys(
    app: FastAPI, settings: Settings, admin: Person, stranger: Person
):
    for person in (admin, stranger):
        form = {"name": "p", "provider_type": "openai", "api_key": "sk-secret-1234567"}
        checked(await person.http.post("llm-providers", json=form), 201)
    assert settings.database_url
    database = app.state.database
    ring = KeyRing.parse(
        f"{new_key().replace('1:', 'newer:')},{app.state.settings.encryption_keys.get_secret_value()}"
    )
    async with broken(settings.database_url.get_secret_value(), stranger.scope, "gone"):
        done = await rotate(database, ring, COLUMNS)
        with pytest.raises(TenantFailed, match=str(stranger.tenant_id)):
            await count_by_key(database, COLUMNS)
    assert list(done.unreadable) == [stranger.tenant_id]
    assert await sealed_by(database, admin) == Counter(newer=1)
    assert (await rotate(database, ring, COLUMNS)).resealed == 1
    assert await sealed_by(database, stranger) == Counter(newer=1)


async def test_what_cannot_be_opened_is_named_and_left(app: FastAPI, admin: Person):
    form = {"name": "p", "provider_type": "openai", "api_key": "sk-secret-1234567"}
    provider = checked(await admin.http.post("llm-providers", json=form), 201)["id"]
    async with app.state.database.transaction(admin.scope) as work:
        before = await work.session.scalar(text("SELECT sealed_key FROM llm_providers"))
    lost = KeyRing.parse(new_key().replace("1:", "other:"))
    done = await rotate(app.state.database, lost, COLUMNS)
    assert any(provider in row for row in done.unsealable)
    async with app.state.database.transaction(admin.scope) as work:
        assert await work.session.scalar(text("SELECT sealed_key FROM llm_providers")) == before


def test_new_keys_get_numbers_that_are_free():
    assert new_key().startswith("1:") and new_key(["1", "2"]).startswith("3:")
    ring = KeyRing.parse(f"{new_key(['1'])},{new_key()}")
    assert (ring.ids, ring.first) == (["2", "1"], "2")
    assert key_id(ring.seal("x", "here")) == "2"
