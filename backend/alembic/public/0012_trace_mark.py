"""How far the trace of an execution is known to be whole, so that who takes it over need not read it."""

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "active_executions",
        sa.Column("traced", sa.Integer(), server_default="0", nullable=False),
        schema="public",
    )


def downgrade() -> None:
    op.drop_column("active_executions", "traced", schema="public")
