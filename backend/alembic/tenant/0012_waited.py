"""How long an execution did nothing between its start and its end."""

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "executions", sa.Column("waited_seconds", sa.Float(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("executions", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("executions", "waits_since")
    op.drop_column("executions", "waited_seconds")
