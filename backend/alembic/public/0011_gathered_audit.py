"""Saves of a draft that follow one another become one entry of the audit log."""

import sqlalchemy as sa

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Puts one entry at the end of a tenant's chain. The head's row is locked from here to the commit.
APPEND = """
CREATE FUNCTION public.append_audit_entry(place text, entry_id uuid, entry jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $append$
BEGIN
  EXECUTE format($chain$
    WITH head AS (
      INSERT INTO %1$I.audit_head AS h (id, seq, hash)
      VALUES (1, 1, sha256(convert_to('1 ' || extract(epoch FROM $3) || ' ' || $2, 'UTF8')))
      ON CONFLICT (id) DO UPDATE SET seq = h.seq + 1, hash = sha256(h.hash || (
        convert_to(h.seq + 1 || ' ' || extract(epoch FROM $3) || ' ' || $2, 'UTF8')))
      RETURNING seq, hash
    )
    INSERT INTO %1$I.audit_log (id, seq, created_at, entry, hash)
    SELECT $1, head.seq, $3, $2, head.hash FROM head
  $chain$, place) USING entry_id, entry, at;
END $append$
"""
# Whatever was gathered so far is put into the chain: before the next entry of the tenant, and before somebody
# reads the log. It may be called by anybody, as it makes true what is so already.
FLUSH = """
CREATE FUNCTION public.flush_audit(place text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $flush$
DECLARE
  held record;
  waiting boolean;
BEGIN
  IF to_regclass(format('%I.audit_gathering', place)) IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %I.audit_gathering)', place) INTO waiting;
  IF NOT waiting THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('audit ' || place, 0));
  FOR held IN EXECUTE format('DELETE FROM %I.audit_gathering RETURNING id, entry, last_at', place) LOOP
    PERFORM public.append_audit_entry(place, held.id, held.entry, held.last_at);
  END LOOP;
END $flush$
"""
# A tenant gathers one thing at a time: the saves of one draft by one person, for five minutes from the first.
CHAIN = """
CREATE OR REPLACE FUNCTION public.chain_audit_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $chain$
DECLARE
  place text := TG_TABLE_SCHEMA;
  gathers text := NEW.entry ->> 'gather';
  entry jsonb := NEW.entry - 'gather';
  added int := 0;
BEGIN
  EXECUTE format('DELETE FROM %I.audit_pending WHERE id = $1', place) USING NEW.id;
  -- Before any row is locked, and by everybody: one at a time and in one order.
  PERFORM pg_advisory_xact_lock(hashtextextended('audit ' || place, 0));
  IF gathers IS NOT NULL AND to_regclass(format('%I.audit_gathering', place)) IS NOT NULL THEN
    EXECUTE format($add$
      UPDATE %I.audit_gathering AS held
         SET last_at = clock_timestamp(),
             entry = jsonb_set(
               $2 || jsonb_build_object('since', to_jsonb(held.first_at), 'saves', held.saves + 1),
               '{changes,0,before}',
               ($2 #> '{changes,0,before}') || (held.entry #> '{changes,0,before}')),
             saves = held.saves + 1
       WHERE held.what = $1 AND held.first_at > clock_timestamp() - interval '5 minutes'
    $add$, place) USING gathers, entry;
    GET DIAGNOSTICS added = ROW_COUNT;
    IF added = 0 THEN
      PERFORM public.flush_audit(place);
      EXECUTE format($begin$
        INSERT INTO %I.audit_gathering (one, id, what, entry, saves, first_at, last_at)
        VALUES (1, $1, $2, $3, 1, clock_timestamp(), clock_timestamp())
      $begin$, place) USING NEW.id, gathers, entry;
    END IF;
    RETURN NULL;
  END IF;
  PERFORM public.flush_audit(place);
  PERFORM public.append_audit_entry(place, NEW.id, entry, clock_timestamp());
  RETURN NULL;
END $chain$
"""
# As it was: one entry of the chain for each.
CHAIN_EACH = """
CREATE OR REPLACE FUNCTION public.chain_audit_entry() RETURNS trigger
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
    for statement in (APPEND, FLUSH, CHAIN):
        op.execute(sa.text(statement))
    op.execute(
        sa.text(
            "REVOKE ALL ON FUNCTION public.append_audit_entry(text, uuid, jsonb, timestamptz) FROM PUBLIC"
        )
    )


def downgrade() -> None:
    # Tenants are taken back first, and with them what was gathered.
    op.execute(sa.text(CHAIN_EACH))
    op.execute(sa.text("DROP FUNCTION public.flush_audit(text)"))
    op.execute(sa.text("DROP FUNCTION public.append_audit_entry(text, uuid, jsonb, timestamptz)"))
