"""Triggers and notifications in the public schema."""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# In the database and not in a statement of ours, so that no way of ending an execution can forget it. It runs
# with its owner's rights: the transaction that ends an execution may have only its tenant's.
NOTE = """
CREATE FUNCTION public.note_finished_execution() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM public.notified_tenants WHERE tenant_id = OLD.tenant_id) THEN
    INSERT INTO public.finished_executions (execution_id, tenant_id)
    VALUES (OLD.execution_id, OLD.tenant_id) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$
"""
WATCH = """
CREATE TRIGGER note_finished_execution AFTER DELETE ON public.active_executions
FOR EACH ROW EXECUTE FUNCTION public.note_finished_execution()
"""


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id")
    return sa.ForeignKeyConstraint(["tenant_id"], ["public.tenants.id"], name=name, ondelete="CASCADE")


def _indexes(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], schema="public")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "due_triggers",
        sa.Column("trigger_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("next_at", moment, nullable=False),
        _of_tenant("due_triggers"),
        sa.PrimaryKeyConstraint("trigger_id", name=op.f("pk_due_triggers")),
        schema="public",
    )
    _indexes("due_triggers", "next_at", "tenant_id")
    op.create_table(
        "hooks",
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("trigger_id", sa.Uuid(), nullable=False),
        _of_tenant("hooks"),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_hooks")),
        schema="public",
    )
    _indexes("hooks", "tenant_id", "trigger_id")
    op.create_table(
        "notified_tenants",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        _of_tenant("notified_tenants"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_notified_tenants")),
        schema="public",
    )
    op.create_table(
        "finished_executions",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("finished_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_finished_executions")),
        schema="public",
    )
    _indexes("finished_executions", "finished_at", "tenant_id")
    op.create_table(
        "due_deliveries",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("next_at", moment, nullable=False),
        _of_tenant("due_deliveries"),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_due_deliveries")),
        schema="public",
    )
    _indexes("due_deliveries", "next_at", "tenant_id")
    op.execute(NOTE)
    op.execute(WATCH)


def downgrade() -> None:
    op.execute("DROP TRIGGER note_finished_execution ON public.active_executions")
    op.execute("DROP FUNCTION public.note_finished_execution()")
    for table in ("due_deliveries", "finished_executions", "notified_tenants", "hooks", "due_triggers"):
        op.drop_table(table, schema="public")
