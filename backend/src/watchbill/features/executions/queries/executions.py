"""SQL of executions. The session's transaction sees one tenant; ActiveExecution is public and named whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlalchemy.sql.base import ExecutableOption

from watchbill.core.events import Event
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.queries.journal import row_of
from watchbill.features.executions.tables import (
    ActiveExecution,
    Execution,
    StoredPlan,
)
from watchbill.features.flows.tables import Flow
from watchbill.kit.audit import NOTED, note_of_new

_COLUMNS = (
    "id",
    "flow_id",
    "flow_version",
    "plan_digest",
    "status",
    "inputs",
    "idempotency_key",
    "forked_from",
    "created_by",
)
_UUIDS = ("id", "flow_id", "tenant_id", "forked_from", "created_by", "note_id", "actor")
# A crew that was tested by itself has no flow; its execution is called after the crew.
_CREW_NAME: ColumnElement[str] = literal_column("""
(SELECT jsonb_path_query_first(CAST(plans.definition AS jsonb), '$.nodes[*] ? (@.type == "crew").label')
        #>> '{}'
 FROM plans WHERE plans.digest = executions.plan_digest AND executions.flow_id IS NULL)
""")
# Of an execution, what may have megabytes.
Values = Literal["inputs", "outputs"]
# An execution, the name of its flow or crew, and its row while it is not over.
Found = tuple[Execution, str | None, ActiveExecution | None]


async def keep_plan(session: AsyncSession, digest: str, definition: dict[str, Any]) -> None:
    """Store a plan unless it is there."""
    await session.execute(
        insert(StoredPlan).values(digest=digest, definition=definition).on_conflict_do_nothing()
    )


async def by_idempotency_key(session: AsyncSession, key: str) -> Execution | None:
    """The execution that a request with this key made."""
    return await session.scalar(select(Execution).where(Execution.idempotency_key == key))


# One statement for what would be eight round trips. The plan is held on to, so that nobody removes it
# meanwhile; without it, when the key was used already, or when the flow is not as it was seen, nothing is
# stored.
_INSERT = text(
    f"""
WITH plan AS MATERIALIZED (
  SELECT digest FROM plans
   WHERE digest = :plan_digest
     AND (CAST(:flow_seen AS timestamptz) IS NULL
          OR EXISTS (SELECT FROM flows
                      WHERE id = CAST(:flow_id AS uuid) AND updated_at = CAST(:flow_seen AS timestamptz)
                        AND deleted_at IS NULL))
     FOR KEY SHARE OF plans
), execution AS (
  INSERT INTO executions (id, flow_id, flow_version, plan_digest, status, inputs, idempotency_key,
                          forked_from, created_by)
  SELECT :id, CAST(:flow_id AS uuid), CAST(:flow_version AS int), plan.digest, :status,
         CAST(:inputs AS json), CAST(:idempotency_key AS text), CAST(:forked_from AS uuid),
         CAST(:created_by AS uuid)
    FROM plan
  ON CONFLICT (idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
  RETURNING id, created_at
), told AS (
  INSERT INTO execution_events (execution_id, seq, type, node_id, "timestamp", data)
  SELECT execution.id, e.seq, e.type, e.node_id, e."timestamp", e.data
    FROM execution, json_to_recordset(CAST(:events AS json))
      AS e(seq int, type text, node_id text, "timestamp" timestamptz, data json)
), waiting AS (
  INSERT INTO public.active_executions (execution_id, tenant_id, plan_digest, last_seq, flow_id, flow_limit)
  SELECT execution.id, :tenant_id, :plan_digest, :last_seq, CAST(:flow_id AS uuid), CAST(:flow_limit AS int)
    FROM execution
), noted AS (
  {NOTED}
    FROM execution WHERE CAST(:note AS jsonb) IS NOT NULL
)
SELECT created_at FROM execution
"""  # noqa: S608 (our own text)
).bindparams(*(bindparam(name, type_=Uuid()) for name in _UUIDS))


async def insert_execution(
    session: AsyncSession,
    scope: TenantScope,
    execution: Execution,
    events: Sequence[Event],
    flow_limit: int | None = None,
    flow_seen: datetime | None = None,
    last_seq: int | None = None,
) -> bool:
    """Store a pending execution, its first events, and the row that workers find it by; the object is not
    the session's afterwards. `last_seq` is that of the last event where further ones follow. Returns whether
    it was stored: not when its plan is not there, another has its idempotency key, or its flow was changed
    since `flow_seen` or deleted."""
    values = {name: getattr(execution, name) for name in _COLUMNS} | {
        "inputs": orjson.dumps(execution.inputs).decode(),
        "events": orjson.dumps([row_of(event) for event in events]).decode(),
        "last_seq": last_seq or events[-1].seq,
        "tenant_id": scope.tenant_id,
        "flow_limit": flow_limit,
        "flow_seen": flow_seen,
    }
    note = note_of_new(session, execution)
    created_at = await session.scalar(_INSERT, {**values, **note.values})
    if created_at is None:
        return False
    execution.created_at = created_at
    note.written()
    return True


def activate(
    session: AsyncSession,
    scope: TenantScope,
    execution: Execution,
    *,
    last_seq: int,
    epoch: int = 0,
    flow_limit: int | None = None,
) -> None:
    """Let workers find the execution."""
    session.add(
        ActiveExecution(
            execution_id=execution.id,
            tenant_id=scope.tenant_id,
            plan_digest=execution.plan_digest,
            last_seq=last_seq,
            epoch=epoch,
            flow_id=execution.flow_id,
            flow_limit=flow_limit,
        )
    )


def without_values(*but: Values) -> Sequence[ExecutableOption]:
    """Leaves out of a query's executions what may have megabytes in each, `but` for what is named."""
    columns = {"inputs": Execution.inputs, "outputs": Execution.outputs}
    return [defer(column, raiseload=True) for name, column in columns.items() if name not in but]


def _with_flow(*values: Values) -> Select[Execution, str, ActiveExecution]:
    return (
        select(Execution, func.coalesce(Flow.name, _CREW_NAME), ActiveExecution)
        .outerjoin(Flow, Flow.id == Execution.flow_id)
        .outerjoin(ActiveExecution, ActiveExecution.execution_id == Execution.id)
        .options(*without_values(*values))
    )


async def find(session: AsyncSession, execution_id: UUID, *values: Values) -> Found | None:
    """The execution, with these of its values, the name of its flow or crew, and its row while it is not
    over."""
    row = (await session.execute(_with_flow(*values).where(Execution.id == execution_id))).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def plan_definition(session: AsyncSession, digest: str) -> dict[str, Any]:
    """The definition a plan was made from."""
    return (await session.scalars(select(StoredPlan.definition).where(StoredPlan.digest == digest))).one()


async def newest(
    session: AsyncSession,
    *,
    flow_ids: Collection[UUID] | None,
    statuses: Sequence[str],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Found]:
    """Executions of these flows, or of all, newest first, that come after the cursor `before`, without their
    values."""
    query = _with_flow().order_by(Execution.created_at.desc(), Execution.id.desc()).limit(limit)
    if flow_ids is not None:
        query = query.where(Execution.flow_id.in_(flow_ids))
    if statuses:
        query = query.where(Execution.status.in_(statuses))
    if before:
        query = query.where(tuple_(Execution.created_at, Execution.id) < tuple_(*before))
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def ask(
    session: AsyncSession,
    scope: TenantScope,
    execution_id: UUID | None = None,
    *,
    cancel: bool | None = None,
    pause: bool | None = None,
) -> Sequence[UUID]:
    """Ask something of an execution that is not over, or (without an id) of all that the tenant has: to end,
    to pause or not, or only to look at what changed. Whoever has it or takes it does. Returns which were
    asked.

    The session may be the tenant's or the service's own.
    """
    asked = {"cancel_requested": cancel, "pause_requested": pause}
    marks = {name: value for name, value in asked.items() if value is not None}
    which = true() if execution_id is None else ActiveExecution.execution_id == execution_id
    return await _ask(session, scope, which, **marks)


async def _ask(
    session: AsyncSession, scope: TenantScope, which: ColumnElement[bool], **marks: bool
) -> Sequence[UUID]:
    """The only statement that asks, whoever does: to cancel, pause, resume, answer or suspend."""
    statement = (
        update(ActiveExecution)
        .where(ActiveExecution.tenant_id == scope.tenant_id, which)
        .values(**marks, wakes=ActiveExecution.wakes + 1, due_at=func.now())
        .returning(ActiveExecution.execution_id)
    )
    return (await session.scalars(statement)).all()


async def cancel_of(session: AsyncSession, scope: TenantScope, user_id: UUID) -> Sequence[UUID]:
    """Ask whatever somebody started and that is not over to end; returns which executions were."""
    theirs = select(Execution.id).where(Execution.created_by == user_id)
    return await _ask(session, scope, ActiveExecution.execution_id.in_(theirs), cancel_requested=True)


async def locked(session: AsyncSession, execution_id: UUID) -> Execution | None:
    """The execution, for nobody else to change meanwhile."""
    return await session.scalar(select(Execution).where(Execution.id == execution_id).with_for_update())


async def held(session: AsyncSession, execution_id: UUID) -> bool:
    """Keep an execution from being deleted meanwhile; False when it is gone."""
    query = select(Execution.id).where(Execution.id == execution_id)
    return await session.scalar(query.with_for_update(read=True, key_share=True)) is not None


async def flow_limit(session: AsyncSession, flow_id: UUID | None) -> int | None:
    """How many executions of the flow may run at a time; None for any number."""
    return await session.scalar(select(Flow.max_running).where(Flow.id == flow_id)) if flow_id else None
