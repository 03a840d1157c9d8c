"""A small API with somebody who fills it, and somebody of another tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import FastAPI

from tests import people
from tests.features.api.crowding import STREAMS
from tests.people import Person
from watchbill.api.app import create_app
from watchbill.config import Settings


@pytest.fixture(scope="module")
def narrow_settings(settings: Settings) -> Settings:
    """Two connections to the database, so that who holds one is noticed, and places for everybody."""
    return settings.model_copy(
        update={
            "database_pool_size": 1,
            "database_wait_seconds": 60,
            "sso_trust_domains": True,
            "slow_limit_user": 0,
            "slow_limit_tenant": 0,
            "slow_limit_address": 0,
            "stream_limit_user": STREAMS,
        }
    )


@pytest.fixture
async def narrow(narrow_settings: Settings, app: FastAPI) -> AsyncIterator[FastAPI]:
    small = create_app(narrow_settings)
    async with small.router.lifespan_context(small):
        yield small


@pytest.fixture
async def attacker(narrow: FastAPI, admin: Person) -> AsyncIterator[Person]:
    """The admin, on the small API."""
    async with people.http_client(narrow, admin.token) as http:
        yield replace(admin, http=http)


@pytest.fixture
async def other(narrow: FastAPI, stranger: Person) -> AsyncIterator[Person]:
    """Somebody of another tenant, on the small API."""
    async with people.http_client(narrow, stranger.token) as http:
        yield replace(stranger, http=http)
