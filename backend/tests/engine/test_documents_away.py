"""The engine while the documents are away: traces thin out, large outputs are waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.core.flows import edge, flow, input_node, llm, node, output
from tests.engine.conftest import Ship, types
from watchbill.core.events import ExecutionStatus
from watchbill.core.ports.documents import Document, DocumentsUnavailable, DocumentTooLarge
from watchbill.core.tenancy import TenantScope
from watchbill.engine import committer, outbox, parcels
from watchbill.engine.missing import Missing
from watchbill.engine.outbox import Outbox
from watchbill.testing.memory import MemoryDocuments

# The second model call comes after the large output of the first, and the end measures what it was given.
FLOW = flow(
    [input_node("topic"), llm("one"), llm("two"), output(size="{{ size(nodes.one.output) }}")],
    [edge("in", "one"), edge("one", "two"), edge("two", "out")],
)
LARGE = "x" * 100_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Documents(MemoryDocuments):
    """A store that can be away."""

    away = False
    asked = 0

    async def append(self, *given: Any) -> None:
        self._answer()
        await super().append(*given)

    async def read(self, *given: Any, **named: Any) -> list[Document]:
        self._answer()
        return await super().read(*given, **named)

    async def pick(self, *given: Any) -> list[Document]:
        self._answer()
        return await super().pick(*given)

    async def seqs(self, *given: Any, **named: Any) -> list[int]:
        self._answer()
        return await super().seqs(*given, **named)

    def _answer(self) -> None:
        self.asked += 1
        if self.away:
            raise DocumentsUnavailable("away")


@pytest.fixture
def documents(ship: Ship, monkeypatch: pytest.MonkeyPatch) -> Documents:
    for module, name in ((committer, "_LOOK_SECONDS"), (outbox, "_AGAIN_SECONDS")):
        monkeypatch.setattr(module, name, 0.02)
    ship.stopped = NOW
    ship.documents = documents = Documents()
    return documents


def outcome(ship: Ship, id_: UUID) -> tuple[ExecutionStatus, Any]:
    found = ship.journal.outcomes[id_]
    return found.status, found.outputs


async def test_executions_go_on_and_their_traces_are_written_when_the_documents_are_back(
    ship: Ship, documents: Documents
) -> None:
    engine = ship.engine()
    documents.away = True
    ids = [ship.submit(FLOW, topic="x") for _ in range(20)]
    for id_ in ids:
        await ship.finish(id_)
    assert all(outcome(ship, id_) == (ExecutionStatus.COMPLETED, {"size": 9}) for id_ in ids)
    assert not any("llm_started" in types(ship.history(id_)) for id_ in ids)
    documents.away = False

    def gapless(id_: UUID) -> bool:
        seqs = [event.seq for event in ship.history(id_)]
        return seqs == list(range(1, len(seqs) + 1)) and len(seqs) > 10

    await ship.until(lambda: all(map(gapless, ids)))
    assert engine.missing.counts["missed_execution_logs"] == 0


async def test_only_who_has_a_large_output_waits_for_the_documents(ship: Ship, documents: Documents) -> None:
    engine = ship.engine()
    ship.model.answers["one"] = [LARGE, *["small"] * 10]
    documents.away = True
    large = ship.submit(FLOW, topic="x")
    await ship.until(lambda: engine.missing.counts["outputs_tried_again"])
    small = [ship.submit(FLOW, topic="x") for _ in range(10)]
    for id_ in small:
        await ship.finish(id_)
        assert outcome(ship, id_) == (ExecutionStatus.COMPLETED, {"size": 5})
    assert large in ship.journal.rows
    documents.away = False
    await ship.finish(large)
    assert outcome(ship, large) == (ExecutionStatus.COMPLETED, {"size": 100_000})
    # Nothing was asked twice, and nobody took over.
    assert ship.model.asked.count("one") == 11
    assert "execution_resumed" not in types(ship.history(large))


async def test_who_waits_for_the_documents_can_be_cancelled(ship: Ship, documents: Documents) -> None:
    engine = ship.engine()
    ship.model.answers["one"] = LARGE
    documents.away = True
    id_ = ship.submit(FLOW, topic="x")
    await ship.until(lambda: engine.missing.counts["outputs_tried_again"])
    ship.journal.request_cancel(id_)
    engine.cancel(id_)
    await ship.until(lambda: engine.running == 0)
    ship.later(60)
    await ship.finish(id_)
    assert outcome(ship, id_)[0] is ExecutionStatus.CANCELLED


async def test_a_large_output_that_waits_too_long_is_given_up_to_be_made_again(
    ship: Ship, documents: Documents
) -> None:
    engine = ship.engine(documents_seconds=0.1)
    ship.model.answers["one"] = LARGE
    documents.away = True
    id_ = ship.submit(FLOW, topic="x")
    await ship.until(lambda: engine.missing.counts["executions_put_off"] and engine.running == 0)
    documents.away = False
    ship.later(60)
    await ship.finish(id_)
    assert outcome(ship, id_) == (ExecutionStatus.COMPLETED, {"size": 100_000})


async def test_stopping_a_worker_does_not_wait_for_the_documents(ship: Ship, documents: Documents) -> None:
    engine = ship.engine()
    ship.model.answers["one"] = LARGE
    documents.away = True
    id_ = ship.submit(FLOW, topic="x")
    await ship.until(lambda: engine.missing.counts["outputs_tried_again"])
    async with asyncio.timeout(60):
        await engine.stop(grace_seconds=0.1)
    ship.engines.clear()
    documents.away = False
    ship.engine("other")
    await ship.finish(id_)
    assert outcome(ship, id_) == (ExecutionStatus.COMPLETED, {"size": 100_000})


async def left_behind(ship: Ship) -> UUID:
    """An execution whose worker stopped when a large output was stored and the next node was under way."""
    ship.model.answers["one"] = LARGE
    ship.model.gates["two"] = asyncio.Event()
    first = ship.engine()
    id_ = ship.submit(FLOW, topic="x")
    await ship.until(lambda: "two" in ship.model.asked)
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    return id_


async def test_whoever_takes_over_waits_for_large_outputs_and_never_goes_on_without(
    ship: Ship, documents: Documents
) -> None:
    id_ = await left_behind(ship)
    ship.model.gates.clear()
    documents.away = True
    second = ship.engine("second")
    for times in (1, 2):
        await ship.until(
            lambda times=times: second.missing.counts["executions_put_off"] >= times and second.running == 0
        )
        assert ship.model.asked.count("two") == 1
        documents.away = times == 1
        ship.later(60)
    await ship.finish(id_)
    assert outcome(ship, id_) == (ExecutionStatus.COMPLETED, {"size": 100_000})
    assert ship.model.asked == ["one", "two", "two"]


async def test_an_output_that_is_gone_ends_the_execution_instead_of_counting_as_nothing(
    ship: Ship, documents: Documents
) -> None:
    id_ = await left_behind(ship)
    await documents.drop(ship.scope)
    ship.engine("second")
    await ship.finish(id_)
    found = ship.journal.outcomes[id_]
    assert found.status is ExecutionStatus.FAILED and found.error is not None
    assert (found.error["code"], found.error["node_id"]) == ("output_lost", "one")
    assert ship.model.asked == ["one", "two"]


def traces(*seqs: int, size: int = 10) -> Sequence[tuple[str, Document]]:
    return [("a", Document(seq, NOW, {"type": "log", "data": {"message": "x" * size}})) for seq in seqs]


async def kept(documents: Documents, scope: TenantScope) -> list[int]:
    return [one.seq for one in await documents.read(scope, "execution_logs", "a")]


async def test_so_much_waits_and_the_rest_is_missed_and_counted(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "MOST_BYTES", 5_000)
    missing, scope, other = Missing(), TenantScope(uuid4()), TenantScope(uuid4())
    box = Outbox(documents, missing)
    documents.away = True
    assert not await box.put(scope, "execution_logs", traces(*range(1, 5), size=1000)).tried
    assert not await box.put(other, "execution_logs", traces(*range(1, 6), size=1000)).tried
    assert missing.counts["missed_execution_logs"] == 5
    asked = documents.asked
    for tenant in (scope, other):
        assert not await box.put(tenant, "execution_logs", traces(*range(20, 25), size=1000)).tried
    assert documents.asked == asked, "who comes later does not wait for the time-out"
    documents.away = False
    await box.finish()
    assert (await kept(documents, scope), await kept(documents, other)) == ([1, 2, 3, 4], [])
    assert await box.put(other, "execution_logs", traces(1)).tried
    assert await kept(documents, other) == [1]


async def test_exchanges_wait_for_the_documents_as_traces_do(documents: Documents) -> None:
    scope, missing = TenantScope(uuid4()), Missing()
    box = Outbox(documents, missing)
    documents.away = True
    parcel = box.put(scope, "execution_exchanges", traces(1))
    assert not await parcel.tried and not parcel.done.is_set()
    documents.away = False
    await parcel.done.wait()
    assert parcel.written and not missing.counts["missed_execution_exchanges"]
    assert documents.kept[scope, "execution_exchanges", "a"]


async def test_a_try_looks_at_no_more_than_it_writes(
    ship: Ship, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of thousands may wait, and others have turns in between."""
    monkeypatch.setattr(outbox, "_BATCH", 3)
    scope, missing = TenantScope(uuid4()), Missing()
    box = Outbox(documents, missing)
    documents.away = True
    parcels = [box.put(scope, "execution_outputs", traces(number), owned=True) for number in range(1, 11)]
    assert not await parcels[-1].tried
    looked, asked = missing.counts["outputs_tried_again"], documents.asked
    assert looked == 10
    await ship.until(lambda: documents.asked >= asked + 2)
    assert missing.counts["outputs_tried_again"] - looked <= 3 * (documents.asked - asked)
    documents.away = False
    await asyncio.gather(*(parcel.done.wait() for parcel in parcels))
    assert all(parcel.written for parcel in parcels)


async def test_what_one_store_refuses_is_not_the_end_of_the_others(documents: Documents) -> None:
    scope, box = TenantScope(uuid4()), Outbox(documents, Missing())
    huge = box.put(scope, "execution_outputs", traces(1, size=16 * 1024 * 1024), owned=True)
    small = box.put(scope, "execution_outputs", traces(2), owned=True)
    assert await small.tried
    with pytest.raises(DocumentTooLarge):
        await huge.tried


async def test_what_is_withdrawn_is_not_written(documents: Documents) -> None:
    scope, box = TenantScope(uuid4()), Outbox(documents, Missing())
    documents.away = True
    parcel = box.put(scope, "execution_outputs", traces(1), owned=True)
    assert not await parcel.tried
    box.withdraw(parcel)
    documents.away = False
    await box.finish()
    assert parcel.done.is_set() and not parcel.written and not documents.kept[scope, "execution_outputs", "a"]


async def test_a_trace_event_that_is_too_large_leaves_a_note(documents: Documents) -> None:
    scope = TenantScope(uuid4())
    events = [*traces(1, 2), *traces(3, size=16 * 1024 * 1024)]
    assert await Outbox(documents, Missing()).put(scope, "execution_logs", events).tried
    first, _, third = await documents.read(scope, "execution_logs", "a")
    assert first.body["data"]["message"] == "x" * 10
    assert "too large" in third.body["data"]["message"]


async def test_what_is_missed_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    missing = Missing()
    for _ in range(5):
        missing.note(DocumentsUnavailable("away"), missed_execution_logs=2)
    assert len(caplog.records) == 1
    missing.tell("They answer again.")
    missing.tell("They answer again.")
    assert len(caplog.records) == 2 and "'missed_execution_logs': 10" in caplog.text


async def test_a_map_over_a_large_output_is_cancelled_without_it(ship: Ship, documents: Documents) -> None:
    """What its items were need not be known, and cannot be."""
    body = {"nodes": [llm("part")], "edges": []}
    each = node(
        "each", "map", {"items": "{{ nodes.one.output.split(' ') }}", "max_parallel": 1, "body": body}
    )
    over_large = flow(
        [input_node("topic"), llm("one"), each, output(x="{{ size(nodes.each.output) }}")],
        [edge("in", "one"), edge("one", "each"), edge("each", "out")],
    )
    ship.model.answers["one"] = LARGE + " " + LARGE
    ship.model.gates["each[0].part"] = asyncio.Event()
    dead = ship.engine("dead")
    id_ = ship.submit(over_large, topic="x")
    await ship.model.waiting.wait()
    await dead._supervisor.stop()
    for task in list(dead._tasks):
        task.cancel()
    await ship.until(lambda: ship.journal.rows[id_].owner is None)
    ship.engines.clear()
    documents.away = True
    ship.journal.request_cancel(id_)
    ship.engine("heir")
    await ship.until(lambda: ship.journal.outcomes[id_].status is ExecutionStatus.CANCELLED)


async def test_who_fills_the_outbox_does_not_take_the_place_of_others(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two tenants the one with the most waiting loses what came last."""
    monkeypatch.setattr(parcels, "MOST_BYTES", 10_000)
    missing = Missing()
    box, greedy, modest = Outbox(documents, missing), TenantScope(uuid4()), TenantScope(uuid4())
    documents.away = True

    def entry(seq: int) -> tuple[str, Document]:
        return "x", Document(seq, NOW, {"text": "x" * 900})

    flood = [box.put(greedy, "execution_logs", [entry(seq)]) for seq in range(20)]
    await asyncio.gather(*(parcel.tried for parcel in flood))
    mine = [box.put(modest, "execution_logs", [entry(seq)]) for seq in range(4)]
    await asyncio.gather(*(parcel.tried for parcel in mine))
    assert not any(parcel.done.is_set() for parcel in mine)
    assert [parcel.done.is_set() for parcel in flood] == [False] * 6 + [True] * 14
    # One that would have more than the other is refused itself.
    more = [box.put(modest, "execution_logs", [entry(10 + seq)]) for seq in range(4)]
    await asyncio.gather(*(parcel.tried for parcel in more))
    assert [parcel.done.is_set() for parcel in more] == [False, True, True, True]
    documents.away = False
    await asyncio.gather(*(parcel.done.wait() for parcel in (*flood, *mine, *more)))
    kept = {scope: len(documents.kept[scope, "execution_logs", "x"]) for scope in (greedy, modest)}
    assert kept == {greedy: 5, modest: 5}
    assert missing.counts["missed_execution_logs"] == 18
    await box.finish()
