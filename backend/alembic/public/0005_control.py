"""Control of executions: pausing, waking, limits on how many run."""

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLE = "active_executions"


def upgrade() -> None:
    for column in (
        sa.Column("pause_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("wakes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("flow_id", sa.Uuid(), nullable=True),
        sa.Column("flow_limit", sa.Integer(), nullable=True),
        sa.Column("tenant_limit", sa.Integer(), nullable=True),
    ):
        op.add_column(_TABLE, column, schema="public")
    op.drop_index("ix_active_executions_due_at", _TABLE, schema="public")
    op.drop_index("ix_active_executions_tenant_id", _TABLE, schema="public")
    op.create_index(
        "ix_active_executions_due",
        _TABLE,
        ["tenant_id", "due_at"],
        schema="public",
        postgresql_where=sa.text("owner IS NULL"),
    )
    op.create_index(
        "ix_active_executions_lease_until",
        _TABLE,
        ["lease_until"],
        schema="public",
        postgresql_where=sa.text("owner IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_active_executions_lease_until", _TABLE, schema="public")
    op.drop_index("ix_active_executions_due", _TABLE, schema="public")
    op.create_index("ix_active_executions_tenant_id", _TABLE, ["tenant_id"], schema="public")
    op.create_index(
        "ix_active_executions_due_at",
        _TABLE,
        ["due_at"],
        schema="public",
        postgresql_where=sa.text("owner IS NULL"),
    )
    for column in ("tenant_limit", "flow_limit", "flow_id", "wakes", "pause_requested"):
        op.drop_column(_TABLE, column, schema="public")
