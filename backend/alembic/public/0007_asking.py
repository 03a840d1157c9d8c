"""Questions to people by mail, in the public schema."""

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "due_questions",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("node_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("fk_due_questions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("execution_id", "node_id", name=op.f("pk_due_questions")),
        schema="public",
    )
    for column in ("next_at", "tenant_id"):
        op.create_index(op.f(f"ix_due_questions_{column}"), "due_questions", [column], schema="public")


def downgrade() -> None:
    op.drop_table("due_questions", schema="public")
