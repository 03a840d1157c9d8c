"""Limits of single tenants, what went wrong with their migrations, and single sign-on."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenant_limits",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_a_minute", sa.Integer(), nullable=True),
        sa.Column("tenant_a_minute", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("fk_tenant_limits_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_limits")),
        schema="public",
    )
    op.create_table(
        "migration_failures",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column(
            "failed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["public.tenants.id"],
            name=op.f("fk_migration_failures_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_migration_failures")),
        schema="public",
    )
    op.create_table(
        "sso_connections",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("sealed_client_secret", sa.String(), nullable=True),
        sa.Column("role_claim", sa.String(), nullable=True),
        sa.Column("roles", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("default_role", sa.String(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "default_role IN ('admin', 'member', 'viewer')", name=op.f("ck_sso_connections_default_role")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["public.tenants.id"],
            name=op.f("fk_sso_connections_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_sso_connections")),
        schema="public",
    )
    op.create_table(
        "sso_domains",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("fk_sso_domains_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_sso_domains")),
        schema="public",
    )
    op.create_index(op.f("ix_sso_domains_tenant_id"), "sso_domains", ["tenant_id"], schema="public")
    op.create_table(
        "sso_accounts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id", "tenant_id"],
            ["public.memberships.user_id", "public.memberships.tenant_id"],
            name=op.f("fk_sso_accounts_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "subject", name=op.f("pk_sso_accounts")),
        schema="public",
    )
    op.create_index(
        op.f("ix_sso_accounts_user_id_tenant_id"), "sso_accounts", ["user_id", "tenant_id"], schema="public"
    )
    op.create_table(
        "sso_sign_ins",
        sa.Column("sign_in_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sign_in_id"],
            ["public.sign_ins.id"],
            name=op.f("fk_sso_sign_ins_sign_in_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sign_in_id", name=op.f("pk_sso_sign_ins")),
        schema="public",
    )


def downgrade() -> None:
    # kit.roles makes it; it stands between the tables and their removal.
    op.execute("DROP POLICY IF EXISTS own_tenant ON public.users")
    for table in ("sso_sign_ins", "sso_accounts", "sso_domains", "sso_connections"):
        op.drop_table(table, schema="public")
    op.drop_table("migration_failures", schema="public")
    op.drop_table("tenant_limits", schema="public")
