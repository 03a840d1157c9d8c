"""Fixtures of all tests: real PostgreSQL and Valkey, the API on them, and people who use it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import people
from tests.mongodb import MongoServer, mongo_server
from tests.people import Person, http_client
from tests.services import Services, outlive_servers, services
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.kit.database.transactions import Database
from watchbill.kit.process.logs import configure_logs
from watchbill.kit.process.open_files import allow_open_files

# How fast the machine is says nothing about an example.
hypothesis_settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("unhurried")


def pytest_sessionfinish() -> None:
    """After the tests, so that no test's time-out counts it."""
    outlive_servers()


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    """As in production: what structlog draws by default takes seconds, and leases run out meanwhile."""
    configure_logs("info", "json")


@pytest.fixture(scope="session", autouse=True)
def _open_files() -> None:
    """As in production: tests are client and server of many connections at once."""
    allow_open_files()


@pytest.fixture(scope="session", autouse=True)
def _reachable(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As root: PostgreSQL's user gets to the files that tests make, which pytest closes to others."""
    base = tmp_path_factory.getbasetemp()
    for folder in (base, base.parent):
        if os.geteuid() == 0 and folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o711)


@pytest.fixture(scope="session", name="services")
def _services() -> Iterator[Services]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with services(worker, run) as started:
        yield started


@pytest.fixture(scope="session")
def mongodb() -> Iterator[MongoServer]:
    """A server of MongoDB's protocol, started for who needs one."""
    with mongo_server() as server:
        yield server


@pytest.fixture(scope="session")
def settings(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a test process, on databases of its own."""
    return Settings(
        env="test",
        database_url=services.database_url,
        redis_url=services.redis_url,
        bcrypt_cost=4,
        rate_limit_user=0,
        rate_limit_tenant=0,
        rate_limit_auth=0,
        data_dir=tmp_path_factory.mktemp("data"),
        demo_llm_url="http://127.0.0.1:9/v1",
        _env_file=None,
    )


@pytest_asyncio.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The API, started."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def database(app: FastAPI) -> Database:
    return app.state.database


@pytest_asyncio.fixture
async def visitor(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Somebody who is not signed in."""
    async with http_client(app) as client:
        yield client


@pytest_asyncio.fixture
async def admin(app: FastAPI) -> AsyncIterator[Person]:
    """The admin of a new tenant."""
    person = await people.register(app)
    async with person.http:
        yield person


@pytest_asyncio.fixture
async def member(app: FastAPI, admin: Person) -> AsyncIterator[Person]:
    """A member of the admin's tenant."""
    person = await people.join(app, admin.tenant_id, "member")
    async with person.http:
        yield person


@pytest_asyncio.fixture
async def viewer(app: FastAPI, admin: Person) -> AsyncIterator[Person]:
    """A viewer of the admin's tenant."""
    person = await people.join(app, admin.tenant_id, "viewer")
    async with person.http:
        yield person


@pytest_asyncio.fixture
async def stranger(app: FastAPI) -> AsyncIterator[Person]:
    """The admin of another tenant."""
    person = await people.register(app, "Others")
    async with person.http:
        yield person
