"""Questions to people by mail, in a tenant's schema: who is asked, and the messages that ask."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DELIVERIES = "notification_deliveries"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("mails", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.alter_column(DELIVERIES, "notification_id", nullable=True)
    op.add_column(DELIVERIES, sa.Column("approval_id", sa.Uuid(), nullable=True))
    op.add_column(DELIVERIES, sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(DELIVERIES, sa.Column("user_id", sa.Uuid(), nullable=True))
    escalated = sa.Column("escalated", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    op.add_column(DELIVERIES, escalated)
    op.create_foreign_key(
        op.f(f"fk_{DELIVERIES}_approval_id"),
        DELIVERIES,
        "approvals",
        ["approval_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_check_constraint(
        op.f(f"ck_{DELIVERIES}_about"), DELIVERIES, "(notification_id IS NULL) <> (approval_id IS NULL)"
    )
    op.create_unique_constraint(
        op.f(f"uq_{DELIVERIES}_approval_id_asked_at_recipient"),
        DELIVERIES,
        ["approval_id", "asked_at", "recipient"],
    )


def downgrade() -> None:
    op.execute(sa.text(f"DELETE FROM {DELIVERIES} WHERE approval_id IS NOT NULL"))  # noqa: S608  # a constant
    op.drop_constraint(op.f(f"ck_{DELIVERIES}_about"), DELIVERIES)
    for column in ("approval_id", "asked_at", "user_id", "escalated"):
        op.drop_column(DELIVERIES, column)
    op.alter_column(DELIVERIES, "notification_id", nullable=False)
    op.drop_column("approvals", "mails")
