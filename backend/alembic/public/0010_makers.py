"""Who made a tenant, so that what a person may make can be limited."""

import sqlalchemy as sa

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Whoever was its admin first.
ADOPT = """
UPDATE public.tenants AS one
   SET created_by = (SELECT user_id FROM public.memberships
                      WHERE tenant_id = one.id AND role = 'admin' ORDER BY created_at, user_id LIMIT 1)
"""


def upgrade() -> None:
    op.add_column("tenants", sa.Column("created_by", sa.Uuid()), schema="public")
    op.create_foreign_key(
        op.f("fk_tenants_created_by"),
        "tenants",
        "users",
        ["created_by"],
        ["id"],
        source_schema="public",
        referent_schema="public",
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_tenants_created_by"), "tenants", ["created_by"], schema="public")
    op.execute(sa.text(ADOPT))


def downgrade() -> None:
    op.drop_column("tenants", "created_by", schema="public")
