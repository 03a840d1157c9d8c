"""Sign-ins, mailed links, invitations and API keys in the public schema."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column:
    default = sa.text("clock_timestamp()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _owner(table: str, column: str, target: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"public.{target}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.add_column("users", _time("email_verified_at", nullable=True), schema="public")
    op.create_table(
        "sign_ins",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        _time("refreshed_at", now=True),
        _time("last_used_at", now=True),
        _time("expires_at"),
        _time("ended_at", nullable=True),
        sa.Column("browser", sa.Boolean(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", now=True),
        _owner("sign_ins", "user_id", "users"),
        _owner("sign_ins", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        schema="public",
    )
    for column in ("user_id", "tenant_id", "expires_at"):
        op.create_index(op.f(f"ix_sign_ins_{column}"), "sign_ins", [column], schema="public")
    op.create_table(
        "mail_links",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        _time("expires_at"),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", now=True),
        sa.CheckConstraint("purpose IN ('reset', 'verify')", name=op.f("ck_mail_links_purpose")),
        _owner("mail_links", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mail_links_token_hash")),
        schema="public",
    )
    op.create_index(op.f("ix_mail_links_user_id"), "mail_links", ["user_id"], schema="public")
    op.create_table(
        "invitations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        _time("expires_at"),
        _time("mailed_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", now=True),
        sa.CheckConstraint("role IN ('admin', 'member', 'viewer')", name=op.f("ck_invitations_role")),
        _owner("invitations", "tenant_id", "tenants"),
        _owner("invitations", "invited_by", "users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        schema="public",
    )
    op.create_index(
        "uq_invitations_email",
        "invitations",
        ["tenant_id", sa.literal_column("lower(email)")],
        unique=True,
        schema="public",
    )
    op.create_index(op.f("ix_invitations_invited_by"), "invitations", ["invited_by"], schema="public")
    op.create_table(
        "api_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("scopes", ARRAY(sa.String()), nullable=False),
        sa.Column("flow_ids", ARRAY(sa.Uuid()), nullable=True),
        _time("expires_at", nullable=True),
        _time("last_used_at", nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        _time("created_at", now=True),
        sa.ForeignKeyConstraint(
            ["user_id", "tenant_id"],
            ["public.memberships.user_id", "public.memberships.tenant_id"],
            name=op.f("fk_api_keys_user_id_tenant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        schema="public",
    )
    op.create_index(
        op.f("ix_api_keys_tenant_id_created_at"), "api_keys", ["tenant_id", "created_at"], schema="public"
    )
    op.create_index(
        op.f("ix_api_keys_user_id_tenant_id"), "api_keys", ["user_id", "tenant_id"], schema="public"
    )


def downgrade() -> None:
    for table in ("api_keys", "invitations", "mail_links", "sign_ins"):
        op.drop_table(table, schema="public")
    op.drop_column("users", "email_verified_at", schema="public")
