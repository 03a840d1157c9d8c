"""What nodes exchange with the world is kept: in order, without secrets, and never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.flows import edge, flow, input_node, llm, node, output
from tests.engine.conftest import Model, Ship
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import ExecutionStatus, NodeFailure, ToolCompleted, ToolStarted
from watchbill.core.exchange import Exchange
from watchbill.core.ports.crews import CrewJob, CrewResult
from watchbill.core.ports.documents import Document
from watchbill.core.ports.http import HttpAnswer, HttpRequest
from watchbill.core.ports.llm import Emit, LlmAnswer, LlmCall, Provider
from watchbill.core.tenancy import TenantScope
from watchbill.core.usage import Usage
from watchbill.engine.engine import Engine
from watchbill.engine.recorded_ports import RecordedLlm
from watchbill.engine.stored_exchanges import (
    MAX_BYTES,
    PlacedExchange,
    ProviderKeys,
    document,
    exchange_seq,
    messages_of,
)
from watchbill.kit.clock import now
from watchbill.testing.ports import node_ports

KEY = "a-key-of-the-tenant-0123"


class Service:
    """An HTTP service's outermost edge."""

    async def send(self, request: HttpRequest) -> HttpAnswer:
        headers = {"content-type": "application/json", "set-cookie": "sid=1"}
        return HttpAnswer(request.url, 201, "Created", headers, b'{"id": 7, "access_token": "t0ps3cret"}')


class Crew:
    """A crew that uses one tool, as CrewAI's adapter tells it."""

    async def run(self, job: CrewJob, emit: Emit) -> CrewResult:
        emit(ToolStarted(call_id="1", tool="search", agent="a", arguments={"q": "tides"}))
        emit(ToolCompleted(call_id="1", tool="search", output=f"found {KEY}", duration_ms=3))
        return CrewResult("done", (), Usage())


class Directory:
    async def providers(self, scope: TenantScope) -> Sequence[Provider]:
        return [Provider(uuid4(), "p", "openai", None, KEY, (), 1)]


def recorded(ship: Ship, model: Any = None, **settings: Any) -> Engine:
    nodes = node_ports(llm=RecordedLlm(model or ship.model), http=Service())
    return ship.engine(nodes=nodes, secrets=lambda _: (KEY,), **settings)


def exchanges(ship: Ship, id_: UUID) -> list[dict[str, Any]]:
    kept = ship.documents.kept[ship.scope, "execution_exchanges", str(id_)]
    return [document.body for _, document in sorted(kept.items())]


def line(*nodes: dict[str, Any]) -> dict[str, Any]:
    ids = ["in", *(one["id"] for one in nodes), "out"]
    edges = [edge(a, b) for a, b in pairwise(ids)]
    return flow([input_node("topic"), *nodes, output(result="{{ inputs.topic }}")], edges)


async def test_model_calls_are_kept_in_order_with_their_place(ship: Ship) -> None:
    recorded(ship)
    ship.model.answers["first"] = [NodeError(ErrorKind.UPSTREAM, "Busy.", code="busy"), f"Use {KEY}."]
    first = llm("first") | {"retry": {"max_attempts": 2, "backoff_seconds": 0}}
    id_ = ship.submit(line(first, llm("second", "And then?")), topic=f"tides and {KEY}")
    await ship.finish(id_)
    failed, again, second = exchanges(ship, id_)
    places = [(one["type"], one["attempt"], one["number"]) for one in (failed, again, second)]
    assert places == [("first", 1, 1), ("first", 2, 1), ("second", 1, 1)]
    assert (failed["answer"], failed["error"]["code"]) == (None, "busy")
    assert failed["digest"] == again["digest"] != second["digest"]
    assert again["answer"]["text"] == "Use [hidden]." and again["answer"]["usage"]["total_tokens"] == 5
    assert again["request"]["messages"][0]["role"] == "user" and again["cut"] is False
    assert KEY not in str(exchanges(ship, id_))


async def test_a_prompt_is_stored_once(ship: Ship) -> None:
    """By the event that tells watchers of it; the exchange says where."""
    recorded(ship)
    id_ = ship.submit(line(llm("first", "Of tides"), llm("second", "Of moons")), topic="x")
    await ship.finish(id_)
    documents = [body for kept in ship.documents.kept.values() for body in kept.values()]
    for prompt in ("Of tides", "Of moons"):
        assert sum(prompt in str(document.body) for document in documents) == 1
    trace = ship.documents.kept[ship.scope, "execution_logs", str(id_)]
    for body in exchanges(ship, id_):
        where = messages_of(body)
        assert where is not None
        event = trace[where.seq].body
        assert (event["type"], event["data"]["call_id"]) == ("llm_started", where.call_id)
        assert where.size == len(orjson.dumps(event["data"]["messages"]))


async def test_a_prompt_with_a_secret_in_it_is_kept_without_it(ship: Ship) -> None:
    """What the event says is not the same then."""
    recorded(ship)
    id_ = ship.submit(line(llm("ask", f"Use {KEY} and nothing else")), topic="x")
    await ship.finish(id_)
    [one] = exchanges(ship, id_)
    assert messages_of(one) is None
    assert one["request"]["messages"] == [{"role": "user", "content": "Use [hidden] and nothing else"}]


async def test_they_are_there_when_the_execution_is_over(ship: Ship) -> None:
    """Before the last event is durable, not some time after it."""
    recorded(ship)
    seen: list[int] = []
    append = ship.journal.append

    async def look(scope: Any, batches: Any, **named: Any) -> Any:
        for batch in batches:
            if batch.outcome and batch.outcome.status.final:
                seen.append(len(exchanges(ship, batch.execution_id)))
        return await append(scope, batches, **named)

    ship.journal.append = look  # type: ignore[method-assign]
    await ship.finish(ship.submit(line(llm("ask")), topic="x"))
    assert seen == [1]


async def test_calls_of_services_are_kept_without_what_lets_one_in(ship: Ship) -> None:
    recorded(ship)
    call = node(
        "call",
        "http_request",
        {
            "method": "POST",
            "url": "https://api.example.com/v1/things?token=abc&page=2",
            "headers": {"Authorization": "Bearer abcdefghijkl", "X-Mine": "letmein", "Accept": "text/html"},
            "body_type": "json",
            "values": {"name": "Ann", "password": "hunter2", "note": f"my {KEY}"},
        },
    )
    id_ = ship.submit(line(call), topic="x")
    await ship.finish(id_)
    [one] = exchanges(ship, id_)
    assert (one["kind"], one["type"]) == ("http", "call")
    request, answer = one["request"], one["answer"]
    assert request["url"] == "https://api.example.com/v1/things?token=[hidden]&page=2"
    assert request["headers"]["authorization"] == request["headers"]["x-mine"] == "[hidden]"
    assert request["headers"]["accept"] == "text/html"
    assert request["body"] == {"name": "Ann", "password": "[hidden]", "note": "my [hidden]"}
    assert answer["body"] == {"id": 7, "access_token": "[hidden]"} and answer["status"] == 201
    assert answer["headers"]["set-cookie"] == "[hidden]"


async def test_tools_of_crews_are_kept(ship: Ship) -> None:
    nodes = node_ports(llm=RecordedLlm(ship.model), crews=Crew())
    ship.engine(nodes=nodes, secrets=lambda _: (KEY,))
    agent = {"role": "r", "goal": "g", "backstory": "b"}
    task = {"description": "d", "expected_output": "e"}
    id_ = ship.submit(line(node("team", "agent", {"agent": agent, "task": task})), topic="x")
    await ship.finish(id_)
    [one] = exchanges(ship, id_)
    assert one["request"] == {"tool": "search", "agent": "a", "arguments": {"q": "tides"}}
    assert one["answer"] == {"output": "found [hidden]"} and one["duration_ms"] == 3


async def test_no_node_fails_for_what_cannot_be_kept(ship: Ship) -> None:
    recorded(ship)
    append = ship.documents.append

    async def full(scope: Any, collection: Any, entries: Any) -> None:
        if collection == "execution_exchanges":
            raise OSError("no space left")
        await append(scope, collection, entries)

    ship.documents.append = full  # type: ignore[method-assign]
    id_ = ship.submit(line(llm("one"), llm("two")), topic="x")
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED


async def test_what_was_answered_is_kept_when_the_worker_stops(ship: Ship) -> None:
    # Nothing commits by itself in time: stopping has to write it.
    engine = recorded(ship, trace_seconds=600)
    answered = asyncio.Event()

    class Stuck(Model):
        async def complete(self, call: LlmCall, emit: Emit) -> LlmAnswer:
            answer = await super().complete(call, emit)
            emit(Exchange("llm", {"messages": []}, {"text": "first"}, None, 1))
            answered.set()
            await asyncio.Event().wait()
            return answer

    await engine.stop(grace_seconds=0)
    ship.engines.clear()
    engine = recorded(ship, Stuck(), trace_seconds=600)
    id_ = ship.submit(line(llm("ask")), topic="x")
    await answered.wait()
    await engine.stop(grace_seconds=0)
    assert [one["answer"] for one in exchanges(ship, id_)] == [{"text": "first"}]


async def test_each_claim_counts_by_itself(ship: Ship) -> None:
    first = recorded(ship)
    ship.model.gates["two"] = asyncio.Event()
    id_ = ship.submit(line(llm("one"), llm("two")), topic="x")
    await ship.until(lambda: "two" in ship.model.asked)
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    ship.model.gates.clear()
    recorded(ship)
    await ship.finish(id_)
    assert [one["type"] for one in exchanges(ship, id_)] == ["one", "two"]
    seqs = sorted(ship.documents.kept[ship.scope, "execution_exchanges", str(id_)])
    assert seqs == [exchange_seq(1, 1), exchange_seq(2, 1)]


async def test_keys_are_known_once_they_were_given_out() -> None:
    keys, scope = ProviderKeys(Directory()), TenantScope(uuid4())
    assert keys.of(scope) == ()
    await keys.providers(scope)
    assert keys.of(scope) == (KEY,)


def kept(exchange: Exchange) -> Document:
    return document(PlacedExchange(exchange, 1, "n", 1, 1, now()), (KEY,))


def test_what_is_too_large_is_cut_and_says_so() -> None:
    messages = [{"role": "user", "content": "é" * 300_000} for _ in range(20)]
    stored = kept(Exchange("llm", {"messages": messages}, {"text": "x" * 5_000_000}, None, 1))
    assert stored.body["cut"] is True and len(orjson.dumps(stored.body)) <= MAX_BYTES
    assert stored.body["request"]["messages"][0]["content"].startswith("ééé")
    many = kept(Exchange("tool", {"arguments": {str(n): "y" * 900 for n in range(20_000)}}, None, None, 1))
    assert many.body["cut"] is True and len(orjson.dumps(many.body)) <= MAX_BYTES


_TEXT = st.text(st.characters(categories=None), max_size=20)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_TEXT, _JSON, max_size=3), st.none() | st.dictionaries(_TEXT, _JSON, max_size=3))
def test_whatever_was_said_can_be_stored(request: dict[str, Any], answer: dict[str, Any] | None) -> None:
    """PostgreSQL's JSON takes it, and it is the same the second time."""
    request.pop("headers", None)
    error = None if answer is not None else NodeFailure(kind=ErrorKind.BUG, code="c", message="\x00")
    body = kept(Exchange("tool", request, answer, error, 1)).body
    text = orjson.dumps(body)
    assert b"\\u0000" not in text.replace(rb"\\", b""), "a NUL, and not a backslash with letters behind it"
    assert kept(Exchange("tool", request, answer, error, 1)).body["digest"] == body["digest"]
