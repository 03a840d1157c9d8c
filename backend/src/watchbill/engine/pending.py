"""What one execution has pending on its worker: events in order, waiting to be made durable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchbill.core.events import JOURNAL_TYPES, Event, EventData, LlmStarted, LlmToken, envelope
from watchbill.core.exchange import Exchange
from watchbill.core.execution import ExecutionState, freeze
from watchbill.core.execution.fold import apply_data
from watchbill.core.execution.snapshot import Frozen
from watchbill.core.ports.documents import Document
from watchbill.core.ports.journal import Batch, Claim, Outcome, Park
from watchbill.engine.large_outputs import set_aside
from watchbill.engine.parcels import Parcel
from watchbill.engine.stored_exchanges import PlacedExchange, exchange_seq

# A snapshot costs as much as some hundreds of events, and saves that every time somebody looks at the end. It
# holds the whole state, so the next one comes when the history has grown by a half: all of them together stay
# in proportion to it.
_SNAPSHOT_EVENTS = 1000
_GROWTH = 4
_AT_THE_END = 300
# Who waits is soon claimed again, and then little happens: there the part after the snapshot stays small.
_GROWTH_PARKED = 20
# The snapshot of more would be longer than is kept, so nothing is begun.
_MOST_NODES = 25_000


@dataclass(slots=True)
class _Entry:
    data: EventData
    node_id: str | None
    at: datetime
    large: bool = False
    texts: list[str] = field(default_factory=list[str])

    def whole(self) -> EventData:
        """The data, with the pieces of streamed text that came meanwhile."""
        if isinstance(self.data, LlmToken):
            return LlmToken(call_id=self.data.call_id, text="".join(self.texts))
        return self.data


@dataclass(slots=True)
class CommitPart:
    """What one commit writes: the batch for the journal, and the state that a snapshot is to be made of, if
    one is; the trace, large outputs and exchanges for the documents; and all events for watchers."""

    batch: Batch
    trace: list[Event]
    all: list[Event]
    outputs: list[tuple[str, Document]]
    exchanges: list[PlacedExchange]
    frozen: Frozen | None = None

    @property
    def final(self) -> bool:
        """Whether nothing comes after it."""
        return self.batch.outcome is not None and self.batch.outcome.status.final


@dataclass(slots=True, eq=False)
class PendingEvents:
    """Collects the events of one claim. Sequence numbers are given when events are taken to be written, so
    that pieces of streamed text that wait together become one event."""

    claim: Claim
    state: ExecutionState
    now: Callable[[], datetime]
    last_seq: int = 0
    # Set when the next commit gives the claim back.
    park: Park | None = None
    # Whether the execution is to be cancelled: nobody should have to wait then.
    stopping: bool = False
    # Events since the last snapshot.
    since_snapshot: int = 0
    # Up to here every event is in its store; None once some of this claim's trace is late or missed.
    traced: int | None = None
    # What kept events of it from their stores after the journal had them.
    failure: Exception | None = None
    # The last of its exchanges that were handed over to be written.
    exchanges: Parcel | None = None
    _entries: list[_Entry] = field(default_factory=list[_Entry])
    _streams: dict[str, _Entry] = field(default_factory=dict[str, _Entry])
    _exchanges: list[PlacedExchange] = field(default_factory=list[PlacedExchange])
    _kept: int = 0
    # By node and attempt.
    _numbers: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    # Numbers of the `llm_started` events whose exchange is still to come, by their call_id.
    _asked: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        self.last_seq = self.claim.last_seq

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be written."""
        return not self._entries and not self._exchanges

    def add(
        self,
        data: EventData,
        node_id: str | None = None,
        *,
        large: bool = False,
        at: datetime | None = None,
    ) -> None:
        """Append an event. One of the journal changes the state at once; nothing comes after the last one.
        `large` tells that its output is to be stored by itself; `at` is when it was,
        if not now."""
        if self.state.status.final:
            return
        at = at or self.now()
        if data.type in JOURNAL_TYPES:
            apply_data(self.state, data, node_id, at)
            self._streams.clear()
        if not isinstance(data, LlmToken):
            self._entries.append(_Entry(data, node_id, at, large))
        elif stream := self._streams.get(data.call_id):
            stream.texts.append(data.text)
        else:
            self._streams[data.call_id] = stream = _Entry(data, node_id, at, texts=[data.text])
            self._entries.append(stream)

    def keep(self, exchange: Exchange, node_id: str) -> None:
        """Note what a node that is running exchanged with the world; nothing comes after the last event."""
        node = self.state.nodes.get(node_id)
        if self.state.status.final or node is None:
            return
        self._kept += 1
        self._numbers[node_id, node.attempt] += 1
        number = self._numbers[node_id, node.attempt]
        seq = exchange_seq(self.claim.epoch, self._kept)
        self._exchanges.append(PlacedExchange(exchange, seq, node_id, node.attempt, number, self.now()))

    def take_exchanges(self) -> list[PlacedExchange]:
        """The exchanges that wait; they do so no longer. Each learns which event has its messages."""
        taken, self._exchanges = self._exchanges, []
        return [replace(one, asked=self._asked.pop(one.exchange.call_id or "", None)) for one in taken]

    def take(self) -> CommitPart:
        """Everything that waits, numbered; nothing is pending afterwards."""
        events: list[Event] = []
        outputs: list[tuple[str, Document]] = []
        for seq, entry in enumerate(self._entries, start=self.last_seq + 1):
            event = envelope(
                entry.whole(),
                seq=seq,
                execution_id=self.claim.execution_id,
                node_id=entry.node_id,
                timestamp=entry.at,
            )
            if entry.large:
                event, document = set_aside(event, self.claim.epoch)
                outputs.append(document)
                self._note_place(event)
            if isinstance(entry.data, LlmStarted):
                self._asked[entry.data.call_id] = seq
            events.append(event)
        self._entries, self._streams = [], {}
        self.last_seq += len(events)
        journal = [event for event in events if event.type in JOURNAL_TYPES]
        batch = Batch(
            self.claim.execution_id,
            self.claim.epoch,
            self.last_seq,
            journal,
            outcome(self.state) if any(event.node_id is None for event in journal) else None,
            self.park,
            any(self._asks(event) for event in journal),
            traced=self.traced or 0,
        )
        frozen = self._snapshot(len(events))
        self.park = None
        trace = [event for event in events if event.type not in JOURNAL_TYPES]
        return CommitPart(batch, trace, events, outputs, self.take_exchanges(), frozen)

    def told(self, taken: CommitPart, *, whole: bool) -> None:
        """The trace of what was taken is in its store, or (not `whole`) a part of it is not."""
        if not whole:
            self.traced = None
        elif self.traced is not None:
            self.traced = taken.batch.last_seq

    def _snapshot(self, events: int) -> Frozen | None:
        """The state after what was taken, once so much happened that folding it again would take a while."""
        self.since_snapshot += events
        if self.state.status.final:
            least = _AT_THE_END
        elif self.park is not None:
            least = max(_AT_THE_END, self.last_seq // _GROWTH_PARKED)
        else:
            least = max(_SNAPSHOT_EVENTS, self.last_seq // _GROWTH)
        # A state without its graph tells what happened and not what follows.
        if self.since_snapshot < least or self.state.plan.obstacle is not None:
            return None
        self.since_snapshot = 0
        if len(self.state.nodes) > _MOST_NODES:
            return None
        return freeze(self.state, self.last_seq)

    def _note_place(self, event: Event) -> None:
        """The state has where a large value of the event is stored."""
        path = event.node_id or ""
        if event.type == "node_started":
            if iterations := self.state.iterating.get(path):
                iterations.ref = event.data["rounds_ref"]
        elif node := self.state.nodes.get(path):
            node.output_ref = event.data["output_ref"]

    def _asks(self, event: Event) -> bool:
        """Whether the event asks a person something, or ends such a question."""
        node = self.state.nodes.get(event.node_id or "")
        return node is not None and node.request is not None


def outcome(state: ExecutionState) -> Outcome:
    """The execution's row as the state has it."""
    return Outcome(
        status=state.status,
        started_at=state.started_at,
        finished_at=state.finished_at,
        outputs=state.outputs,
        error=state.error.model_dump(mode="json") if state.error else None,
        usage=state.usage.model_dump(mode="json"),
    )
