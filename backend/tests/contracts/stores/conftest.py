"""The journals that the contract suites of the Journal port run on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from fastapi import FastAPI

from tests.contracts.stores.journals import Setup, memory, postgres
from tests.people import Person
from watchbill.config import Settings


@pytest.fixture
async def memory_setup() -> Setup:
    return await memory()


@pytest.fixture
async def postgres_setup(app: FastAPI, admin: Person, settings: Settings) -> AsyncIterator[Setup]:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
        yield await postgres(app, admin, pool)


@pytest.fixture(params=["memory_setup", "postgres_setup"])
def setup(request: pytest.FixtureRequest) -> Setup:
    return request.getfixturevalue(request.param)
