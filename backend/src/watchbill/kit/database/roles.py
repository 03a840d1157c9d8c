"""Database roles: one for each tenant, which reaches its schema and its own rows of the public tables.

A transaction of a request takes its tenant's role together with its search_path. A statement that names
another tenant's schema then fails in the database, whatever mistake in our code let it get there.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

# What the public tables grant, they grant to this role, which every tenant's role is a member of: an access
# list with an entry for each tenant would make the thousandth tenant slower to make than the first.
GROUP = "watchbill_tenants"
# Roles belong to the whole server: another database's migration may make the group in the same moment.
_MAKE_GROUP = f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{GROUP}') THEN
    CREATE ROLE {GROUP} NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
# The tenant that the transaction's role stands for. Only members of the group are under the policies, and
# their names are made of a tenant's id, so the cast cannot fail.
_MINE = "(substr(current_user::text, 8))::uuid"
_POLICY = """
  EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('CREATE POLICY own_tenant ON public.%I TO {group} USING ({rule}) WITH CHECK ({rule})', name);
"""
# The catalog says which tables there are, so a new one cannot be forgotten: with a tenant_id it shows each
# tenant its own rows, and without one it shows nothing. What lets people in is not the tenant's to touch. The
# owner, who migrates and runs executions, is not restricted.
_SECURE_PUBLIC = f"""
DO $$
DECLARE name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relrowsecurity
  LOOP
    {_POLICY.format(group=GROUP, rule=f"tenant_id = {_MINE}")}
    IF name IN ('memberships', 'tenant_limits', 'tenant_settings') THEN
      EXECUTE format('GRANT SELECT ON public.%I TO {GROUP}', name);
    ELSIF name NOT IN ('sign_ins', 'invitations', 'api_keys', 'migration_failures')
      AND name NOT LIKE 'sso%' THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO {GROUP}', name);
    END IF;
  END LOOP;
  IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = 'public.tenants'::regclass) THEN
    name := 'tenants';
    {_POLICY.format(group=GROUP, rule=f"id = {_MINE}")}
    GRANT SELECT ON public.tenants TO {GROUP};
  END IF;
  IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = 'public.users'::regclass) THEN
    name := 'users';
    {_POLICY.format(group=GROUP, rule="id IN (SELECT user_id FROM public.memberships)")}
    GRANT SELECT (id, email, full_name, status, created_at) ON public.users TO {GROUP};
  END IF;
END $$
"""  # noqa: S608 (made of this module's constants)
# Roles are not part of a database's dump: after a restore elsewhere they are made again here.
_SECURE_SCHEMA = """
DO $$
DECLARE relation record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{schema}') THEN
    CREATE ROLE "{schema}" NOLOGIN IN ROLE {group};
    -- A superuser may become anybody, and a list of thousands of roles to be would slow it down.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
      GRANT "{schema}" TO CURRENT_USER;
    END IF;
  END IF;
  IF NOT has_schema_privilege('{schema}', '{schema}', 'USAGE') THEN
    GRANT USAGE ON SCHEMA "{schema}" TO "{schema}";
  END IF;
  FOR relation IN
    -- By what depends on the schema, which has an index; pg_class would be read whole.
    SELECT c.relname FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.objid
     WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = '"{schema}"'::regnamespace
       AND d.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p')
       AND NOT has_table_privilege('{schema}', c.oid, 'SELECT')
  LOOP
    EXECUTE format('GRANT %s ON "{schema}".%I TO "{schema}"', CASE relation.relname
      WHEN 'alembic_version' THEN 'SELECT'
      WHEN 'audit_log' THEN 'SELECT'
      WHEN 'audit_head' THEN 'SELECT'
      WHEN 'audit_gathering' THEN 'SELECT'
      WHEN 'audit_pending' THEN 'SELECT, INSERT'
      ELSE 'SELECT, INSERT, UPDATE, DELETE' END, relation.relname);
  END LOOP;
END $$
"""
_UNSECURED = """
SELECT id FROM public.tenants AS t
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenant_' || replace(t.id::text, '-', ''))
"""


def schema_of(tenant_id: UUID) -> str:
    """The schema and the role of a tenant, for the kit, which has no TenantScope: safe to place in SQL."""
    return f"tenant_{tenant_id.hex}"


async def secure_public(connection: AsyncConnection) -> None:
    """Let tenants' roles reach their own rows of the public tables. Harmless when done already."""
    await connection.execute(text(_MAKE_GROUP))
    await connection.execute(text(_SECURE_PUBLIC))
    for tenant_id in (await connection.scalars(text(_UNSECURED))).all():
        await secure_schema(connection, schema_of(tenant_id))


async def secure_schema(connection: AsyncConnection | AsyncSession, schema: str) -> None:
    """Make the role of a tenant's schema, and let it read and write the tables there. Harmless when done
    already; after a migration it reaches the new tables too."""
    await connection.execute(text(_SECURE_SCHEMA.format(schema=schema, group=GROUP)))


async def drop_schema(connection: AsyncConnection | AsyncSession, schema: str) -> None:
    """Remove a tenant's schema with everything in it, and its role."""
    await connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
    await connection.execute(
        text(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{schema}')"
            f' THEN DROP OWNED BY "{schema}"; DROP ROLE "{schema}"; END IF; END $$'
        )
    )
