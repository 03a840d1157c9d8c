"""What it costs to take over a long execution, counted in what is read and not in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from tests.core.flows import edge, flow, input_node, llm, node, output, transform
from tests.engine.conftest import Ship, types
from watchbill.core.events import Event, ExecutionStatus
from watchbill.core.ports.documents import Document
from watchbill.engine.large_outputs import read_outputs
from watchbill.testing.memory import MemoryDocuments, MemoryJournal

ITEMS = 2_500


def long_flow(*after: dict[str, Any]) -> dict[str, Any]:
    """A Map that makes about 10,000 events, and then these nodes one after the other."""
    body = {"nodes": [transform("part", "{{ item }}")], "edges": []}
    each = node(
        "each", "map", {"items": "{{ inputs.items }}", "max_parallel": 20, "body": body, "result": "{{ 1 }}"}
    )
    nodes = [input_node("items"), each, *after, output(x="{{ 1 }}")]
    ids = [one["id"] for one in nodes]
    return flow(nodes, [edge(a, b) for a, b in pairwise(ids)])


class Journal(MemoryJournal):
    """Counts what is read of it."""

    read: Counter[str]

    async def events(self, *given: Any, **named: Any) -> list[Event]:
        found = await super().events(*given, **named)
        self.read["events"] += len(found)
        self.read["at once"] = max(self.read["at once"], len(found))
        return found

    async def seqs(self, *given: Any, **named: Any) -> list[int]:
        found = await super().seqs(*given, **named)
        self.read["seqs"] += len(found)
        return found


class Documents(MemoryDocuments):
    """Counts what is read of it, and how often it is asked."""

    read_count: Counter[str]

    async def read(self, *given: Any, **named: Any) -> list[Document]:
        found = await super().read(*given, **named)
        self.read_count["documents"] += len(found)
        return found

    async def pick(self, *given: Any) -> list[Document]:
        self.read_count["picks"] += 1
        return await super().pick(*given)

    async def seqs(self, *given: Any, **named: Any) -> list[int]:
        found = await super().seqs(*given, **named)
        self.read_count["seqs"] += len(found)
        return found


def counting(ship: Ship) -> tuple[Counter[str], Counter[str]]:
    journal, documents = Journal(), Documents()
    journal.read, documents.read_count = Counter(), Counter()
    ship.journal, ship.documents = journal, documents
    journal.now = ship.now
    return journal.read, documents.read_count


async def parked(ship: Ship, id_: UUID) -> None:
    await ship.until(lambda: ship.journal.rows[id_].owner is None and ship.journal.rows[id_].epoch > 0, 60)


async def test_a_parked_wait_goes_on_without_reading_its_history(ship: Ship) -> None:
    journal, documents = counting(ship)
    ship.engine()
    naps = [node(f"nap{n}", "wait", {"seconds": 3600}) for n in range(2)]
    id_ = ship.submit(long_flow(*naps), items=list(range(ITEMS)))
    await parked(ship, id_)
    assert ship.journal.rows[id_].last_seq > 8_000
    for _ in range(3):
        journal.clear()
        documents.clear()
        epoch = ship.journal.rows[id_].epoch
        ship.journal.ask(id_)
        await ship.until(lambda epoch=epoch: ship.journal.rows[id_].epoch > epoch)
        await parked(ship, id_)
        assert journal["events"] + journal["seqs"] < 400
        assert documents == {}


async def test_whoever_takes_over_from_a_dead_worker_reads_the_newest_part_only(ship: Ship) -> None:
    journal, documents = counting(ship)
    dead = ship.engine("dead")
    ship.model.gates["ask"] = asyncio.Event()
    id_ = ship.submit(long_flow(llm("ask", "x"), llm("two", "x")), items=list(range(ITEMS)))
    await ship.until(lambda: ship.model.waiting.is_set(), 60)
    await dead._supervisor.stop()
    for task in list(dead._tasks):
        task.cancel()
    await ship.until(lambda: ship.journal.rows[id_].owner is None)
    ship.engines.clear()
    ship.model.gates.clear()
    journal.clear()
    documents.clear()
    ship.engine("heir")
    history = await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED
    last = ship.journal.written[id_][-1].seq
    assert journal["events"] <= last // 4 + 100, "a snapshot comes when the history has grown by a third"
    assert documents["documents"] == 0, "no trace is read"
    assert documents["seqs"] + journal["seqs"] < 100, "and only the newest numbers of it"
    assert [event.seq for event in history] == list(range(1, len(history) + 1))


async def test_an_execution_with_much_in_small_outputs_goes_on_without_a_snapshot(ship: Ship) -> None:
    """To read one of so much in one go would hold up all others on the loop."""
    journal, _ = counting(ship)
    ship.engine()
    body = {"nodes": [transform("part", "{{ inputs.text }}")], "edges": []}
    each = node("each", "map", {"items": "{{ inputs.items }}", "body": body, "result": "{{ item }}"})
    names = ["in", "each", "nap", "out"]
    nap, out = node("nap", "wait", {"seconds": 3600}), output(x="{{ nodes.each.output }}")
    nodes = [input_node("items", "text"), each, nap, out]
    definition = flow(nodes, [edge(a, b) for a, b in pairwise(names)])
    id_ = ship.submit(definition, items=list(range(300)), text="x" * 20_000)
    await parked(ship, id_)
    assert ship.journal.snapshots == {} and ship.journal.rows[id_].last_seq > 1_000
    journal.clear()
    ship.later(3_601)
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].outputs == {"x": list(range(300))}
    assert journal["events"] > 1_000 and journal["at once"] <= 250


async def test_large_outputs_are_read_a_few_at_a_time(ship: Ship) -> None:
    _, documents = counting(ship)
    ship.engine()
    ship.model.answers = {f"ask{n}": "x" * 70_000 for n in range(100)}
    asks = [llm(f"ask{n}") for n in range(100)]
    ids = [one["id"] for one in asks]
    steps = [edge(a, b) for a, b in zip(["in", *ids], [*ids, "out"], strict=True)]
    id_ = ship.submit(flow([input_node("topic"), *asks, output(x="{{ 1 }}")], steps), topic="x")
    await ship.until(lambda: id_ in ship.journal.outcomes and ship.journal.outcomes[id_].status.final, 60)
    references = [e.data["output_ref"] for e in ship.journal.written[id_] if e.data.get("output_ref")]
    assert len(references) == 100
    found = await read_outputs(ship.documents, ship.scope, id_, references)
    assert {len(output) for output in found.values()} == {70_000}
    assert documents["picks"] == 13, "eight of each time: each may have megabytes"


async def test_a_worker_whose_leases_ended_while_the_database_hung_does_nothing_twice(
    ship: Ship, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sweep may reach the database before its next heartbeat does."""
    sweeps = 0
    claim = ship.journal.claim

    async def noted(*args: Any, **named: Any) -> Any:
        nonlocal sweeps
        sweeps += named.get("only") is None
        return await claim(*args, **named)

    monkeypatch.setattr(ship.journal, "claim", noted)
    gate = ship.model.gates["ask"] = asyncio.Event()
    ship.engine(heartbeat_seconds=600)
    definition = flow([input_node("topic"), llm("ask"), output()], [edge("in", "ask"), edge("ask", "out")])
    id_ = ship.submit(definition, topic="x")
    await ship.model.waiting.wait()
    ship.ahead += timedelta(seconds=31)
    before = sweeps
    await ship.until(lambda: sweeps > before + 2)
    gate.set()
    seen = await ship.finish(id_)
    assert ship.model.asked == ["ask"] and "execution_resumed" not in types(seen)
