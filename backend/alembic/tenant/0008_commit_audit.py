"""Audit entries wait for the commit, which puts them into their chain."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TRIGGER = """
CREATE CONSTRAINT TRIGGER chain_audit_entry AFTER INSERT ON audit_pending
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.chain_audit_entry()
"""
# The role is named like its schema, and is not there yet in a schema that was never secured.
RIGHTS = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = current_schema()) THEN
    EXECUTE format('{change} ON audit_log {preposition} %I', current_schema());
    EXECUTE format('{change_head} ON audit_head {preposition} %I', current_schema());
  END IF;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "audit_pending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_pending")),
        prefixes=["UNLOGGED"],
    )
    op.execute(sa.text(TRIGGER))
    taken = {
        "change": "REVOKE INSERT",
        "change_head": "REVOKE INSERT, UPDATE, DELETE",
        "preposition": "FROM",
    }
    op.execute(sa.text(RIGHTS.format(**taken)))


def downgrade() -> None:
    op.drop_table("audit_pending")
    given = {"change": "GRANT INSERT", "change_head": "GRANT INSERT, UPDATE, DELETE", "preposition": "TO"}
    op.execute(sa.text(RIGHTS.format(**given)))
