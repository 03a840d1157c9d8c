"""SQL of due work: saying what is due, taking it in turns of the tenants, and settling it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, and_, delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.kit.due_work.kinds import Due, Kind
from watchbill.kit.due_work.table import DueRow

# Of each kind the longest due are looked at. Where there are more, each tenant's are looked at by themselves,
# so that one with a million things to do hides nobody, and costs no more than others. What a tenant has in
# hand counts in its turns: who has much there must not come first again whenever a place is free.
_LOOKED_AT = 1_000
_SERVED = "(t.id IS NULL OR t.status = 'active' OR {also_suspended})"
_FREE = """NOT EXISTS (SELECT FROM busy AS b
                 WHERE b.kind = {row}.kind AND b.tenant_id = {row}.tenant_id AND b.key = {row}.key)"""

_PICK = text(f"""
WITH RECURSIVE kinds AS MATERIALIZED (
  SELECT * FROM json_to_recordset(CAST(:kinds AS json))
                  AS k(kind text, room int, each int, also_suspended boolean)
), shares AS MATERIALIZED (
  SELECT * FROM json_to_recordset(CAST(:shares AS json)) AS s(kind text, tenant_id uuid, room int)
), busy AS MATERIALIZED (
  SELECT * FROM json_to_recordset(CAST(:busy AS json)) AS b(kind text, tenant_id uuid, key text)
), oldest AS MATERIALIZED (
  SELECT d.* FROM kinds AS k CROSS JOIN LATERAL (
    SELECT w.kind, w.tenant_id, w.key, w.due_at FROM public.due_work AS w
     WHERE w.kind = k.kind AND w.due_at <= :now ORDER BY w.due_at LIMIT :looked_at) AS d
), crowded AS MATERIALIZED (
  SELECT kind FROM oldest GROUP BY kind HAVING count(*) >= :looked_at
), places AS (
  SELECT c.kind, (SELECT w.tenant_id FROM public.due_work AS w WHERE w.kind = c.kind
                   ORDER BY w.tenant_id LIMIT 1) AS tenant_id
    FROM crowded AS c
   UNION ALL
  SELECT p.kind, (SELECT w.tenant_id FROM public.due_work AS w
                   WHERE w.kind = p.kind AND w.tenant_id > p.tenant_id ORDER BY w.tenant_id LIMIT 1)
    FROM places AS p WHERE p.tenant_id IS NOT NULL
), waiting AS (
  SELECT * FROM oldest AS o WHERE o.kind NOT IN (SELECT kind FROM crowded) AND {_FREE.format(row="o")}
   UNION ALL
  SELECT d.* FROM places AS p JOIN kinds AS k USING (kind)
         LEFT JOIN shares AS s ON s.kind = p.kind AND s.tenant_id = p.tenant_id
         CROSS JOIN LATERAL (
    SELECT w.kind, w.tenant_id, w.key, w.due_at FROM public.due_work AS w
     WHERE w.kind = p.kind AND w.tenant_id = p.tenant_id AND w.due_at <= :now AND {_FREE.format(row="w")}
     ORDER BY w.due_at LIMIT coalesce(s.room, k.each)) AS d
)
SELECT kind, tenant_id, key, gone FROM (
  SELECT *, row_number() OVER (PARTITION BY kind ORDER BY turn, due_at) AS place FROM (
    SELECT d.*, t.id IS NULL AS gone, k.room, k.each,
           k.each - coalesce(s.room, k.each)
           + row_number() OVER (PARTITION BY d.kind, d.tenant_id ORDER BY d.due_at, d.key) AS turn
      FROM waiting AS d JOIN kinds AS k USING (kind)
           LEFT JOIN public.tenants AS t ON t.id = d.tenant_id
           LEFT JOIN shares AS s ON s.kind = d.kind AND s.tenant_id = d.tenant_id
     WHERE {_SERVED.format(also_suspended="k.also_suspended")}
  ) AS turns WHERE turn <= each
) AS places WHERE place <= room ORDER BY turn, due_at
""")  # noqa: S608 (made of this module's constants)
# What somebody else has in hand is left to them. A row that was moved on since it was picked is not due.
_TAKE = text("""
WITH chosen AS MATERIALIZED (
  SELECT * FROM json_to_recordset(CAST(:chosen AS json))
                  AS c(kind text, tenant_id uuid, key text, until timestamptz)
), free AS MATERIALIZED (
  SELECT w.kind, w.tenant_id, w.key, w.due_at, w.attempts, c.until
    FROM chosen AS c JOIN public.due_work AS w USING (kind, tenant_id, key)
   WHERE w.due_at <= :now
     FOR UPDATE OF w SKIP LOCKED
), leased AS (
  UPDATE public.due_work AS w SET due_at = f.until, attempts = w.attempts + 1 FROM free AS f
   WHERE f.until IS NOT NULL AND w.kind = f.kind AND w.tenant_id = f.tenant_id AND w.key = f.key
)
SELECT kind, tenant_id, key, coalesce(until, due_at), attempts FROM free
""")
_HOLD = text(f"""
SELECT w.due_at, w.attempts FROM public.due_work AS w LEFT JOIN public.tenants AS t ON t.id = w.tenant_id
 WHERE w.kind = :kind AND w.tenant_id = :tenant_id AND w.key = :key AND w.due_at <= :now
   AND {_SERVED.format(also_suspended=":also_suspended")}
   FOR UPDATE OF w SKIP LOCKED
""")  # noqa: S608 (as above)
_CONFLICT = "ON CONFLICT (kind, tenant_id, key) DO UPDATE SET due_at = excluded.due_at, attempts = 0"


async def put(session: AsyncSession, kind: str, tenant_id: UUID, at: datetime, *keys: UUID | str) -> None:
    """Say when things are due, whatever was said of them before."""
    if not keys:
        return
    rows = [{"kind": kind, "tenant_id": tenant_id, "key": str(key), "due_at": at} for key in keys]
    row = insert(DueRow).values(rows)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=[DueRow.kind, DueRow.tenant_id, DueRow.key],
            set_={"due_at": row.excluded.due_at, "attempts": 0},
        )
    )


def putting(select: str) -> str:
    """`put` as a part of a larger statement: what the query gives as kind, tenant_id, key and due_at."""
    return f"INSERT INTO public.due_work AS w (kind, tenant_id, key, due_at) {select} {_CONFLICT}"


async def drop(session: AsyncSession, kind: str, tenant_id: UUID, key: UUID | str) -> None:
    """Say that a thing is not due any more."""
    await session.execute(delete(DueRow).where(_named(kind, tenant_id, str(key))))


async def drop_all(session: AsyncSession, tenant_id: UUID) -> None:
    """Say that nothing of a tenant's is due any more: it is being deleted."""
    await session.execute(delete(DueRow).where(DueRow.tenant_id == tenant_id))


async def settle(session: AsyncSession, due: Due, at: datetime | None) -> bool:
    """Say when what was taken is due again, or with None that it is not. False when it was not ours any more:
    somebody said anew when it is due, or took it after our lease."""
    ours = (_named(due.kind, due.tenant_id, due.key), DueRow.due_at == due.due_at)
    change = update(DueRow).where(*ours).values(due_at=at, attempts=0)
    done = await session.execute((change if at else delete(DueRow).where(*ours)).returning(DueRow.key))
    return done.first() is not None


async def postpone(session: AsyncSession, due: Due, at: datetime) -> None:
    """Try again at `at` what went wrong, unless somebody said anew when it is due."""
    ours = (_named(due.kind, due.tenant_id, due.key), DueRow.due_at == due.due_at)
    await session.execute(update(DueRow).where(*ours).values(due_at=at, attempts=DueRow.attempts + 1))


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a kind may be taken now: `room` in all, and of a tenant `each` or what `shares` leave it.
    What is `busy` has been picked already and waits here."""

    kind: Kind
    room: int
    shares: Mapping[UUID, int] = field(default_factory=dict[UUID, int])
    busy: Iterable[Due] = ()


async def take(session: AsyncSession, rooms: Sequence[Room], now: datetime) -> list[Due]:
    """Take what is due, in turns: of each kind a tenant has one before another has its second. What is leased
    is this worker's; the rest is free, and whoever `hold`s it has it. What is due for tenants that are gone
    is dropped."""
    kinds = {room.kind.name: room.kind for room in rooms}
    values = {
        "kinds": _json(
            {
                "kind": r.kind.name,
                "room": r.room,
                "each": r.kind.each,
                "also_suspended": r.kind.also_suspended,
            }
            for r in rooms
        ),
        "shares": _json(
            {"kind": r.kind.name, "tenant_id": tenant_id, "room": left}
            for r in rooms
            for tenant_id, left in r.shares.items()
        ),
        "busy": _json(
            {"kind": due.kind, "tenant_id": due.tenant_id, "key": due.key} for r in rooms for due in r.busy
        ),
        "looked_at": _LOOKED_AT,
        "now": now,
    }
    picked = (await session.execute(_PICK, values)).all()
    for kind, tenant_id, key, gone in picked:
        if gone:
            await drop(session, kind, tenant_id, key)
    chosen = [
        {"kind": kind, "tenant_id": tenant_id, "key": key, "until": lease and now + lease}
        for kind, tenant_id, key, gone in picked
        if not gone
        for lease in (kinds[kind].lease,)
    ]
    if not chosen:
        return []
    rows = await session.execute(_TAKE, {"chosen": _json(chosen), "now": now})
    free = {(row[0], row[1], row[2]): Due(*row) for row in rows}
    wanted = ((one["kind"], one["tenant_id"], one["key"]) for one in chosen)
    return [free[key] for key in wanted if key in free]


async def hold(session: AsyncSession, due: Due, now: datetime, *, also_suspended: bool) -> Due | None:
    """Have what is due until the transaction ends; None when somebody else has it, or did it meanwhile."""
    values = {
        "kind": due.kind,
        "tenant_id": due.tenant_id,
        "key": due.key,
        "now": now,
        "also_suspended": also_suspended,
    }
    row = (await session.execute(_HOLD, values)).one_or_none()
    return None if row is None else Due(due.kind, due.tenant_id, due.key, row[0], row[1])


def _named(kind: str, tenant_id: UUID, key: str) -> ColumnElement[bool]:
    return and_(DueRow.kind == kind, DueRow.tenant_id == tenant_id, DueRow.key == key)


def _json(rows: Iterable[Mapping[str, Any]]) -> str:
    # The driver has a UUID of its own.
    return orjson.dumps(list(rows), default=str).decode()
