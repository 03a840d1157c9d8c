"""The journal's SQL. Tables of a tenant are named with their schema, so one statement is one round trip and
one transaction, and nothing of a session can leak behind a connection pooler."""

from __future__ import annotations

from watchbill.core.tenancy import TenantScope

CLAIM_DUE = """
UPDATE public.active_executions AS a
   SET owner = $1, lease_until = now() + make_interval(secs => $2), epoch = a.epoch + 1, status = 'running'
  FROM (
    SELECT execution_id FROM public.active_executions
     WHERE (owner IS NULL AND due_at <= now()) OR lease_until < now()
     ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
  ) AS due
 WHERE a.execution_id = due.execution_id
RETURNING a.tenant_id, a.execution_id, a.epoch, a.last_seq, a.plan_digest, a.cancel_requested
"""

CLAIM_ONLY = """
UPDATE public.active_executions AS a
   SET owner = $1, lease_until = now() + make_interval(secs => $2), epoch = a.epoch + 1, status = 'running'
  FROM (
    SELECT execution_id FROM public.active_executions
     WHERE execution_id = ANY($4::uuid[]) AND ((owner IS NULL AND due_at <= now()) OR lease_until < now())
     LIMIT $3 FOR UPDATE SKIP LOCKED
  ) AS due
 WHERE a.execution_id = due.execution_id
RETURNING a.tenant_id, a.execution_id, a.epoch, a.last_seq, a.plan_digest, a.cancel_requested
"""

# SKIP LOCKED: a row that a commit holds is being extended by that commit, and waiting for it could deadlock.
HEARTBEAT = """
UPDATE public.active_executions AS a
   SET lease_until = now() + make_interval(secs => $2)
  FROM (
    SELECT execution_id FROM public.active_executions
     WHERE owner = $1 AND execution_id = ANY($3::uuid[]) FOR UPDATE SKIP LOCKED
  ) AS mine
 WHERE a.execution_id = mine.execution_id
RETURNING a.execution_id, a.cancel_requested
"""

RELEASE = """
UPDATE public.active_executions SET owner = NULL, lease_until = NULL, due_at = now()
 WHERE execution_id = $1 AND epoch = $2
"""


def select_events(scope: TenantScope) -> str:
    """Parameters: execution id, after, limit."""
    return f"""
SELECT seq, execution_id, type, node_id, "timestamp", data FROM "{scope.schema}".execution_events
 WHERE execution_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""  # noqa: S608  # the schema name is 'tenant_' and hex digits, made by TenantScope


def select_definition(scope: TenantScope) -> str:
    """Parameters: digest."""
    return f'SELECT definition FROM "{scope.schema}".plans WHERE digest = $1'  # noqa: S608  # as above


def append(scope: TenantScope) -> str:
    """Writes batches behind their fences.

    Parameters: batches as JSON [{id, epoch, last_seq, final, status, started_at, finished_at, outputs, error,
    usage, events: [{seq, type, node_id, timestamp, data}]}], lease in seconds. A batch whose epoch is not the
    row's finds no fence, and nothing of it is written.
    """
    schema = scope.schema
    return f"""
WITH batch AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS b(
    id uuid, epoch int, last_seq int, final boolean, status text, started_at timestamptz,
    finished_at timestamptz, outputs jsonb, error jsonb, usage jsonb, events jsonb)
), kept AS (
  UPDATE public.active_executions AS a
     SET last_seq = b.last_seq, lease_until = now() + make_interval(secs => $2)
    FROM batch AS b
   WHERE a.execution_id = b.id AND a.epoch = b.epoch AND NOT b.final
  RETURNING a.execution_id, a.cancel_requested
), ended AS (
  DELETE FROM public.active_executions AS a USING batch AS b
   WHERE a.execution_id = b.id AND a.epoch = b.epoch AND b.final
  RETURNING a.execution_id
), fence AS (
  SELECT execution_id, cancel_requested FROM kept UNION ALL SELECT execution_id, false FROM ended
), written AS (
  INSERT INTO "{schema}".execution_events (execution_id, seq, type, node_id, "timestamp", data)
  SELECT b.id, e.seq, e.type, e.node_id, e."timestamp", e.data
    FROM batch AS b JOIN fence AS f ON f.execution_id = b.id,
         jsonb_to_recordset(b.events)
           AS e(seq int, type text, node_id text, "timestamp" timestamptz, data jsonb)
), changed AS (
  UPDATE "{schema}".executions AS x
     SET status = b.status, started_at = coalesce(b.started_at, x.started_at), finished_at = b.finished_at,
         outputs = b.outputs, error = b.error, usage = b.usage
    FROM batch AS b JOIN fence AS f ON f.execution_id = b.id
   WHERE x.id = b.id AND b.status IS NOT NULL
)
SELECT execution_id, cancel_requested FROM fence
"""  # noqa: S608  # as above
