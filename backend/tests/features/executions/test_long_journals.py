"""A long journal is read in parts, and whole."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from contextlib import ExitStack, aclosing
from datetime import UTC, datetime
from itertools import count, pairwise
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import Response
from sqlalchemy import delete, update

from tests.core.flows import edge, flow, input_node, output, transform
from tests.features.notifications.test_notifications import start
from tests.people import Person, checked, refused
from watchbill.core.events import (
    ExecutionCancelled,
    ExecutionStarted,
    NodeCompleted,
    NodeSkipped,
    NodeStarted,
    envelope,
)
from watchbill.core.ports.documents import Document, DocumentStore
from watchbill.core.usage import NO_USAGE
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.queries import journal as journal_queries
from watchbill.features.executions.queries.journal import PART
from watchbill.features.executions.tables import ActiveExecution, Execution
from watchbill.features.executions.watching.events import Told, watch
from watchbill.kit.database.transactions import Database


@pytest.mark.parametrize("length", [PART - 1, PART, PART + 1, 3 * PART + 7])
async def test_a_journal_is_read_whole(admin: Person, database: Database, length: int) -> None:
    run = UUID(await start(admin))
    async with database.transaction(admin.scope) as work:
        journal_queries.add_events(
            work.session,
            [
                envelope(NodeSkipped(), seq=seq, execution_id=run, node_id="ask", timestamp=datetime.now(UTC))
                for seq in range(2, length + 1)
            ],
        )
    async with database.transaction(admin.scope) as work:
        for after, limit in (
            (0, 2**31 - 1),
            (0, length),
            (0, PART),
            (PART - 1, PART + 1),
            (length, 5),
            (0, 1),
        ):
            events = await journal_queries.events(work.session, run, after, limit)
            wanted = range(after + 1, min(length, after + limit) + 1)
            assert [event.seq for event in events] == list(wanted)
            assert all(event.execution_id == run and event.timestamp for event in events)


async def pages(admin: Person, run: UUID) -> list[list[int]]:
    """The numbers of all events, page by page."""
    found: list[list[int]] = []
    after: int | None = 0
    while after is not None:
        page = checked(await admin.http.get(f"executions/{run}/events?limit=1000&after={after}"))
        found.append([event["seq"] for event in page["items"]])
        after = page["next_after"]
    return found


@pytest.mark.parametrize(("count", "size", "most"), [(300, 60_000, 140), (7, 100_000, 2), (300, 10, 300)])
async def test_a_page_of_events_has_some_megabytes_at_most(
    admin: Person, app: FastAPI, count: int, size: int, most: int
) -> None:
    """Large outputs lie aside, and count as much as they may have."""
    run = UUID(await start(admin))
    events = [
        envelope(
            NodeCompleted(attempt=1, output="x" * size),
            seq=seq,
            execution_id=run,
            node_id="ask",
            timestamp=datetime.now(UTC),
        )
        for seq in range(2, count + 2)
    ]
    events = await app.state.executions.history.without_large_outputs(admin.scope, events)
    async with app.state.database.transaction(admin.scope) as work:
        journal_queries.add_events(work.session, events)
    found = await pages(admin, run)
    assert [seq for page in found for seq in page] == list(range(1, count + 2))
    assert max(map(len, found)) <= most + 1 and len(found) >= count // (most + 1)


async def test_who_watches_is_given_a_few_large_outputs_at_a_time(
    admin: Person, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of an execution may have a hundred megabytes, which whoever reads slowly would hold here."""
    run = UUID(await start(admin))
    events = [
        envelope(
            NodeCompleted(attempt=1, output="x" * 100_000),
            seq=seq,
            execution_id=run,
            node_id="ask",
            timestamp=datetime.now(UTC),
        )
        for seq in range(2, 22)
    ]
    parts: ExecutionPorts = app.state.executions
    events = await parts.history.without_large_outputs(admin.scope, events)
    async with app.state.database.transaction(admin.scope) as work:
        journal_queries.add_events(work.session, events)
    seen: list[Told] = []
    async with aclosing(watch(parts.live, parts.history, admin.scope, run, after=0)) as blocks:
        async for block in blocks:
            seen += block
            large = [event for event in block if event.type == "node_completed"]
            assert len(large) <= 1 and all("x" * 100_000 in event.text for event in large)
            if len(seen) == 21:
                break
    assert [event.seq for event in seen] == list(range(1, 22))


def _log(seq: int, size: int) -> Document:
    body = {"seq": seq, "node_id": "ask", "type": "log", "data": {"level": "info", "message": "x" * size}}
    return Document(seq, datetime.now(UTC), body)


def _exchange(seq: int, size: int) -> Document:
    body = {"type": "ask", "kind": "llm", "attempt": 1, "number": seq, "digest": "0", "error": None}
    said = {"request": {"messages": "x" * size}, "answer": None, "duration_ms": 1, "cut": False}
    return Document(seq, datetime.now(UTC), body | said)


TRACED = {
    "logs": ("execution_logs", _log),
    "events": ("execution_logs", _log),
    "exchanges": ("execution_exchanges", _exchange),
}


async def traced(admin: Person, app: FastAPI, route: str, count: int, size: int) -> str:
    """An execution of which so much is noted beside its journal, from number 2 on."""
    run = await start(admin)
    collection, made = TRACED[route]
    documents: DocumentStore = app.state.executions.documents
    for seq in range(2, count + 2):
        await documents.append(admin.scope, collection, [(run, made(seq, size))])
    return run


@pytest.mark.parametrize("route", TRACED)
@pytest.mark.parametrize(("count", "size", "most"), [(24, 1_000_000, 10), (2, 9_000_000, 1), (90, 10, 90)])
async def test_a_page_of_what_was_traced_has_some_megabytes_at_most(
    admin: Person, app: FastAPI, route: str, count: int, size: int, most: int
) -> None:
    """A larger one is given by itself."""
    run = await traced(admin, app, route, count, size)
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = checked(await admin.http.get(f"executions/{run}/{route}?limit=100&after={after}"))
        noted = [one["seq"] for one in page["items"] if one["seq"] > 1]
        assert len(noted) <= most
        seen += noted
        after = page["next_after"]
    assert seen == list(range(2, count + 2))


@pytest.mark.parametrize("route", TRACED)
async def test_who_reads_much_of_what_was_traced_has_few_places(
    admin: Person, app: FastAPI, route: str
) -> None:
    run = await traced(admin, app, route, 4, 1_000_000)
    crowd = app.state.crowds.reads
    with ExitStack() as held:
        for _ in range(crowd.most.person):
            held.enter_context(crowd.place_of(admin.tenant_id, admin.user_id))
        refused(await admin.http.get(f"executions/{run}/{route}"), 429, "too_many_at_once")
        checked(await admin.http.get(f"executions/{run}/{route}?limit=1"))
    checked(await admin.http.get(f"executions/{run}/{route}"))
    assert crowd.taken == 0, "a place ends with its answer"


STEPS = [f"n{number}" for number in range(30)]


async def heavy(
    admin: Person,
    app: FastAPI,
    size: int,
    *,
    steps: Sequence[str] = STEPS,
    aside: bool = True,
    ended: bool = False,
) -> str:
    """An execution whose nodes gave so many characters each, which lie in the journal or aside."""
    ids = ["in", *steps, "out"]
    edges = [edge(a, b) for a, b in pairwise(ids)]
    nodes = [input_node("topic"), *(transform(id_, "x") for id_ in steps), output()]
    made = checked(
        await admin.http.post("flows", json={"name": "Heavy", "definition": flow(nodes, edges)}), 201
    )
    run = checked(await admin.http.post(f"flows/{made['id']}/execute", json={"inputs": {"topic": "x"}}), 202)
    id_, now = UUID(run["id"]), datetime.now(UTC)
    numbers = count(2)
    told = [ExecutionStarted(epoch=1)]
    events = [envelope(one, seq=next(numbers), execution_id=id_, node_id=None, timestamp=now) for one in told]
    for step in ids[:-1]:
        gave = f"{step}:" + "x" * size
        for one in (NodeStarted(attempt=1, input=step), NodeCompleted(attempt=1, output=gave)):
            events.append(envelope(one, seq=next(numbers), execution_id=id_, node_id=step, timestamp=now))
    if ended:
        over = ExecutionCancelled(usage=NO_USAGE)
        events.append(envelope(over, seq=next(numbers), execution_id=id_, node_id=None, timestamp=now))
    parts: ExecutionPorts = app.state.executions
    if aside:
        events = await parts.history.without_large_outputs(admin.scope, events)
    async with app.state.database.transaction(admin.scope) as work:
        journal_queries.add_events(work.session, events)
        if ended:
            await work.session.execute(delete(ActiveExecution).where(ActiveExecution.execution_id == id_))
            ending = {"status": "cancelled", "finished_at": now}
            await work.session.execute(update(Execution).where(Execution.id == id_).values(ending))
    return run["id"]


@pytest.mark.parametrize("aside", [False, True], ids=["in the journal", "aside"])
async def test_what_is_too_much_for_one_answer_is_left_out_and_had_by_pages(
    admin: Person, app: FastAPI, aside: bool
) -> None:
    size = 1_000_000
    id_ = await heavy(admin, app, size, aside=aside)
    answer = await admin.http.get(f"executions/{id_}")
    assert len(answer.content) < 20_000_000
    nodes = {node["node_id"]: node for node in checked(answer)["nodes"]}
    left_out = [id_ for id_ in STEPS if nodes[id_]["left_out"]]
    assert left_out and left_out == STEPS[-len(left_out) :], "the first ones are whole"
    for step in STEPS:
        assert nodes[step]["status"] == "completed"
        wanted = None if step in left_out else f"{step}:"
        assert (nodes[step]["output"] or "")[: len(step) + 1] == (wanted or "")
    seen: dict[str, int] = {}
    after: int | None = 0
    while after is not None:
        page = await admin.http.get(f"executions/{id_}/nodes?limit=1000&after={after}")
        assert len(page.content) < 40_000_000
        for node in checked(page)["items"]:
            assert not node["left_out"]
            seen[node["node_id"]] = len(node["output"] or "")
            assert not node["output"] or node["output"].startswith(node["node_id"])
        after = page.json()["next_after"]
    assert {step: seen[step] for step in STEPS} == {s: len(s) + 1 + size for s in STEPS}


async def test_little_is_never_left_out(admin: Person, app: FastAPI) -> None:
    id_ = await heavy(admin, app, 70_000)
    nodes = checked(await admin.http.get(f"executions/{id_}"))["nodes"]
    assert not any(node["left_out"] for node in nodes)


async def test_who_reads_much_has_few_places(admin: Person, app: FastAPI) -> None:
    id_ = await heavy(admin, app, 3_000_000, steps=STEPS[:3])
    crowd = app.state.crowds.reads
    with ExitStack() as held:
        for _ in range(crowd.most.person):
            held.enter_context(crowd.place_of(admin.tenant_id, admin.user_id))
        for path in (f"executions/{id_}", f"executions/{id_}/nodes", f"executions/{id_}/events"):
            problem = refused(await admin.http.get(path), 429, "too_many_at_once")
            assert "answers of megabytes" in problem["detail"]
        little = await start(admin)
        checked(await admin.http.get(f"executions/{little}"))
    checked(await admin.http.get(f"executions/{id_}"))
    assert crowd.taken == 0, "a place ends with its answer"


async def test_what_came_after_a_moment_takes_no_room_of_what_is_shown_of_it(
    admin: Person, app: FastAPI
) -> None:
    id_ = await heavy(admin, app, 1_000_000, aside=False)
    crowd = app.state.crowds.reads
    with ExitStack() as held:
        for _ in range(crowd.most.person):
            held.enter_context(crowd.place_of(admin.tenant_id, admin.user_id))
        refused(await admin.http.get(f"executions/{id_}"), 429, "too_many_at_once")
        early = checked(await admin.http.get(f"executions/{id_}?as_of=1"))
    assert not any(node["left_out"] for node in early["nodes"])


async def forks(admin: Person, id_: str, from_node: str, outputs: dict[str, Any] | None = None) -> Response:
    form = {"from_node": from_node, "outputs": outputs or {}}
    return await admin.http.post(f"executions/{id_}/fork", json=form)


async def gave(admin: Person, id_: str) -> dict[str, tuple[Any, Any]]:
    """What each node of an execution got and gave, as pages of its nodes have it."""
    found: dict[str, tuple[Any, Any]] = {}
    after: int | None = 0
    while after is not None:
        page = checked(await admin.http.get(f"executions/{id_}/nodes?after={after}&limit=1000"))
        found |= {node["node_id"]: (node["input"], node["output"]) for node in page["items"]}
        after = page["next_after"]
    return found


async def test_a_fork_reads_no_large_output(admin: Person, app: FastAPI) -> None:
    """They are copied where they are stored, so that it needs no place of those that read megabytes."""
    id_ = await heavy(admin, app, 3_000_000, steps=STEPS[:4])
    crowd = app.state.crowds.reads
    edited = "y" * 100_000
    with ExitStack() as held:
        for _ in range(crowd.most.person):
            held.enter_context(crowd.place_of(admin.tenant_id, admin.user_id))
        new = checked(await forks(admin, id_, "n3", {"n1": edited}), 202)["id"]
        again = checked(await forks(admin, new, "n2"), 202)["id"]
    before, after, twice = await gave(admin, id_), await gave(admin, new), await gave(admin, again)
    assert after["n0"] == before["n0"] == twice["n0"]
    assert after["n1"] == (before["n1"][0], edited) == twice["n1"]
    assert after["n2"] == (None, None), "it comes after what was edited"
    events = checked(await admin.http.get(f"executions/{new}/events"))["items"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    documents: DocumentStore = app.state.executions.documents
    await documents.delete(admin.scope, "execution_outputs", id_)
    problem = refused(await forks(admin, id_, "n3"), 409, "output_lost")
    assert "`in`" in problem["detail"]
    assert (await gave(admin, new))["n0"] == before["n0"], "a copy is its own"


@pytest.mark.parametrize("what", ["fork", "resume"])
async def test_who_goes_on_from_an_execution_holds_little_of_it(
    admin: Person, app: FastAPI, what: str
) -> None:
    steps = [f"n{number}" for number in range(300)]
    id_ = await heavy(admin, app, 60_000, steps=steps, ended=True)
    tracemalloc.start()
    try:
        if what == "fork":
            new = checked(await forks(admin, id_, "out"), 202)["id"]
        else:
            new = checked(await admin.http.post(f"executions/{id_}/resume"), 202)["id"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000, "of eighteen, which take several times as much in the making"
    assert await gave(admin, new) == await gave(admin, id_)


async def test_who_watches_is_given_a_megabyte_of_the_trace_at_a_time(admin: Person, app: FastAPI) -> None:
    """Hundreds may watch, and each holds what it was given while it reads slowly."""
    run = UUID(await traced(admin, app, "events", 40, 300_000))
    parts: ExecutionPorts = app.state.executions
    seen: list[int] = []
    async with aclosing(watch(parts.live, parts.history, admin.scope, run, after=0)) as blocks:
        async for block in blocks:
            seen += [event.seq for event in block]
            assert len(block) <= 5
            if len(seen) == 41:
                break
    assert seen == list(range(1, 42))
