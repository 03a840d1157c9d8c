"""Tools."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = postgresql.JSON(astext_type=sa.Text())


def upgrade() -> None:
    clock = sa.text("clock_timestamp()")
    op.create_table(
        "tools",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("input_schema", JSON, nullable=False),
        sa.Column("output_schema", JSON, nullable=True),
        sa.Column("config", JSON, nullable=False),
        sa.Column("limits", JSON, server_default="{}", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=clock, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=clock, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tools")),
    )
    op.create_index("uq_tools_name", "tools", [sa.literal_column("lower(name)")], unique=True)
    op.create_index(op.f("ix_tools_created_at_id"), "tools", ["created_at", "id"])


def downgrade() -> None:
    op.drop_table("tools")
