"""The Journal port on PostgreSQL, by asyncpg: one statement a call, prepared once per connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from watchbill.adapters.journal import queries
from watchbill.core.events import Event, ExecutionStatus
from watchbill.core.json.parts import read_texts
from watchbill.core.ports.journal import Batch, Claim, Control, Outcome
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.faults import DRIVER_ERRORS, passing
from watchbill.kit.database.pool import INSTALLATION, Connection, Connections

_NO_LIMIT = 2**31 - 1
# A claim by hints reads of one tenant, whose tables somebody may hold; others wait behind it.
_CLAIM_SECONDS = 3.0


class PostgresJournal:
    """Implements core.ports.Journal. Raises ConnectionError when the database does not answer, and
    TimeoutError when somebody holds what is wanted.

    Args:
        running_limit: executions that may run at a time, for each tenant that has no limit of its own; 0 is
            any number.
    """

    def __init__(self, connections: Connections, *, running_limit: int = 0):
        self._connections = connections
        self._running_limit = running_limit

    async def claim(
        self,
        owner: str,
        *,
        lease_seconds: float,
        limit: int,
        only: Collection[UUID] | None = None,
        of: TenantScope | None = None,
        force: bool = False,
        held: Collection[UUID] = (),
    ) -> list[Claim]:
        given = (owner, lease_seconds, limit, self._running_limit)
        async with self._connection(of) as connection:
            if only is None:
                async with connection.transaction():
                    await connection.execute(queries.CLAIM_LOCK)
                    rows = await connection.fetch(queries.CLAIM_DUE, *given, list(held))
            else:
                query = queries.CLAIM_FORCED if force else queries.claim_only(of)
                rows = await connection.fetch(query, *given, list(only), timeout=_CLAIM_SECONDS)
        return [
            Claim(
                # asyncpg has a UUID type of its own that JSON encoders do not know.
                TenantScope(UUID(int=row["tenant_id"].int)),
                UUID(int=row["execution_id"].int),
                row["epoch"],
                row["last_seq"],
                row["plan_digest"],
                _control(row),
                row["limited"],
                _brought(row.get("events")),
                row["traced"],
            )
            for row in rows
        ]

    async def heartbeat(
        self, owner: str, executions: Collection[UUID], *, lease_seconds: float
    ) -> Mapping[UUID, Control]:
        async with self._connection() as connection:
            rows = await connection.fetch(queries.HEARTBEAT, owner, lease_seconds, list(executions))
        return {row["execution_id"]: _control(row) for row in rows}

    async def events(
        self, scope: TenantScope, execution_id: UUID, *, after: int = 0, limit: int | None = None
    ) -> list[Event]:
        async with self._connection(scope) as connection:
            rows = await connection.fetch(
                queries.select_events(scope), execution_id, after, limit or _NO_LIMIT
            )
        values = await read_texts(row["data"] for row in rows)
        return [
            Event(
                seq=row["seq"],
                execution_id=row["execution_id"],
                type=row["type"],
                node_id=row["node_id"],
                timestamp=row["timestamp"],
                data=data,
            )
            for row, data in zip(rows, values, strict=True)
        ]

    async def seqs(self, scope: TenantScope, execution_id: UUID, *, after: int = 0) -> list[int]:
        async with self._connection(scope) as connection:
            rows = await connection.fetch(queries.select_seqs(scope), execution_id, after)
        return [row["seq"] for row in rows]

    async def snapshot(self, scope: TenantScope, execution_id: UUID) -> str | None:
        async with self._connection(scope) as connection:
            return await connection.fetchval(queries.select_snapshot(scope), execution_id)

    async def definition(self, scope: TenantScope, digest: str) -> dict[str, Any]:
        async with self._connection(scope) as connection:
            text = await connection.fetchval(queries.select_definition(scope), digest)
        if text is None:
            raise LookupError(f"no plan has the digest {digest}")
        return orjson.loads(text)

    async def append(
        self, scope: TenantScope, batches: Sequence[Batch], *, lease_seconds: float, again: bool = False
    ) -> Mapping[UUID, Control]:
        async with self._connection(scope) as connection:
            if again:
                return await self._append_again(connection, scope, batches, lease_seconds)
            return await self._append(connection, scope, batches, lease_seconds)

    async def _append(
        self, connection: Connection, scope: TenantScope, batches: Sequence[Batch], lease_seconds: float
    ) -> dict[UUID, Control]:
        text = orjson.dumps([_row(batch) for batch in batches]).decode()
        query = queries.append(scope, approvals=any(batch.approvals for batch in batches))
        rows = await connection.fetch(query, text, lease_seconds)
        written = {row["execution_id"]: _control(row) for row in rows}
        for batch in batches:
            # Beside the commit: losing it costs the next reader time, and nothing else.
            if batch.snapshot is not None and batch.execution_id in written:
                given = (batch.execution_id, batch.last_seq, batch.snapshot)
                await connection.execute(queries.keep_snapshot(scope), *given)
        return written

    async def _append_again(
        self, connection: Connection, scope: TenantScope, batches: Sequence[Batch], lease_seconds: float
    ) -> dict[UUID, Control]:
        """The statement before may be under way still, done, or undone. Behind the locks of its rows one of
        the last two is so, and the next statement sees which."""
        text = orjson.dumps([_row(batch) for batch in batches]).decode()
        async with connection.transaction():
            await connection.execute(queries.LOCK_ROWS, [batch.execution_id for batch in batches])
            rows = await connection.fetch(queries.select_written(scope), text)
            written = {row["execution_id"]: _control(row) for row in rows}
            if rest := [batch for batch in batches if batch.execution_id not in written]:
                written |= await self._append(connection, scope, rest, lease_seconds)
        return written

    async def outcome(self, scope: TenantScope, execution_id: UUID) -> Outcome | None:
        async with self._connection(scope) as connection:
            row = await connection.fetchrow(queries.select_outcome(scope), execution_id)
        if row is None:
            return None
        texts = (row["outputs"], row["error"], row["usage"])
        outputs, error, usage = (None if text is None else orjson.loads(text) for text in texts)
        return Outcome(
            ExecutionStatus(row["status"]), row["started_at"], row["finished_at"], outputs, error, usage
        )

    async def control(self, execution_id: UUID, epoch: int) -> Control | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(queries.CONTROL, execution_id, epoch)
        return None if row is None else _control(row)

    async def answers(self, scope: TenantScope, execution_id: UUID) -> Mapping[str, Mapping[str, Any]]:
        async with self._connection(scope) as connection:
            rows = await connection.fetch(queries.select_answers(scope), execution_id)
        return {row["node_id"]: orjson.loads(row["answer"]) for row in rows}

    async def release(self, execution_id: UUID, epoch: int) -> None:
        async with self._connection() as connection:
            await connection.execute(queries.RELEASE, execution_id, epoch)

    async def put_off(self, execution_id: UUID, epoch: int, seconds: float) -> None:
        async with self._connection() as connection:
            await connection.execute(queries.PUT_OFF, execution_id, epoch, seconds)

    async def owners(self) -> set[str]:
        async with self._connection() as connection:
            return {row["owner"] for row in await connection.fetch(queries.OWNERS)}

    async def abandon(self, owner: str) -> int:
        async with self._connection() as connection:
            return len(await connection.fetch(queries.ABANDON, owner))

    @asynccontextmanager
    async def _connection(self, scope: TenantScope | None = None) -> AsyncGenerator[Connection]:
        try:
            async with self._connections.of(scope.schema if scope else INSTALLATION) as connection:
                yield connection
        except asyncpg.LockNotAvailableError as error:
            raise TimeoutError(f"PostgreSQL: {error}") from error
        except (asyncpg.PostgresError, *DRIVER_ERRORS) as error:
            if not passing(error):
                raise
            raise ConnectionError(f"PostgreSQL: {error}") from error


def _brought(events: str | None) -> list[Event] | None:
    return None if events is None else [Event.model_validate(event) for event in orjson.loads(events)]


def _control(row: asyncpg.Record) -> Control:
    return Control(row["cancel_requested"], row["pause_requested"], row["wakes"])


def _row(batch: Batch) -> dict[str, Any]:
    outcome = batch.outcome
    row: dict[str, Any] = {
        # asyncpg makes UUIDs of its own class, which orjson does not know.
        "id": str(batch.execution_id),
        "epoch": batch.epoch,
        "last_seq": batch.last_seq,
        "traced": batch.traced,
        "final": outcome is not None and outcome.status.final,
        "park": batch.park is not None,
        "park_until": batch.park.until if batch.park else None,
        "wakes": batch.park.wakes if batch.park else 0,
        "events": [
            {
                "seq": event.seq,
                "type": event.type,
                "node_id": event.node_id,
                "timestamp": event.timestamp,
                "data": event.data,
            }
            for event in batch.events
        ],
    }
    if outcome is not None:
        row |= {
            "status": outcome.status,
            "started_at": outcome.started_at,
            "finished_at": outcome.finished_at,
            "outputs": outcome.outputs,
            "error": outcome.error,
            "usage": outcome.usage,
        }
    return row
