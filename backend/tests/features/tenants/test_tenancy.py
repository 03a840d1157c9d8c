"""Tenants' schemas: migrations make what the tables say, and no transaction sees another tenant's."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from alembic import command
from tests.people import Person, checked
from tests.services import fresh_database
from watchbill.cli.schema import report
from watchbill.kit.database import migrations, revisions
from watchbill.kit.database.driver import driver_url
from watchbill.kit.database.transactions import Database
from watchbill.kit.database.upgrading import migrate


@pytest.fixture
async def empty(services):
    """A database without any tables."""
    async with fresh_database(services.database_url) as url:
        database = Database(url)
        yield database
        await database.close()


async def make_tenant(database: Database, schema_revision: str) -> str:
    """A tenant as an older version left it: with a schema that has no tables."""
    id_ = uuid4()
    async with database.engine.begin() as connection:
        insert = "INSERT INTO public.tenants (id, slug, name, schema_revision) VALUES (:id, :slug, 'T', :rev)"
        await connection.execute(text(insert), {"id": id_, "slug": id_.hex, "rev": schema_revision})
        await connection.execute(text(f"CREATE SCHEMA tenant_{id_.hex}"))
    return f"tenant_{id_.hex}"


async def test_migrations_make_what_the_tables_say(empty: Database):
    assert await revisions.current(empty) is False
    assert (await migrate(empty)).upgraded == 0
    schema = await make_tenant(empty, "none")
    assert await revisions.current(empty) is False
    assert (await migrate(empty)).upgraded == 1
    assert await revisions.current(empty) is True
    async with empty.engine.connect() as connection:
        await migrations.run(connection, command.check, "public", "public")
        await migrations.run(connection, command.check, "tenant", schema)


async def test_what_is_behind_is_shown(empty: Database, capsys: pytest.CaptureFixture[str]):
    assert await report(empty) == 1
    assert "has no tables yet" in capsys.readouterr().out
    await migrate(empty)
    assert await report(empty) == 0
    await make_tenant(empty, "none")
    assert await report(empty) == 1
    assert "1 tenants are not up to date" in capsys.readouterr().out


async def test_migrating_twice_at_once_is_harmless(empty: Database):
    await migrate(empty)
    schemas = [await make_tenant(empty, "none") for _ in range(3)]
    await asyncio.gather(*(migrate(empty) for _ in range(3)))
    assert (await migrate(empty)).upgraded == 0
    async with empty.engine.connect() as connection:
        for schema in schemas:
            assert (await connection.execute(text(f"SELECT version_num FROM {schema}.alembic_version"))).all()


async def test_a_new_tenants_schema_is_what_migrations_make(admin: Person, database: Database):
    schema = admin.scope.schema
    async with database.engine.connect() as connection:
        await migrations.run(connection, command.check, "tenant", schema)
        query = text(f"SELECT version_num FROM {schema}.alembic_version")
        assert await connection.scalar(query) == revisions.head("tenant")
    assert (await migrate(database)).upgraded == 0


# What is in a schema, but for what extensions brought along.
CONTENTS = """
SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(:schema) AND relkind IN ('r', 'v', 'S')
UNION ALL
SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(:schema)
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


async def test_migrations_can_be_taken_back_and_made_again(empty: Database):
    """Each step: one that leaves something behind cannot be made again."""
    await migrate(empty)
    schema = await make_tenant(empty, "none")
    await migrate(empty)
    async with empty.engine.begin() as connection:
        for branch, place in (("tenant", schema), ("public", "public")):
            for _ in range(int(revisions.head(branch))):
                await migrations.run(connection, command.downgrade, branch, place, "-1")
                await migrations.run(connection, command.upgrade, branch, place, "+1")
                await migrations.run(connection, command.downgrade, branch, place, "-1")
            left = (await connection.scalars(text(CONTENTS), {"schema": place})).all()
            assert left == ["alembic_version"]
        for branch, place in (("public", "public"), ("tenant", schema)):
            await migrations.run(connection, command.upgrade, branch, place, "head")
            await migrations.run(connection, command.check, branch, place)


async def test_no_transaction_sees_the_one_before_it(services, admin: Person, stranger: Person):
    """One connection serves both tenants in turn, as behind a pooler."""
    checked(await admin.http.post("flows", json={"name": "mine", "definition": {}}), 201)
    database = Database(services.database_url, pgbouncer=True, pool_size=1)
    try:
        for _ in range(3):
            async with database.transaction(admin.scope) as work:
                assert (await work.session.scalars(text("SELECT name FROM flows"))).all() == ["mine"]
            async with database.transaction(stranger.scope) as work:
                assert (await work.session.scalars(text("SELECT name FROM flows"))).all() == []
            async with database.transaction() as work:
                assert await work.session.scalar(text("SELECT to_regclass('flows')")) is None
        async with database.engine.connect() as connection:
            assert await connection.scalar(text("SELECT to_regclass('flows')")) is None
    finally:
        await database.close()


async def test_a_failed_transaction_leaves_nothing_and_does_nothing_more(database: Database, admin: Person):
    done: list[str] = []

    async def note() -> None:
        done.append("after commit")

    insert = text("INSERT INTO plans (digest, definition) VALUES ('d', '{}')")
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(admin.scope) as work:
            await work.session.execute(insert)
            work.after_commit(note)
            raise ZeroDivisionError
    assert done == []
    async with database.transaction(admin.scope) as work:
        assert await work.session.scalar(text("SELECT count(*) FROM plans")) == 0
        await work.session.execute(insert)
        work.after_commit(note)
        assert done == []
    assert done == ["after commit"]


def test_urls():
    url, pgbouncer = driver_url("postgres://u:p@h:6432/db?pgbouncer=true")
    assert url.render_as_string(hide_password=False) == "postgresql+asyncpg://u:p@h:6432/db"
    assert pgbouncer
    url, pgbouncer = driver_url("postgresql://u@/db?host=/run/pg")
    assert (url.query, pgbouncer) == ({"host": "/run/pg"}, False)
