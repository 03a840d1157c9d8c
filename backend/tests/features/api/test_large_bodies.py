"""Large bodies are read once, in a thread, and in turns of those who send them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient
from starlette.types import Message

from tests.features.api.test_neighbours import large
from tests.features.flows.test_flows import make_flow
from tests.features.triggers.test_webhook_bodies import open_hook
from tests.people import Person, checked, refused
from watchbill.api.held_bodies import SMALL, HeldBodies
from watchbill.core.errors import TooManyRequests
from watchbill.core.plan import stored_plan
from watchbill.features.executions import service as executions
from watchbill.features.identity.aside import Aside
from watchbill.features.triggers import hooks
from watchbill.features.triggers import schemas as triggers
from watchbill.kit.audit import masking
from watchbill.kit.requests.large_answers import PartsResponse

JSON = {"Content-Type": "application/json"}
LARGE = 40_000


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The thread of each reading of a large text of JSON."""
    threads: list[int] = []
    loads = json.loads

    def noted(text: Any, **options: Any) -> Any:
        if len(text) > LARGE:
            threads.append(threading.get_ident())
        return loads(text, **options)

    monkeypatch.setattr(json, "loads", noted)
    return threads


async def test_a_large_body_is_read_once_and_not_on_the_loop(member: Person, read: list[int]):
    form = {"name": "f", "definition": {"a": "x" * LARGE}}
    answer = await member.http.post("flows", content=json.dumps(form), headers=JSON)
    assert len(read) == 1 and read[0] != threading.get_ident()
    assert checked(answer, 201)["definition"] == form["definition"]


@pytest.mark.parametrize("size", [10, LARGE])
async def test_a_broken_body_is_told_of_as_ever(member: Person, read: list[int], size: int):
    body = b'{"name": "f", "definition": {"a": "%s"' % (b"x" * size)
    problem = refused(await member.http.post("flows", content=body, headers=JSON), 422, "invalid_input")
    assert problem["errors"][0] == {
        "loc": ["body", len(body)],
        "code": "json_invalid",
        "message": "JSON decode error.",
    }
    assert len(read) == (size == LARGE) and threading.get_ident() not in read


async def test_a_large_body_of_another_kind_is_no_json(member: Person, read: list[int]):
    body = json.dumps({"name": "f", "definition": {"a": "x" * LARGE}})
    refused(await member.http.post("flows", content=body, headers={"Content-Type": "text/plain"}), 422)
    assert not read


async def test_inputs_are_looked_through_by_who_reads_them(member: Person, monkeypatch: pytest.MonkeyPatch):
    """And not again by the flow that takes them, nor by a question that is answered."""
    hook = await open_hook(member)
    looked: list[Any] = []
    monkeypatch.setattr("watchbill.nodes.input.inexact", looked.append)
    for size in (1, LARGE):
        form = {"inputs": {"got": {"value": "x" * size}}}
        checked(await member.http.post(f"flows/{hook['flow_id']}/execute", json=form), 202)
        checked(await member.http.post(f"http://test{hook['path']}", json=form), 202)
    assert looked == []


async def test_of_many_unknown_fields_some_are_told(member: Person):
    many = {f"k{number}": 1 for number in range(10_000)}
    problem = refused(await member.http.post("flows", json=many), 422, "invalid_input")
    assert [error["message"] for error in problem["errors"]] == ["It has more than 105 fields."]
    hook = await open_hook(member)
    execute = member.http.post(f"flows/{hook['flow_id']}/execute", json={"inputs": many | {"got": {}}})
    problem = refused(await execute, 422, "inputs_invalid")
    assert [error["code"] for error in problem["errors"]] == ["unknown_input"] * 100


async def test_a_flow_has_at_most_so_many_nodes(member: Person):
    """Whoever looks at each of a hundred thousand would hold up the event loop."""
    step = {"id": "a", "type": "map", "config": {"body": {"nodes": [{}] * 999}}}
    most: dict[str, Any] = {"nodes": [step, step]}
    checked(await member.http.post("flows", json={"name": "f", "definition": most}), 201)
    more = {"nodes": [*most["nodes"], {}]}
    refused(
        await member.http.post("flows", json={"name": "f", "definition": more}), 422, "definition_too_large"
    )
    answer = checked(await member.http.post("flows/validate", json={"definition": more}))
    assert [problem["code"] for problem in answer["problems"]] == ["definition_too_large"]


@pytest.mark.parametrize(
    "value", [[[]] * 10_000, {f"k{n}": 1 for n in range(10_000)}, {"a": ["x" * 1000] * 100}, "x" * 70_000]
)
def test_the_audit_log_looks_for_secrets_in_what_it_shows(value: Any, monkeypatch: pytest.MonkeyPatch):
    """And not in what is so large that a digest stands for it."""
    looked: list[str] = []
    monkeypatch.setattr(masking, "is_secret", looked.append)
    text = json.dumps(value, separators=(",", ":")).encode()
    assert masking.masked("definition", value) == {
        "bytes": len(text),
        "sha256": hashlib.sha256(text).hexdigest(),
    }
    assert looked == ["definition"]


class Held:
    """Work that waits until it is let go on, and notes whose was done."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.done: list[str] = []

    def work(self, whose: str) -> str:
        self.begun.set()
        assert self.go_on.wait(60)
        self.done.append(whose)
        return whose


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    yield held
    held.go_on.set()


@pytest_asyncio.fixture
async def aside() -> Any:
    aside = Aside(rest=0)
    yield aside
    aside.close()


async def test_who_has_much_to_read_delays_another_by_one(aside: Aside, held: Held):
    asked = [asyncio.create_task(aside.run("much", held.work, "much")) for _ in range(60)]
    await asyncio.to_thread(held.begun.wait)
    asked.append(asyncio.create_task(aside.run("little", held.work, "little")))
    await asyncio.sleep(0)
    held.go_on.set()
    assert await asyncio.gather(*asked) == ["much"] * 60 + ["little"]
    assert held.done.index("little") <= 2


async def test_the_turn_ends_with_the_work_whoever_has_given_up(aside: Aside, held: Held):
    leaving = asyncio.create_task(aside.run("a", held.work, "left"))
    await asyncio.to_thread(held.begun.wait)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    waiting = asyncio.create_task(aside.run("b", held.work, "waited"))
    await asyncio.sleep(0)
    held.go_on.set()
    await waiting
    assert held.done == ["left", "waited"]


async def test_what_the_work_raises_is_raised(aside: Aside):
    with pytest.raises(ZeroDivisionError):
        await aside.run("a", divmod, 1, 0)
    assert await aside.run("a", divmod, 7, 2) == (3, 1)


async def test_too_much_of_one_is_refused(held: Held):
    aside = Aside(patience=0.01, waiting=2)
    first = asyncio.create_task(aside.run("a", held.work, "a"))
    await asyncio.to_thread(held.begun.wait)
    with pytest.raises(TooManyRequests):
        # Its own turn is not over in time.
        await aside.run("a", held.work, "a")
    second = asyncio.create_task(aside.run("a", held.work, "a"))
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        # As many as may wait are there.
        await aside.run("a", held.work, "a")
    held.go_on.set()
    assert await first == "a"
    await asyncio.gather(second, return_exceptions=True)
    aside.close()


async def test_who_had_a_turn_rests_and_nobody_else():
    aside = Aside(patience=0.05, rest=10**9)
    assert await aside.run("a", divmod, 7, 2) == (3, 1)
    assert await aside.run("b", divmod, 7, 2) == (3, 1)
    with pytest.raises(TooManyRequests):
        await aside.run("a", divmod, 7, 2)
    aside.close()


async def test_what_waits_at_the_end_is_refused_and_does_not_wait_on(held: Held):
    aside = Aside(rest=0, patience=10**6)
    waiting = [asyncio.create_task(aside.run("a", held.work, str(number))) for number in range(4)]
    await asyncio.to_thread(held.begun.wait)
    aside.close()
    held.go_on.set()
    assert await waiting[0] == "0"
    for left in waiting[1:]:
        with pytest.raises(TooManyRequests):
            await asyncio.wait_for(left, 60)
    assert held.done == ["0"]


async def test_large_plans_are_compiled_aside(member: Person, monkeypatch: pytest.MonkeyPatch):
    """Half a second each: somebody with many at once would take all threads."""
    threads: list[str] = []

    def noted(*given: Any) -> Any:
        threads.append(threading.current_thread().name[:5])
        return stored_plan(*given)

    monkeypatch.setattr(executions, "stored_plan", noted)
    for nodes in (2, 200):
        made = await make_flow(member, definition=large(nodes))
        run = member.http.post(f"flows/{made['id']}/execute", json={"inputs": {"topic": "x"}})
        id_ = checked(await run, 202)["id"]
        assert len(checked(await member.http.get(f"executions/{id_}"))["nodes"]) == nodes + 2
    assert threads[0] != "aside" and threads[1] == "aside"


@pytest.mark.parametrize(
    "value",
    [
        [f"{{{{ inputs.a + {number} }}}}" for number in range(501)],
        ["{{ " + "1 + " * 1_000 + "1 }}"] * 20,
        ['{{ "}}" + ' + "'a' + " * 1_000 + "'a' }}"] * 20,
        ["{{ " + "1 + " * 1_000 + "1 }}"] * 20 + ["x" * 100_000 + "{{"],
        ["x"] * 70_000,
    ],
    ids=["many", "long", "hidden ends", "no ends", "no templates"],
)
async def test_what_each_call_would_parse_has_a_bound(
    member: Person, value: list[str], monkeypatch: pytest.MonkeyPatch
):
    """It is told before any of it is parsed."""
    hook = await open_hook(member)
    parsed: list[str] = []
    monkeypatch.setattr(triggers, "parse_template", parsed.append)
    reply = {"body": {"a": value}}
    for form in (
        {"inputs": {"got": {"value": value}}},
        {"webhook": {"signing": "none", "answer": "result", "reply": reply}},
    ):
        problem = refused(await member.http.patch(f"triggers/{hook['id']}", json=form), 422, "invalid_input")
        assert "All of it together" in problem["detail"]
    assert parsed == []


async def test_a_crew_is_tested_with_some_inputs(member: Person):
    crew = f"crews/{member.user_id}/test"
    few, many = ({"inputs": {f"k{n}": 1 for n in range(count)}} for count in (100, 101))
    refused(await member.http.post(crew, json=few), 404)
    refused(await member.http.post(crew, json=many), 422, "too_many_inputs")


async def test_calls_of_webhooks_are_read_in_turns(
    member: Person, stranger: Person, visitor: AsyncClient, held: Held, monkeypatch: pytest.MonkeyPatch
):
    """Somebody with many at once takes neither the threads of everybody nor another tenant's turn."""
    much, little = await open_hook(member), await open_hook(stranger)
    reading = hooks.read_body

    def noted(content_type: str, raw: bytes) -> Any:
        held.work(threading.current_thread().name + raw[1:2].decode())
        return reading(content_type, raw)

    monkeypatch.setattr(hooks, "read_body", noted)

    def call(hook: dict[str, Any], mark: str) -> asyncio.Task[Any]:
        body = json.dumps(mark * LARGE)
        return asyncio.create_task(visitor.post(f"http://test{hook['path']}", content=body, headers=JSON))

    calls = [call(much, "m") for _ in range(12)]
    await asyncio.to_thread(held.begun.wait)
    # Whatever the others do, no thread that everybody shares is taken.
    await asyncio.gather(*(asyncio.to_thread(lambda: None) for _ in range(64)))
    calls.append(call(little, "l"))
    while not any(name.endswith("l") for name in held.done):
        held.go_on.set()
        await asyncio.sleep(0)
    for answer in await asyncio.gather(*calls):
        checked(answer, 202)
    assert {name[:5] for name in held.done} == {"aside"}


class Reader:
    """A client that takes so many parts of an answer, and then none."""

    def __init__(self, parts: int = 2**31):
        self._parts = parts
        self.body = b""
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        if message.get("body"):
            if not self._parts:
                await asyncio.Event().wait()
            self._parts -= 1
            self.body += message["body"]
        self.messages.append(message)


async def nothing() -> Message:
    raise AssertionError("an answer asks for nothing")


async def test_an_answer_goes_out_in_parts() -> None:
    body, reader = bytes(range(256)) * 2000, Reader()
    await PartsResponse(body, media_type="application/json")(
        {"type": "http", "path": "/"}, nothing, reader.send
    )
    start, *parts, end = reader.messages
    assert start["status"] == 200 and (b"content-length", b"512000") in start["headers"]
    assert reader.body == body and max(len(part["body"]) for part in parts) == 65_536
    assert all(part["more_body"] for part in parts) and not end["more_body"]


async def test_who_does_not_read_an_answer_gets_no_more_of_it() -> None:
    reader = Reader(parts=3)
    answer = PartsResponse(b"x" * 1_000_000)
    answer.seconds = 0.01
    await answer({"type": "http", "path": "/"}, nothing, reader.send)
    assert len(reader.body) == 3 * 65_536 and reader.messages[-1]["more_body"], "it is not told as whole"


def test_what_one_sends_at_once_has_an_end():
    """A hundred bodies of four megabytes wait for their turn, and took 700 MB of the API."""
    held = HeldBodies(own=10 * SMALL, most=12 * SMALL)
    asked: list[str] = []

    def whose() -> str:
        asked.append("a")
        return "a"

    with ExitStack() as requests:
        for _ in range(100):
            requests.enter_context(held.body(whose))(SMALL)
        assert not asked, "small ones are nobody's"
        first = requests.enter_context(held.body(whose))
        first(SMALL // 2)
        first(9 * SMALL)
        with held.body(whose) as second, pytest.raises(TooManyRequests):
            second(2 * SMALL)
        with held.body(lambda: "b") as others:
            others(2 * SMALL)
        with pytest.raises(TooManyRequests), held.body(lambda: "c") as greedy:
            greedy(8 * SMALL)
        with held.body(lambda: "c") as modest, pytest.raises(TooManyRequests):
            modest(3 * SMALL)
            # All is taken, and who has more than others gets no more.
            first(SMALL // 4)
    with held.body(whose) as again:
        again(10 * SMALL)
