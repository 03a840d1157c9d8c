"""How long executions are kept, and how many of a tenant run at a time."""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A limit is looked up where it applies, so that a change reaches what waits already. Tables that are new get
# their grants from kit.roles.
GRANT = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'watchbill_tenants') THEN
    GRANT SELECT ON public.tenant_limits TO watchbill_tenants;
  END IF;
END $$
"""


def _table(name: str, *columns: sa.Column) -> None:
    op.create_table(
        name,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f(f"fk_{name}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f(f"pk_{name}")),
        schema="public",
    )


def upgrade() -> None:
    op.drop_column("active_executions", "tenant_limit", schema="public")
    op.add_column("tenant_limits", sa.Column("running", sa.Integer(), nullable=True), schema="public")
    op.execute(GRANT)
    _table(
        "tenant_settings",
        sa.Column("max_running", sa.Integer(), nullable=True),
        sa.Column("keep_executions_days", sa.Integer(), nullable=True),
        sa.Column("keep_logs_days", sa.Integer(), nullable=True),
    )
    _table("due_cleanings", sa.Column("next_at", sa.DateTime(timezone=True), nullable=False))
    op.create_index(op.f("ix_due_cleanings_next_at"), "due_cleanings", ["next_at"], schema="public")


def downgrade() -> None:
    op.drop_table("due_cleanings", schema="public")
    op.drop_table("tenant_settings", schema="public")
    op.drop_column("tenant_limits", "running", schema="public")
    op.add_column(
        "active_executions", sa.Column("tenant_limit", sa.Integer(), nullable=True), schema="public"
    )
