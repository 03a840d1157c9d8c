"""What the clean-up finds executions and unused plans by."""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "executions",
        sa.Column("logs_removed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "ix_executions_ended",
        "executions",
        ["logs_removed", "finished_at"],
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index("ix_executions_plan_digest", "executions", ["plan_digest"])


def downgrade() -> None:
    op.drop_index("ix_executions_plan_digest", "executions")
    op.drop_index("ix_executions_ended", "executions")
    op.drop_column("executions", "logs_removed")
