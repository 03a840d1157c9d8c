"""The database keeps tenants apart even where our own SQL would not."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.core.flows import ANSWER
from tests.people import Person, checked
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.transactions import Database


async def start(person: Person) -> str:
    flow = checked(await person.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    return checked(await person.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)["id"]


async def ask(database: Database, scope: TenantScope, sql: str):
    async with database.transaction(scope) as work:
        result = await work.session.execute(text(sql))
        return result.all() if result.returns_rows else result.rowcount


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM {other}.flows",
        "UPDATE {other}.flows SET name = 'mine now'",
        "INSERT INTO {other}.plans (digest, definition) VALUES ('d', '{{}}')",
        "DROP SCHEMA {other} CASCADE",
        "DROP TABLE flows",
        "CREATE TABLE extra (id int)",
        "UPDATE alembic_version SET version_num = 'none'",
        "SELECT password_hash FROM public.users",
        "UPDATE public.users SET email = 'a@b.c'",
        "UPDATE public.tenants SET name = 'mine now'",
        "CREATE ROLE extra",
        "SET LOCAL ROLE {other}",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
async def test_the_database_refuses_what_is_not_the_tenants(
    database: Database, admin: Person, stranger: Person, sql: str
):
    if sql.startswith("SET LOCAL ROLE"):
        # The embedded server's own user may become anyone; a tenant's role is asked about instead.
        sql = "SELECT 1 / pg_has_role('{mine}', '{other}', 'MEMBER')::int"
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner|division by zero"):
        await ask(database, admin.scope, sql.format(other=stranger.scope.schema, mine=admin.scope.schema))


async def test_public_tables_show_a_tenant_its_own_rows(database: Database, admin: Person, stranger: Person):
    mine, other = await start(admin), await start(stranger)
    rows = await ask(database, admin.scope, "SELECT execution_id FROM public.active_executions")
    assert [str(row[0]) for row in rows] == [mine]
    assert await ask(database, admin.scope, "DELETE FROM public.active_executions WHERE true") == 1
    rows = await ask(database, stranger.scope, "SELECT execution_id FROM public.active_executions")
    assert [str(row[0]) for row in rows] == [other]
    rows = await ask(database, admin.scope, "SELECT id FROM public.tenants")
    assert [row[0] for row in rows] == [admin.tenant_id]
    rows = await ask(database, admin.scope, "SELECT email FROM public.users")
    assert [row[0] for row in rows] == [admin.email]
    with pytest.raises(DBAPIError, match="row-level security"):
        await ask(
            database,
            admin.scope,
            "INSERT INTO public.active_executions (execution_id, tenant_id, plan_digest)"
            f" VALUES (gen_random_uuid(), '{stranger.tenant_id}', 'd')",
        )


async def test_what_no_policy_covers_no_tenant_reaches(database: Database, admin: Person):
    """Of the public tables, those that a tenant may read are all under row security."""
    open_ones = text(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND NOT relrowsecurity AND (has_table_privilege(:role, oid, 'SELECT, INSERT, UPDATE, DELETE')"
        " OR has_any_column_privilege(:role, oid, 'SELECT, INSERT, UPDATE'))"
    )
    async with database.transaction() as work:
        assert (await work.session.scalars(open_ones, {"role": admin.scope.schema})).all() == []


async def test_the_role_ends_with_its_transaction(database: Database, admin: Person):
    async with database.transaction(admin.scope) as work:
        assert await work.session.scalar(text("SELECT current_user::text")) == admin.scope.schema
    async with database.transaction() as work:
        assert await work.session.scalar(text("SELECT current_user = session_user"))
