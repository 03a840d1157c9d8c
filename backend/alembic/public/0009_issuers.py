"""Accounts of single sign-on are known by issuer and subject."""

import sqlalchemy as sa

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# They came with the provider that the tenant has; where it has none any more, nobody can say with which.
ADOPT = """
UPDATE public.sso_accounts AS one
   SET issuer = known.issuer
  FROM public.sso_connections AS known
 WHERE known.tenant_id = one.tenant_id
"""
FORGET = """
DELETE FROM public.sso_accounts AS one
 WHERE NOT EXISTS (SELECT FROM public.sso_connections AS known
                    WHERE known.tenant_id = one.tenant_id AND known.issuer = one.issuer)
"""


def upgrade() -> None:
    op.add_column("sso_accounts", sa.Column("issuer", sa.String()), schema="public")
    op.execute(sa.text(ADOPT))
    op.execute(sa.text("DELETE FROM public.sso_accounts WHERE issuer IS NULL"))
    op.alter_column("sso_accounts", "issuer", nullable=False, schema="public")
    op.drop_constraint("pk_sso_accounts", "sso_accounts", schema="public", type_="primary")
    op.create_primary_key(
        "pk_sso_accounts", "sso_accounts", ["tenant_id", "issuer", "subject"], schema="public"
    )


def downgrade() -> None:
    # Two issuers may have given the same subject; without the issuer only that of the present one holds.
    op.execute(sa.text(FORGET))
    op.drop_constraint("pk_sso_accounts", "sso_accounts", schema="public", type_="primary")
    op.drop_column("sso_accounts", "issuer", schema="public")
    op.create_primary_key("pk_sso_accounts", "sso_accounts", ["tenant_id", "subject"], schema="public")
