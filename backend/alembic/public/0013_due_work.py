"""One table of due work instead of five."""

import sqlalchemy as sa

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# In the database and not in a statement of ours, so that no way of ending an execution, and none of making a
# tenant, can forget it. They run with their owner's rights: the transaction may have only its tenant's.
FUNCTION = """
CREATE OR REPLACE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  {body}
  RETURN NULL;
END $$
"""
NOTE_END = """
  IF EXISTS (SELECT FROM public.notified_tenants WHERE tenant_id = OLD.tenant_id) THEN
    INSERT INTO public.due_work (kind, tenant_id, key, due_at)
    VALUES ('end', OLD.tenant_id, OLD.execution_id::text, now())
    -- Whoever looks at an earlier end of it now has not seen this one: it is to be looked at again.
    ON CONFLICT (kind, tenant_id, key) DO UPDATE SET due_at = excluded.due_at, attempts = 0;
  END IF;
"""
NOTE_TENANT = """
  INSERT INTO public.due_work (kind, tenant_id, key, due_at)
  VALUES ('clean-up', NEW.id, NEW.id::text, now()) ON CONFLICT DO NOTHING;
"""
OLD_NOTE_END = """
  IF EXISTS (SELECT FROM public.notified_tenants WHERE tenant_id = OLD.tenant_id) THEN
    INSERT INTO public.finished_executions (execution_id, tenant_id)
    VALUES (OLD.execution_id, OLD.tenant_id) ON CONFLICT DO NOTHING;
  END IF;
"""
MOVE = """
INSERT INTO public.due_work (kind, tenant_id, key, due_at)
SELECT 'schedule', tenant_id, trigger_id::text, next_at FROM public.due_triggers
UNION ALL SELECT 'end', tenant_id, execution_id::text, finished_at FROM public.finished_executions
UNION ALL SELECT 'delivery', tenant_id, delivery_id::text, next_at FROM public.due_deliveries
UNION ALL SELECT CASE WHEN told THEN 'late question' ELSE 'question' END, tenant_id,
                 execution_id || '/' || node_id, next_at FROM public.due_questions
UNION ALL SELECT 'clean-up', t.id, t.id::text, coalesce(c.next_at, now())
            FROM public.tenants AS t LEFT JOIN public.due_cleanings AS c ON c.tenant_id = t.id
"""
MOVE_BACK = (
    "INSERT INTO public.due_triggers (trigger_id, tenant_id, next_at)"
    " SELECT key::uuid, tenant_id, due_at FROM public.due_work WHERE kind = 'schedule' AND {there}",
    "INSERT INTO public.finished_executions (execution_id, tenant_id, finished_at)"
    " SELECT key::uuid, tenant_id, due_at FROM public.due_work WHERE kind = 'end'",
    "INSERT INTO public.due_deliveries (delivery_id, tenant_id, next_at)"
    " SELECT key::uuid, tenant_id, due_at FROM public.due_work WHERE kind = 'delivery' AND {there}",
    "INSERT INTO public.due_questions (execution_id, node_id, tenant_id, next_at, told)"
    " SELECT left(key, 36)::uuid, substr(key, 38), tenant_id, due_at, kind = 'late question'"
    " FROM public.due_work WHERE kind IN ('question', 'late question') AND {there}"
    " ORDER BY kind DESC ON CONFLICT DO NOTHING",
    "INSERT INTO public.due_cleanings (tenant_id, next_at)"
    " SELECT tenant_id, due_at FROM public.due_work WHERE kind = 'clean-up' AND {there}",
)
THERE = "tenant_id IN (SELECT id FROM public.tenants)"
OLD_TABLES = ("due_triggers", "finished_executions", "due_deliveries", "due_questions", "due_cleanings")


def upgrade() -> None:
    op.create_table(
        "due_work",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("kind", "tenant_id", "key", name=op.f("pk_due_work")),
        schema="public",
    )
    op.create_index("ix_due_work_waiting", "due_work", ["kind", "due_at", "tenant_id"], schema="public")
    op.create_index("ix_due_work_of_tenant", "due_work", ["tenant_id", "kind", "due_at"], schema="public")
    op.execute(MOVE)
    op.execute(FUNCTION.format(name="note_finished_execution", body=NOTE_END))
    op.execute(FUNCTION.format(name="note_new_tenant", body=NOTE_TENANT))
    op.execute(
        "CREATE TRIGGER note_new_tenant AFTER INSERT ON public.tenants"
        " FOR EACH ROW EXECUTE FUNCTION public.note_new_tenant()"
    )
    for table in OLD_TABLES:
        op.drop_table(table, schema="public")


def downgrade() -> None:
    moment = sa.DateTime(timezone=True)
    _old_table("due_triggers", sa.Column("trigger_id", sa.Uuid(), primary_key=True))
    _old_table("due_deliveries", sa.Column("delivery_id", sa.Uuid(), primary_key=True))
    _old_table(
        "due_questions",
        sa.Column("execution_id", sa.Uuid(), primary_key=True),
        sa.Column("node_id", sa.String(), primary_key=True),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "due_cleanings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("next_at", moment, nullable=False),
        _of_tenant("due_cleanings"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_due_cleanings")),
        schema="public",
    )
    op.create_index(op.f("ix_due_cleanings_next_at"), "due_cleanings", ["next_at"], schema="public")
    op.create_table(
        "finished_executions",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("finished_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_finished_executions")),
        schema="public",
    )
    for column in ("finished_at", "tenant_id"):
        name = op.f(f"ix_finished_executions_{column}")
        op.create_index(name, "finished_executions", [column], schema="public")
    for statement in MOVE_BACK:
        op.execute(statement.format(there=THERE))
    op.execute(FUNCTION.format(name="note_finished_execution", body=OLD_NOTE_END))
    op.execute("DROP TRIGGER note_new_tenant ON public.tenants")
    op.execute("DROP FUNCTION public.note_new_tenant()")
    op.drop_table("due_work", schema="public")


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id")
    return sa.ForeignKeyConstraint(["tenant_id"], ["public.tenants.id"], name=name, ondelete="CASCADE")


def _old_table(name: str, *columns: sa.Column) -> None:
    keys = [column.name for column in columns if column.primary_key]
    plain = [sa.Column(c.name, c.type, nullable=False, server_default=c.server_default) for c in columns]
    op.create_table(
        name,
        *plain,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        _of_tenant(name),
        sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{name}")),
        schema="public",
    )
    for column in ("next_at", "tenant_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column], schema="public")
