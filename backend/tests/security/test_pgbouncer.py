"""Behind PgBouncer in transaction mode, where clients of many tenants share a few connections."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from tests import people
from tests.people import Person, checked
from tests.services import Services
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.testing.pgbouncer import PgBouncerMissing, pgbouncer

TENANTS, CLIENTS, REQUESTS = 10, 50, 1000


@pytest.fixture
def pooled_url(services: Services) -> Iterator[str]:
    """The database behind a PgBouncer. Where the program is missing nothing but CI insists on it."""
    try:
        with pgbouncer(services.database_url, pool_size=3) as url:
            yield url
    except PgBouncerMissing as missing:
        if "CI" in os.environ:
            raise
        pytest.skip(str(missing))


async def test_clients_of_many_tenants_never_see_each_others_rows(pooled_url: str, settings: Settings):
    changes = {"database_url": pooled_url, "database_pgbouncer": True, "database_pool_size": 20}
    app = create_app(Settings(**(settings.model_dump() | changes), _env_file=None))
    async with app.router.lifespan_context(app):
        tenants = [await people.register(app, f"Tenant {number}") for number in range(TENANTS)]
        for person in tenants:
            form = {"name": str(person.tenant_id), "definition": {}}
            checked(await person.http.post("flows", json=form), 201)
        seen = await asyncio.gather(*(_ask(tenants[number % TENANTS]) for number in range(CLIENTS)))
        for person in tenants:
            await person.http.aclose()
    assert sum(seen) == REQUESTS


async def _ask(person: Person) -> int:
    """Read and write in turn; returns how many answers had the tenant's own rows and nothing else."""
    right = 0
    for turn in range(REQUESTS // CLIENTS):
        if turn % 5 == 0:
            form = {"name": str(person.tenant_id), "definition": {}}
            flow = checked(await person.http.post("flows", json=form), 201)
            right += flow["name"] == str(person.tenant_id)
            continue
        items = checked(await person.http.get("flows", params={"limit": 100}))["items"]
        right += bool(items) and {item["name"] for item in items} == {str(person.tenant_id)}
    return right
