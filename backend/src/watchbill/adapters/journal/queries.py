"""The journal's SQL. Tables of a tenant are named with their schema, so one statement is one round trip and
one transaction, and nothing of a session can leak behind a connection pooler."""

from __future__ import annotations

from watchbill.core.tenancy import TenantScope
from watchbill.kit.due_work import putting

# How many executions of a tenant may run at a time, null for any number: what the operator set, or the
# installation's ($4, 0 for any number), and not more than its own admins want.
_MAY_RUN = """
least(nullif(coalesce((SELECT l.running FROM public.tenant_limits AS l WHERE l.tenant_id = {tenant}), $4), 0),
      (SELECT s.max_running FROM public.tenant_settings AS s WHERE s.tenant_id = {tenant}))
"""  # of parts that stand in this file

# What was stored in the very moment that its tenant was suspended was not asked to end by that: it is when it
# is taken.
_TAKE = f"""
UPDATE public.active_executions AS a
   SET owner = $1, lease_until = now() + make_interval(secs => $2), epoch = a.epoch + 1, status = 'running',
       cancel_requested = a.cancel_requested OR EXISTS (
         SELECT FROM public.tenants AS t WHERE t.id = a.tenant_id AND t.status = 'suspended')
  FROM (
    SELECT execution_id FROM public.active_executions
     WHERE {{which}} AND (owner IS NULL OR lease_until < now())
     LIMIT $3 FOR UPDATE SKIP LOCKED
  ) AS due
 WHERE a.execution_id = due.execution_id
RETURNING a.tenant_id, a.execution_id, a.epoch, a.last_seq, a.traced, a.plan_digest, a.cancel_requested,
          a.pause_requested, a.wakes,
          (a.flow_limit IS NOT NULL OR {_MAY_RUN.format(tenant="a.tenant_id")} IS NOT NULL) AS limited
"""  # noqa: S608  # as above

# One worker at a time counts what is running, so that no limit is passed by two that count together.
CLAIM_LOCK = "SELECT pg_advisory_xact_lock(7236401959)"

# First whose worker died: they ran already. Its own are $5, and alive, though their leases ended while the
# database hung. Then tenants take turns: each has its executions numbered, and
# the numbers begin at how many it has running. The tenants are found by hopping through the index, so that
# one with ten thousand waiting costs no more than one with one.
CLAIM_DUE = f"""
WITH RECURSIVE running AS MATERIALIZED (
  SELECT tenant_id, flow_id, count(*) AS n FROM public.active_executions
   WHERE owner IS NOT NULL GROUP BY tenant_id, flow_id
), tenants AS (
  (SELECT tenant_id FROM public.active_executions WHERE owner IS NULL AND due_at <= now()
    ORDER BY tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT a.tenant_id FROM public.active_executions AS a
           WHERE a.owner IS NULL AND a.due_at <= now() AND a.tenant_id > t.tenant_id
           ORDER BY a.tenant_id LIMIT 1)
    FROM tenants AS t WHERE t.tenant_id IS NOT NULL
), counted AS (
  SELECT t.tenant_id, {_MAY_RUN.format(tenant="t.tenant_id")} AS may_run,
         coalesce((SELECT sum(n) FROM running AS r WHERE r.tenant_id = t.tenant_id), 0) AS n
    FROM tenants AS t WHERE t.tenant_id IS NOT NULL
), numbered AS (
  SELECT w.execution_id, w.due_at, w.flow_limit, c.may_run,
         c.n + row_number() OVER (PARTITION BY c.tenant_id ORDER BY w.due_at, w.execution_id) AS turn,
         w.of_flow + row_number() OVER (PARTITION BY c.tenant_id, w.flow_id
                                        ORDER BY w.due_at, w.execution_id) AS flow_turn
    FROM counted AS c CROSS JOIN LATERAL (
      SELECT a.execution_id, a.due_at, a.flow_id, a.flow_limit, coalesce(r.n, 0) AS of_flow
        FROM public.active_executions AS a
        LEFT JOIN running AS r ON r.tenant_id = a.tenant_id AND r.flow_id = a.flow_id
       WHERE a.tenant_id = c.tenant_id AND a.owner IS NULL AND a.due_at <= now()
         AND (a.flow_limit IS NULL OR coalesce(r.n, 0) < a.flow_limit)
         AND (c.may_run IS NULL OR c.n < c.may_run)
       ORDER BY a.due_at LIMIT $3
    ) AS w
), chosen AS (
  (SELECT execution_id, 0 AS turn, due_at FROM public.active_executions
    WHERE lease_until < now() AND NOT (owner = $1 AND execution_id = ANY($5::uuid[])) LIMIT $3)
  UNION ALL
  SELECT execution_id, turn, due_at FROM numbered
   WHERE (flow_limit IS NULL OR flow_turn <= flow_limit) AND (may_run IS NULL OR turn <= may_run)
  ORDER BY turn, due_at LIMIT $3
)
{_TAKE.format(which="execution_id IN (SELECT execution_id FROM chosen)")}
"""  # noqa: S608  # of parts that stand in this file

_CLAIM_ONLY = _TAKE.format(
    which="execution_id = ANY($5::uuid[]) AND due_at <= now() AND flow_limit IS NULL"
    f" AND {_MAY_RUN.format(tenant='active_executions.tenant_id')} IS NULL"
)
# Executions with no more events than this bring them along when they are claimed: mostly what never ran.
_FEW_EVENTS = 8
_FEW_BYTES = 16_384
CLAIM_FORCED = _TAKE.format(which="execution_id = ANY($5::uuid[])")


def claim_only(scope: TenantScope | None) -> str:
    """Parameters: owner, seconds, at most how many, limit of running ones, execution ids. With a scope, whose
    they all are, it also gives the events of those that have few: to read them costs as much as to claim."""
    if scope is None:
        return _CLAIM_ONLY
    return f"""
WITH taken AS ({_CLAIM_ONLY})
SELECT taken.*, CASE WHEN taken.last_seq <= {_FEW_EVENTS} THEN (
         SELECT json_agg(json_build_object('seq', e.seq, 'execution_id', e.execution_id, 'type', e.type,
                                           'node_id', e.node_id, 'timestamp', e."timestamp", 'data', e.data)
                         ORDER BY e.seq)
           FROM "{scope.schema}".execution_events AS e WHERE e.execution_id = taken.execution_id
         HAVING sum(pg_column_size(e.data)) < {_FEW_BYTES}
       ) END AS events
  FROM taken
"""  # noqa: S608  # as below


# SKIP LOCKED: a row that a commit holds is being extended by that commit, and waiting for it could deadlock.
HEARTBEAT = """
UPDATE public.active_executions AS a
   SET lease_until = now() + make_interval(secs => $2)
  FROM (
    SELECT execution_id FROM public.active_executions
     WHERE owner = $1 AND execution_id = ANY($3::uuid[]) FOR UPDATE SKIP LOCKED
  ) AS mine
 WHERE a.execution_id = mine.execution_id
RETURNING a.execution_id, a.cancel_requested, a.pause_requested, a.wakes
"""

# Who began goes on before who waits for its place: otherwise an execution that is under way would be behind
# another of its flow, and both would be under way where only one may.
_FREE = "owner = NULL, lease_until = NULL, due_at = to_timestamp(0)"

RELEASE = f"""
UPDATE public.active_executions SET {_FREE}
 WHERE execution_id = $1 AND epoch = $2
"""  # noqa: S608  # as above

PUT_OFF = """
UPDATE public.active_executions
   SET owner = NULL, lease_until = NULL, due_at = now() + make_interval(secs => $3)
 WHERE execution_id = $1 AND epoch = $2
"""

OWNERS = "SELECT DISTINCT owner FROM public.active_executions WHERE owner IS NOT NULL"

ABANDON = f"""
UPDATE public.active_executions SET {_FREE} WHERE owner = $1
RETURNING execution_id
"""  # noqa: S608  # as above

CONTROL = """
SELECT cancel_requested, pause_requested, wakes FROM public.active_executions
 WHERE execution_id = $1 AND epoch = $2
"""


def select_outcome(scope: TenantScope) -> str:
    """Parameters: execution id."""
    return f"""
SELECT status, started_at, finished_at, outputs, error, usage FROM "{scope.schema}".executions WHERE id = $1
"""  # noqa: S608  # as below


def select_answers(scope: TenantScope) -> str:
    """Parameters: execution id."""
    return f"""
SELECT node_id, answer FROM "{scope.schema}".approvals
 WHERE execution_id = $1 AND answer IS NOT NULL AND closed_at IS NULL
"""  # noqa: S608  # as below


def select_events(scope: TenantScope) -> str:
    """Parameters: execution id, after, limit."""
    return f"""
SELECT seq, execution_id, type, node_id, "timestamp", data FROM "{scope.schema}".execution_events
 WHERE execution_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""  # noqa: S608  # the schema name is 'tenant_' and hex digits, made by TenantScope


def select_seqs(scope: TenantScope) -> str:
    """Parameters: execution id, after."""
    return f"""
SELECT seq FROM "{scope.schema}".execution_events WHERE execution_id = $1 AND seq > $2 ORDER BY seq
"""  # noqa: S608  # as above


def select_snapshot(scope: TenantScope) -> str:
    """Parameters: execution id."""
    return f'SELECT state FROM "{scope.schema}".execution_snapshots WHERE execution_id = $1'  # noqa: S608


def keep_snapshot(scope: TenantScope) -> str:
    """Parameters: execution id, seq, state as JSON. One of a later event stays."""
    return f"""
INSERT INTO "{scope.schema}".execution_snapshots AS s (execution_id, seq, state) VALUES ($1, $2, $3::json)
ON CONFLICT (execution_id) DO UPDATE SET seq = excluded.seq, state = excluded.state WHERE s.seq < excluded.seq
"""  # noqa: S608  # as below


def select_definition(scope: TenantScope) -> str:
    """Parameters: digest."""
    return f'SELECT definition FROM "{scope.schema}".plans WHERE digest = $1'  # noqa: S608  # as above


def _approvals(scope: TenantScope) -> str:
    """Keeps the inbox: a question appears with the event that asks it, and closes when its node ends. One
    that people are asked by mail is due work (features.approvals.mails)."""
    schema = scope.schema
    mailed = putting(f"""
  SELECT 'question', '{scope.tenant_id}'::uuid, b.id || '/' || e.node_id, now()
    FROM batch AS b JOIN fence AS f ON f.execution_id = b.id,
         json_to_recordset(b.events) AS e(type text, node_id text, data json)
   WHERE e.type = 'node_waiting' AND json_typeof(e.data #> '{{request,mails}}') = 'object'
""")  # noqa: S608  # as below
    return f"""
, asked AS (
  INSERT INTO "{schema}".approvals (id, execution_id, node_id, title, details, role, fields, mails, due_at)
  SELECT gen_random_uuid(), b.id, e.node_id, e.data #>> '{{request,title}}', e.data #>> '{{request,details}}',
         e.data #>> '{{request,role}}', e.data #> '{{request,fields}}', e.data #> '{{request,mails}}',
         (e.data ->> 'until')::timestamptz
    FROM batch AS b JOIN fence AS f ON f.execution_id = b.id,
         json_to_recordset(b.events) AS e(type text, node_id text, data json)
   WHERE e.type = 'node_waiting' AND json_typeof(e.data -> 'request') = 'object'
  ON CONFLICT (execution_id, node_id) DO UPDATE
     SET title = excluded.title, details = excluded.details, role = excluded.role, fields = excluded.fields,
         mails = excluded.mails, due_at = excluded.due_at, asked_at = now(), answer = NULL,
         answered_by = NULL, answered_at = NULL, closed_at = NULL
), mailed AS (
  {mailed}
), closed AS (
  UPDATE "{schema}".approvals AS q SET closed_at = now()
    FROM batch AS b JOIN fence AS f ON f.execution_id = b.id,
         json_to_recordset(b.events) AS e(type text, node_id text)
   WHERE e.type IN ('node_completed', 'node_failed', 'node_retrying')
     AND q.execution_id = b.id AND q.node_id = e.node_id AND q.closed_at IS NULL
)
"""  # noqa: S608  # as below


def append(scope: TenantScope, *, approvals: bool) -> str:
    """Writes batches behind their fences; `approvals` when some of them ask a person or end a question.

    Parameters: batches as JSON [{id, epoch, last_seq, traced, final, park, park_until, wakes, status,
    started_at, finished_at, outputs, error, usage, events: [{seq, type, node_id, timestamp, data}]}], lease
    in seconds. A batch whose epoch is not the row's finds no fence, and nothing of it is written.
    """
    schema = scope.schema
    inbox = _approvals(scope) if approvals else ""
    return f"""
WITH batch AS MATERIALIZED (
  SELECT * FROM json_to_recordset($1::json) AS b(
    id uuid, epoch int, last_seq int, traced int, final boolean, park boolean, park_until timestamptz,
    wakes int, status text, started_at timestamptz,
    finished_at timestamptz, outputs json, error json, usage json, events json)
), kept AS (
  UPDATE public.active_executions AS a
     SET last_seq = b.last_seq, traced = greatest(a.traced, b.traced),
         owner = CASE WHEN b.park THEN NULL ELSE a.owner END,
         lease_until = CASE WHEN b.park THEN NULL ELSE now() + make_interval(secs => $2) END,
         status = CASE WHEN b.park THEN 'waiting' ELSE a.status END,
         due_at = CASE WHEN NOT b.park THEN a.due_at WHEN a.wakes > b.wakes THEN now()
                       ELSE coalesce(b.park_until, '9999-01-01T00:00:00Z') END
    FROM batch AS b
   WHERE a.execution_id = b.id AND a.epoch = b.epoch AND NOT b.final
  RETURNING a.execution_id, a.cancel_requested, a.pause_requested, a.wakes
), ended AS (
  DELETE FROM public.active_executions AS a USING batch AS b
   WHERE a.execution_id = b.id AND a.epoch = b.epoch AND b.final
  RETURNING a.execution_id
), fence AS (
  SELECT execution_id, cancel_requested, pause_requested, wakes FROM kept
  UNION ALL SELECT execution_id, false, false, 0 FROM ended
), written AS (
  INSERT INTO "{schema}".execution_events (execution_id, seq, type, node_id, "timestamp", data)
  SELECT b.id, e.seq, e.type, e.node_id, e."timestamp", e.data
    FROM batch AS b JOIN fence AS f ON f.execution_id = b.id,
         json_to_recordset(b.events)
           AS e(seq int, type text, node_id text, "timestamp" timestamptz, data json)
), changed AS (
  UPDATE "{schema}".executions AS x
     SET status = b.status, started_at = coalesce(b.started_at, x.started_at), finished_at = b.finished_at,
         outputs = b.outputs, error = b.error, usage = b.usage,
         waited_seconds = x.waited_seconds + greatest(extract(epoch FROM now() - x.waits_since), 0),
         waits_since = CASE WHEN b.status = 'waiting' THEN now() END
    FROM batch AS b JOIN fence AS f ON f.execution_id = b.id
   WHERE x.id = b.id AND b.status IS NOT NULL
){inbox}
SELECT execution_id, cancel_requested, pause_requested, wakes FROM fence
"""  # noqa: S608  # as above


# Waits for a statement that is still under way after its connection was lost.
LOCK_ROWS = """
SELECT FROM public.active_executions WHERE execution_id = ANY($1::uuid[]) ORDER BY execution_id FOR UPDATE
"""


def select_written(scope: TenantScope) -> str:
    """Which batches are in the journal already, exactly as they are given, and what is asked of each.

    Parameters: batches as JSON [{id, epoch, events: [...]}].
    """
    return f"""
SELECT b.id AS execution_id, coalesce(a.cancel_requested, false) AS cancel_requested,
       coalesce(a.pause_requested, false) AS pause_requested, coalesce(a.wakes, 0) AS wakes
  FROM json_to_recordset($1::json) AS b(id uuid, epoch int, events json)
       LEFT JOIN public.active_executions AS a ON a.execution_id = b.id AND a.epoch = b.epoch
 WHERE json_array_length(b.events) > 0 AND NOT EXISTS (
   SELECT FROM json_to_recordset(b.events)
                 AS e(seq int, type text, node_id text, "timestamp" timestamptz, data json)
    WHERE NOT EXISTS (
      SELECT FROM "{scope.schema}".execution_events AS s
       WHERE s.execution_id = b.id AND s.seq = e.seq AND s.type = e.type
         AND s.node_id IS NOT DISTINCT FROM e.node_id AND s."timestamp" = e."timestamp"
         AND s.data::text = e.data::text))
"""  # noqa: S608  # as above
