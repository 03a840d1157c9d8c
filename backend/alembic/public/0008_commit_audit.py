"""The function that puts a tenant's audit entries into their chain when a transaction commits."""

import sqlalchemy as sa

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The entry is put together and sent before; here the head's row is locked from the last statement of the
# transaction to its end, without a round trip in between. It runs as its owner: a tenant's role cannot write
# to the chain itself.
FUNCTION = """
CREATE FUNCTION public.chain_audit_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $chain$
BEGIN
  EXECUTE format('DELETE FROM %I.audit_pending WHERE id = $1', TG_TABLE_SCHEMA) USING NEW.id;
  EXECUTE format($append$
    WITH given AS MATERIALIZED (
      SELECT clock_timestamp() AS at
    ), head AS (
      INSERT INTO %1$I.audit_head AS h (id, seq, hash)
      SELECT 1, 1, sha256(convert_to('1 ' || extract(epoch FROM at) || ' ' || $2, 'UTF8')) FROM given
      ON CONFLICT (id) DO UPDATE SET seq = h.seq + 1, hash = sha256(h.hash || (
        SELECT convert_to(h.seq + 1 || ' ' || extract(epoch FROM at) || ' ' || $2, 'UTF8') FROM given))
      RETURNING seq, hash
    )
    INSERT INTO %1$I.audit_log (id, seq, created_at, entry, hash)
    SELECT $1, head.seq, given.at, $2, head.hash FROM given, head
  $append$, TG_TABLE_SCHEMA) USING NEW.id, NEW.entry;
  RETURN NULL;
END $chain$
"""


def upgrade() -> None:
    op.execute(sa.text(FUNCTION))
    op.execute(sa.text("REVOKE ALL ON FUNCTION public.chain_audit_entry() FROM PUBLIC"))


def downgrade() -> None:
    # Tenants' triggers go with it; without them nothing is noted, so tenants are taken back first.
    op.execute(sa.text("DROP FUNCTION public.chain_audit_entry()"))
