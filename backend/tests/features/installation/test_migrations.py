"""Migrations over all tenants: shared by processes, going on after an interruption, past a broken one."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from alembic import command
from tests.features.tenants.test_tenancy import make_tenant
from tests.services import fresh_database
from watchbill.kit.database import upgrading
from watchbill.kit.database.migrations import run, scripts
from watchbill.kit.database.revisions import Branch, current, head, status
from watchbill.kit.database.transactions import Database
from watchbill.kit.database.upgrading import Source, migrate
from watchbill.kit.process.resources import data_dir

ADD = '''
"""One column more."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", "{before}", None, None
def upgrade():
    op.add_column("flows", sa.Column("extra", sa.String()))
'''


@pytest.fixture
async def fresh(services):
    """A migrated database of its own, and its URL."""
    async with fresh_database(services.database_url) as url:
        database = Database(url)
        await migrate(database)
        yield database, url
        await database.close()


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A folder of migrations with one more."""
    folder = tmp_path / "migrations"
    source = data_dir("migrations")
    assert source is not None
    for file in source.rglob("*.py*"):
        if "__pycache__" not in file.parts:
            target = folder / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    (folder / "tenant" / "9999_extra.py").write_text(ADD.format(before=head("tenant")))
    return folder


async def revisions(database: Database, schema: str) -> str | None:
    async with database.engine.connect() as connection:
        return await connection.scalar(text(f"SELECT version_num FROM {schema}.alembic_version"))


async def test_a_broken_tenant_stops_nobody_else(fresh):
    database, _ = fresh
    schemas = [await make_tenant(database, "none") for _ in range(3)]
    broken = schemas[1]
    async with database.engine.begin() as connection:
        await connection.execute(text(f"CREATE TABLE {broken}.flows (id int)"))
    done = await migrate(database)
    assert done.upgraded == 2
    assert list(done.failed) == [UUID(broken.removeprefix("tenant_"))]
    assert await current(database) is True, "the others are served"
    ((id_, _, revision, error),) = await status(database)
    assert f"tenant_{id_.hex}" == broken and revision == "none"
    assert error is not None and '"flows" already exists' in error
    # The next run tries it again; once it is mended, nothing is left of the failure.
    assert list((await migrate(database)).failed) == [id_]
    async with database.engine.begin() as connection:
        await connection.execute(text(f"DROP TABLE {broken}.flows"))
    assert (await migrate(database)).upgraded == 1
    assert await status(database) == []


async def test_processes_share_the_tenants(fresh, newer: Path, monkeypatch: pytest.MonkeyPatch):
    database, url = fresh
    schemas = [await make_tenant(database, "none") for _ in range(6)]
    monkeypatch.setattr(upgrading, "_WORTH_A_PROCESS", 1)
    done = await migrate(database, source=Source(url, folder=newer), processes=2)
    assert (done.upgraded, done.failed) == (6, {})
    assert {await revisions(database, schema) for schema in schemas} == {"9999"}
    async with database.engine.connect() as connection:
        for schema in schemas:
            await connection.execute(text(f"SELECT extra FROM {schema}.flows"))


async def test_an_interrupted_run_goes_on_where_it_stopped(fresh, monkeypatch: pytest.MonkeyPatch):
    database, _ = fresh
    schemas = [await make_tenant(database, "none") for _ in range(3)]
    real, calls = upgrading.secure_schema, 0

    async def cut_off(*args):
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ConnectionResetError("the machine went away")
        await real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(upgrading, "secure_schema", cut_off)
        with pytest.raises(ConnectionResetError):
            await migrate(database)
    assert len(await status(database)) == 2
    assert (await migrate(database)).upgraded == 2
    assert {await revisions(database, schema) for schema in schemas} == {head("tenant")}


@pytest.mark.parametrize("branch", ["public", "tenant"])
def test_the_files_names_say_what_alembic_would(branch: Branch):
    assert head(branch) == scripts(branch).get_current_head()
    names = [script.revision for script in scripts(branch).walk_revisions()]
    assert names == sorted(names, reverse=True), "a later revision has a larger name"


OLD_WORK = (
    "INSERT INTO public.due_triggers (trigger_id, tenant_id, next_at)"
    " VALUES ('{a}', '{tenant}', '2030-01-01Z')",
    "INSERT INTO public.due_deliveries (delivery_id, tenant_id, next_at)"
    " VALUES ('{b}', '{tenant}', '2030-01-02Z')",
    "INSERT INTO public.finished_executions VALUES ('{c}', '{tenant}', '2030-01-03Z')",
    "INSERT INTO public.due_questions (execution_id, node_id, tenant_id, next_at)"
    " VALUES ('{d}', 'ask', '{tenant}', '2030-01-04Z')",
    "INSERT INTO public.due_questions (execution_id, node_id, tenant_id, next_at, told)"
    " VALUES ('{e}', 'each[3].a/b', '{tenant}', '2030-01-05Z', true)",
    "INSERT INTO public.due_cleanings VALUES ('{tenant}', '2030-01-06Z')",
)
OLD_TABLES = ("due_triggers", "due_deliveries", "finished_executions", "due_questions", "due_cleanings")


async def test_due_work_is_moved_with_nothing_lost(fresh):
    database, _ = fresh
    schema = await make_tenant(database, "none")
    ids = {name: str(uuid4()) for name in "abcde"} | {"tenant": str(UUID(schema.removeprefix("tenant_")))}

    async def rows(connection: AsyncConnection, table: str) -> list[tuple[str, ...]]:
        found = await connection.execute(text(f"SELECT * FROM public.{table} ORDER BY 1, 2"))
        return [tuple(map(str, row)) for row in found]

    async with database.engine.begin() as connection:
        await run(connection, command.downgrade, "public", "public", "0012")
        await connection.execute(text("DELETE FROM public.due_cleanings"))
        for statement in OLD_WORK:
            await connection.execute(text(statement.format(**ids)))
        before = {table: await rows(connection, table) for table in OLD_TABLES}
        await run(connection, command.upgrade, "public", "public", "head")
        moved = {(kind, key, due[:10]) for kind, _, key, due, _ in await rows(connection, "due_work")}
        assert moved == {
            ("schedule", ids["a"], "2030-01-01"),
            ("delivery", ids["b"], "2030-01-02"),
            ("end", ids["c"], "2030-01-03"),
            ("question", f"{ids['d']}/ask", "2030-01-04"),
            ("late question", f"{ids['e']}/each[3].a/b", "2030-01-05"),
            ("clean-up", ids["tenant"], "2030-01-06"),
        }
        await run(connection, command.downgrade, "public", "public", "0012")
        assert {table: await rows(connection, table) for table in OLD_TABLES} == before
