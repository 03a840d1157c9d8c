"""In-memory twins of the engine's ports: the same contracts, for tests of the pure engine and for benches."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from watchbill.core.events import Event, ExecutionQueued, ExecutionStatus, envelope
from watchbill.core.ports.documents import MAX_BODY_BYTES, Document, DocumentTooLarge
from watchbill.core.ports.documents import Collection as DocumentCollection
from watchbill.core.ports.journal import Batch, Claim, Control, Outcome
from watchbill.core.ports.live import Ending
from watchbill.core.tenancy import TenantScope


@dataclass(slots=True)
class _Row:
    scope: TenantScope
    digest: str
    owner: str | None = None
    lease_until: datetime | None = None
    epoch: int = 0
    last_seq: int = 1
    traced: int = 0
    control: Control = field(default_factory=Control)
    due_at: datetime | None = None


@dataclass
class MemoryJournal:
    """Implements core.ports.Journal, with the time that `now` gives."""

    definitions: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    rows: dict[UUID, _Row] = field(default_factory=dict[UUID, _Row])
    written: dict[UUID, list[Event]] = field(default_factory=lambda: defaultdict(list))
    outcomes: dict[UUID, Outcome] = field(default_factory=dict[UUID, Outcome])
    # Each with the number of its last event.
    snapshots: dict[UUID, tuple[int, str]] = field(default_factory=dict[UUID, tuple[int, str]])
    answered: dict[UUID, dict[str, Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def create(
        self, scope: TenantScope, execution_id: UUID, definition: dict[str, Any], inputs: dict[str, Any]
    ) -> None:
        """Store a pending execution as the API does."""
        digest = f"digest-{id(definition)}"
        self.definitions[digest] = definition
        self.rows[execution_id] = _Row(scope, digest, due_at=self.now())
        queued = ExecutionQueued(inputs=inputs)
        now = self.now()
        self.written[execution_id] = [
            envelope(queued, seq=1, execution_id=execution_id, node_id=None, timestamp=now)
        ]

    def request_cancel(self, execution_id: UUID) -> None:
        """Ask for a cancel as the API does."""
        self.ask(execution_id, cancel=True)

    def ask(self, execution_id: UUID, **asked: bool) -> None:
        """Ask something of an execution, as the API does, or wake it."""
        row = self.rows[execution_id]
        row.control = replace(row.control, wakes=row.control.wakes + 1, **asked)
        row.due_at = self.now()

    def answer(self, execution_id: UUID, path: str, answer: Mapping[str, Any]) -> None:
        """Answer a question, as the API does."""
        self.answered[execution_id][path] = answer
        self.ask(execution_id)

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
        now = self.now()
        claims: list[Claim] = []
        for id_, row in self.rows.items():
            alive = only is None and row.owner == owner and id_ in held
            expired = row.lease_until is not None and row.lease_until < now and not alive
            due = force or (row.due_at is not None and row.due_at <= now)
            free = (row.owner is None and due) or expired
            if len(claims) < limit and free and (only is None or id_ in only):
                row.owner, row.epoch = owner, row.epoch + 1
                row.lease_until = now + timedelta(seconds=lease_seconds)
                # Once it was claimed with them, and once without, as after a sweep.
                events = list(self.written[id_]) if of and row.last_seq == 1 else None
                claims.append(
                    Claim(
                        row.scope,
                        id_,
                        row.epoch,
                        row.last_seq,
                        row.digest,
                        row.control,
                        events=events,
                        traced=row.traced,
                    )
                )
        return claims

    async def heartbeat(
        self, owner: str, executions: Collection[UUID], *, lease_seconds: float
    ) -> Mapping[UUID, Control]:
        mine = {id_: row for id_, row in self.rows.items() if row.owner == owner and id_ in executions}
        for row in mine.values():
            row.lease_until = self.now() + timedelta(seconds=lease_seconds)
        return {id_: row.control for id_, row in mine.items()}

    async def events(
        self, scope: TenantScope, execution_id: UUID, *, after: int = 0, limit: int | None = None
    ) -> list[Event]:
        return [event for event in self.written[execution_id] if event.seq > after][:limit]

    async def seqs(self, scope: TenantScope, execution_id: UUID, *, after: int = 0) -> list[int]:
        return [event.seq for event in self.written[execution_id] if event.seq > after]

    async def snapshot(self, scope: TenantScope, execution_id: UUID) -> str | None:
        return self.snapshots[execution_id][1] if execution_id in self.snapshots else None

    async def definition(self, scope: TenantScope, digest: str) -> dict[str, Any]:
        return self.definitions[digest]

    async def append(
        self, scope: TenantScope, batches: Sequence[Batch], *, lease_seconds: float, again: bool = False
    ) -> Mapping[UUID, Control]:
        await asyncio.sleep(0)
        accepted: dict[UUID, Control] = {}
        for batch in batches:
            row = self.rows.get(batch.execution_id)
            if again and batch.events and batch.events[-1] in self.written[batch.execution_id]:
                accepted[batch.execution_id] = Control() if row is None else row.control
                continue
            if row is None or row.epoch != batch.epoch or row.scope != scope:
                continue
            row.last_seq, row.traced = batch.last_seq, max(row.traced, batch.traced)
            if batch.snapshot is not None:
                self.snapshots[batch.execution_id] = batch.last_seq, batch.snapshot
            self.written[batch.execution_id] += batch.events
            if batch.park is not None:
                row.owner = row.lease_until = None
                woken = row.control.wakes > batch.park.wakes
                row.due_at = self.now() if woken else batch.park.until
            if batch.outcome is not None:
                self.outcomes[batch.execution_id] = batch.outcome
                if batch.outcome.status.final:
                    del self.rows[batch.execution_id]
            accepted[batch.execution_id] = row.control
        return accepted

    async def outcome(self, scope: TenantScope, execution_id: UUID) -> Outcome | None:
        pending = Outcome(ExecutionStatus.PENDING) if execution_id in self.rows else None
        return self.outcomes.get(execution_id, pending)

    async def owners(self) -> set[str]:
        return {row.owner for row in self.rows.values() if row.owner is not None}

    async def abandon(self, owner: str) -> int:
        theirs = [row for row in self.rows.values() if row.owner == owner]
        for row in theirs:
            row.owner, row.lease_until, row.due_at = None, None, self.now()
        return len(theirs)

    async def control(self, execution_id: UUID, epoch: int) -> Control | None:
        row = self.rows.get(execution_id)
        return row.control if row is not None and row.epoch == epoch else None

    async def answers(self, scope: TenantScope, execution_id: UUID) -> Mapping[str, Mapping[str, Any]]:
        return dict(self.answered[execution_id])

    async def release(self, execution_id: UUID, epoch: int) -> None:
        row = self.rows.get(execution_id)
        if row is not None and row.epoch == epoch:
            row.owner = row.lease_until = None

    async def put_off(self, execution_id: UUID, epoch: int, seconds: float) -> None:
        row = self.rows.get(execution_id)
        if row is not None and row.epoch == epoch:
            row.owner = row.lease_until = None
            row.due_at = self.now() + timedelta(seconds=seconds)


@dataclass
class MemoryDocuments:
    """Implements core.ports.DocumentStore."""

    outside = True

    kept: dict[tuple[TenantScope, str, str], dict[int, Document]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    async def append(
        self, scope: TenantScope, collection: DocumentCollection, entries: Sequence[tuple[str, Document]]
    ) -> None:
        for key, document in entries:
            if len(orjson.dumps(document.body)) > MAX_BODY_BYTES:
                raise DocumentTooLarge(f"document {document.seq} of {key} is too large")
        for key, document in entries:
            self.kept[scope, collection, key].setdefault(document.seq, document)

    async def read(
        self,
        scope: TenantScope,
        collection: DocumentCollection,
        key: str,
        *,
        after: int = 0,
        limit: int = 1000,
        types: Sequence[str] = (),
        room: int | None = None,
    ) -> list[Document]:
        some: list[Document] = []
        for seq, document in sorted(self.kept[scope, collection, key].items()):
            if seq <= after or (types and document.body.get("type") not in types):
                continue
            if len(some) == limit or (room is not None and sum(one.size for one in some) >= room):
                break
            some.append(_sized(document))
        return some

    async def pick(
        self, scope: TenantScope, collection: DocumentCollection, key: str, seqs: Sequence[int]
    ) -> list[Document]:
        kept = self.kept[scope, collection, key]
        return [_sized(kept[seq]) for seq in sorted(seqs) if seq in kept]

    async def copy(
        self,
        scope: TenantScope,
        collection: DocumentCollection,
        key: str,
        to: str,
        seqs: Mapping[int, int],
        *,
        at: datetime,
    ) -> set[int]:
        found = await self.pick(scope, collection, key, list(seqs))
        copies = [(to, replace(one, seq=seqs[one.seq], created_at=at)) for one in found]
        await self.append(scope, collection, copies)
        return {one.seq for one in found}

    async def seqs(
        self, scope: TenantScope, collection: DocumentCollection, key: str, *, after: int = 0
    ) -> list[int]:
        return sorted(seq for seq in self.kept[scope, collection, key] if seq > after)

    async def delete(self, scope: TenantScope, collection: DocumentCollection, *keys: str) -> None:
        for key in keys:
            self.kept.pop((scope, collection, key), None)

    async def expire(self, scope: TenantScope, *, before: datetime) -> int:
        removed = 0
        for (kept_scope, _, _), documents in self.kept.items():
            if kept_scope == scope:
                old = [seq for seq, document in documents.items() if document.created_at < before]
                removed += len(old)
                for seq in old:
                    del documents[seq]
        return removed

    async def everything(self, scope: TenantScope) -> AsyncGenerator[tuple[str, str, Document]]:
        for (kept_scope, collection, key), documents in self.kept.items():
            for document in documents.values() if kept_scope == scope else ():
                yield collection, key, document

    async def drop(self, scope: TenantScope) -> None:
        for place in [place for place in self.kept if place[0] == scope]:
            del self.kept[place]

    async def remains(self, scope: TenantScope) -> list[str]:
        return [
            f"documents of {key}" for (owner, _, key), held in self.kept.items() if owner == scope and held
        ]

    async def ping(self) -> None:
        """It is always there."""

    async def close(self) -> None:
        """It has no connections."""


def _sized(document: Document) -> Document:
    return replace(document, size=len(orjson.dumps(document.body).decode()))


@dataclass
class MemoryLive:
    """Implements core.ports.LiveEvents and LiveReader."""

    published: dict[UUID, list[Event]] = field(default_factory=lambda: defaultdict(list))
    _owners: dict[UUID, TenantScope] = field(default_factory=dict[UUID, TenantScope])
    _bells: dict[UUID, set[asyncio.Event]] = field(default_factory=lambda: defaultdict(set))
    _endings: dict[UUID, list[Ending]] = field(default_factory=lambda: defaultdict(list))

    async def publish(
        self, scope: TenantScope, events: Sequence[Event], outcomes: Mapping[UUID, Outcome] | None = None
    ) -> None:
        for event in events:
            self._owners[event.execution_id] = scope
            self.published[event.execution_id].append(event)
            for bell in self._bells[event.execution_id]:
                bell.set()
            for ending in self._endings[event.execution_id] if event.final else ():
                ending.outcome = (outcomes or {}).get(event.execution_id)
                ending.heard.set()

    async def read(self, scope: TenantScope, execution_id: UUID, *, after: int, limit: int) -> list[Event]:
        if self._owners.get(execution_id) != scope:
            return []
        return [event for event in self.published[execution_id] if event.seq > after][:limit]

    @asynccontextmanager
    async def doorbell(self, scope: TenantScope, execution_id: UUID) -> AsyncGenerator[asyncio.Event]:
        bell = asyncio.Event()
        bell.set()
        self._bells[execution_id].add(bell)
        try:
            yield bell
        finally:
            self._bells[execution_id].discard(bell)

    @asynccontextmanager
    async def ending(self, scope: TenantScope, execution_id: UUID) -> AsyncGenerator[Ending]:
        ending = Ending()
        self._endings[execution_id].append(ending)
        try:
            yield ending
        finally:
            self._endings[execution_id].remove(ending)
