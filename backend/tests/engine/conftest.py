"""An engine on in-memory ports, with a model whose answers a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from watchbill.adapters.compute.pool import ProcessPool
from watchbill.core.events import Event, LlmCompleted, LlmStarted, LlmToken
from watchbill.core.ports import NodePorts, Ports, Secrets
from watchbill.core.ports.llm import Emit, LlmAnswer, LlmCall
from watchbill.core.tenancy import TenantScope
from watchbill.core.usage import Usage
from watchbill.engine.engine import Engine
from watchbill.engine.settings import EngineSettings
from watchbill.nodes.registry import NODE_TYPES
from watchbill.testing.memory import MemoryDocuments, MemoryJournal, MemoryLive
from watchbill.testing.ports import node_ports

USED = Usage(prompt_tokens=3, completion_tokens=2, total_tokens=5, llm_calls=1)


@dataclass
class Model:
    """Answers by node id: a text, an error to raise, or an event to wait for first."""

    answers: dict[str, Any] = field(default_factory=dict[str, Any])
    gates: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    asked: list[str] = field(default_factory=list[str])
    cancelled: list[str] = field(default_factory=list[str])
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    async def complete(self, call: LlmCall, emit: Emit) -> LlmAnswer:
        self.asked.append(call.node_id)
        call_id = f"{call.node_id}-{len(self.asked)}"
        messages = [dict(message) for message in call.messages]
        emit(LlmStarted(call_id=call_id, provider="Model", model="m", messages=messages))
        if gate := self.gates.get(call.node_id):
            self.waiting.set()
            try:
                await gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(call.node_id)
                raise
        answer = self.answers.get(call.node_id, "an answer")
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        for word in answer.split():
            emit(LlmToken(call_id=call_id, text=word))
        emit(
            LlmCompleted(call_id=call_id, provider="Model", model="m", text=answer, duration_ms=1, usage=USED)
        )
        return LlmAnswer(answer, "m", uuid4(), USED)


class NotedPool(ProcessPool):
    """Child processes, and which jobs they were given; `begun` is called when they are given one."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[str] = []
        self.begun: Callable[[], object] | None = None

    async def run(self, scope: TenantScope, job: str, argument: Any) -> Any:
        self.jobs.append(job)
        if self.begun is not None:
            self.begun()
        return await super().run(scope, job, argument)


@dataclass
class Ship:
    """The stores and as many engines on them as a test starts."""

    journal: MemoryJournal = field(default_factory=MemoryJournal)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    live: MemoryLive = field(default_factory=MemoryLive)
    model: Model = field(default_factory=Model)
    compute: NotedPool = field(default_factory=NotedPool)
    scope: TenantScope = field(default_factory=lambda: TenantScope(uuid4()))
    engines: list[Engine] = field(default_factory=list[Engine])
    # How far the clock of the engines and of the journal is ahead of the machine's.
    ahead: timedelta = field(default_factory=timedelta)
    # The time it stands at, so that only `later` makes leases run out and however slow the machine is.
    stopped: datetime | None = None

    def now(self) -> datetime:
        return (self.stopped or datetime.now(UTC)) + self.ahead

    def later(self, seconds: float, *woken: UUID) -> None:
        """Set the clock forward; these executions, which sleep in an engine, look at it soon."""
        self.ahead += timedelta(seconds=seconds)
        for execution_id in woken:
            # Their engine lives, and would have extended its lease all the while.
            if (row := self.journal.rows.get(execution_id)) is not None and row.lease_until is not None:
                row.lease_until += timedelta(seconds=seconds)
            self.journal.ask(execution_id)
            for engine in self.engines:
                engine.wake(execution_id)

    async def parked(self, execution_id: UUID) -> None:
        """Wait until nobody runs it, as its engine gave it back."""
        await self.until(lambda: (row := self.journal.rows[execution_id]).owner is None and row.epoch > 0)

    def __post_init__(self) -> None:
        self.journal.now = self.now

    def engine(
        self,
        owner: str = "worker",
        nodes: NodePorts | None = None,
        secrets: Secrets = lambda _scope: (),
        **settings: Any,
    ) -> Engine:
        # Fast, but for the lease: on a busy machine a short one runs out in a test that is not about it.
        fast = {
            "heartbeat_seconds": 0.05,
            "sweep_seconds": 0.02,
            "lease_seconds": 30,
            "trace_seconds": 0.005,
        }
        engine = Engine(
            ports=Ports(
                self.journal,
                self.documents,
                self.live,
                self.compute,
                nodes or node_ports(llm=self.model),
                secrets,
            ),
            node_types=NODE_TYPES,
            settings=EngineSettings(owner=owner, **(fast | settings)),
            now=self.now,
        )
        engine.start()
        self.engines.append(engine)
        return engine

    def submit(self, definition: Mapping[str, Any], **inputs: Any) -> UUID:
        return self.submit_for(self.scope, definition, **inputs)

    def submit_for(self, scope: TenantScope, definition: Mapping[str, Any], **inputs: Any) -> UUID:
        execution_id = uuid4()
        self.journal.create(scope, execution_id, dict(definition), inputs)
        for engine in self.engines:
            engine.hint(scope, execution_id)
        return execution_id

    async def until(self, condition: Callable[[], object], seconds: float = 120) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110  # conditions over plain data, checked often
                await asyncio.sleep(0.002)

    async def finish(self, execution_id: UUID) -> list[Event]:
        """Wait for the end, as a watcher sees it; returns every event of every store."""
        await self.until(lambda: (seen := self.live.published[execution_id]) and seen[-1].final)
        return self.history(execution_id)

    def history(self, execution_id: UUID) -> list[Event]:
        """Every event of every store, by seq."""
        trace = [
            Event.model_validate(
                {"timestamp": document.created_at, **document.body, "execution_id": execution_id}
            )
            for document in self.documents.kept[self.scope, "execution_logs", str(execution_id)].values()
        ]
        return sorted([*self.journal.written[execution_id], *trace], key=lambda event: event.seq)


@pytest.fixture
async def ship() -> AsyncGenerator[Ship]:
    ship = Ship()
    yield ship
    for engine in ship.engines:
        await engine.stop(grace_seconds=0)
    await ship.compute.close()


def types(events: Sequence[Event], node_id: str | None = None) -> list[str]:
    return [event.type for event in events if node_id is None or event.node_id == node_id]
