"""Stored tools as a worker calls them, with what is outside at the far end of a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from tests.fixtures_llm import LOOPBACK, compute
from tests.people import Person, checked
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.http import AiohttpClient
from watchbill.adapters.sandbox.policy import PolicySandbox
from watchbill.adapters.sandbox.wasm.sandbox import WasmSandbox
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import ToolCompleted, ToolFailed, ToolStarted
from watchbill.core.ports.tools import ToolUse
from watchbill.features.tools.running import StoredTools, Trials
from watchbill.kit.database.transactions import Database

__all__ = ["compute"]
PAGE = """<html><head><title>Tides</title><script>alert(1)</script></head><body>
<nav><a href="/">Home</a> <a href="/more">More</a></nav>
<article><h1>Tides</h1><p>The moon pulls the sea, and the sea follows it around the earth twice a day.</p>
<p>Where the coast narrows, the water rises higher than anywhere else, as in the Bay of Fundy.</p></article>
<footer>Imprint</footer></body></html>"""


@pytest.fixture
async def http() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(LOOPBACK)
    yield client
    await client.close()


@pytest.fixture(scope="session")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WasmSandbox]:
    found = WasmSandbox(tmp_path_factory.getbasetemp().parent / "sandbox")
    yield found
    await found.close()


@pytest.fixture
def tools(database: Database, http: AiohttpClient, compute: ProcessPool, sandbox: WasmSandbox) -> StoredTools:
    return StoredTools(database, PolicySandbox("auto", sandbox), http, compute)


class Site:
    """A web site on this machine, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.status, self.text, self.kind = 200, PAGE, "text/html"
        self.url = ""
        self.hold: asyncio.Event | None = None

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        await request.read()
        if self.hold is not None:
            await self.hold.wait()
        return web.Response(status=self.status, text=self.text, content_type=self.kind)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    found, application = Site(), web.Application()
    application.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


async def builtin(person: Person, name: str, **changes: Any) -> UUID:
    settings = changes.pop("settings", {})
    form = {"name": f"{name} {uuid4()}", "kind": "builtin"} | changes
    form["config"] = {"builtin": name, "settings": settings}
    return UUID(checked(await person.http.post("tools", json=form), 201)["id"])


async def called(tools: StoredTools, person: Person, id_: UUID, **arguments: Any) -> Any:
    return await tools.call(ToolUse(person.scope, id_, arguments), lambda _: None)


async def failing(tools: StoredTools, person: Person, id_: UUID, **arguments: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await called(tools, person, id_, **arguments)
    return caught.value


async def test_a_call_is_told_from_its_beginning_to_its_end(tools: StoredTools, member: Person):
    id_ = await builtin(member, "calculator")
    events: list[Any] = []
    use = ToolUse(member.scope, id_, {"expression": "(3 + 4) * 1.5"}, agent="ann")
    assert await tools.call(use, events.append) == 10.5
    started, completed = events
    assert isinstance(started, ToolStarted) and isinstance(completed, ToolCompleted)
    assert (started.agent, started.arguments) == ("ann", {"expression": "(3 + 4) * 1.5"})
    assert (completed.call_id, completed.output, completed.tier) == (started.call_id, 10.5, None)


async def test_a_failure_is_told_as_well(tools: StoredTools, member: Person):
    id_ = await builtin(member, "calculator")
    events: list[Any] = []
    with pytest.raises(NodeError):
        await tools.call(ToolUse(member.scope, id_, {"expression": "1 / 0"}), events.append)
    failed = events[-1]
    assert isinstance(failed, ToolFailed) and failed.error.kind is ErrorKind.USER


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "tool_arguments_invalid"),
        ({"expression": 3}, "tool_arguments_invalid"),
        ({"expression": "1", "more": 1}, "tool_arguments_invalid"),
        ({"expression": "x" * 3000}, "tool_arguments_invalid"),
        ({"expression": "1 +"}, "expression_syntax"),
        ({"expression": "inputs.x"}, "evaluation_failed"),
    ],
)
async def test_wrong_arguments(tools: StoredTools, member: Person, arguments: dict[str, Any], code: str):
    error = await failing(tools, member, await builtin(member, "calculator"), **arguments)
    assert (error.kind, error.error_code) == (ErrorKind.USER, code)


async def test_too_much_to_calculate_is_a_limit(tools: StoredTools, member: Person):
    id_ = await builtin(member, "calculator")
    listed = "[" + ",".join(["1"] * 200) + "]"
    error = await failing(tools, member, id_, expression=f"{listed}.map(a, {listed}.map(b, a + b))")
    assert error.kind is ErrorKind.LIMIT


async def test_the_time_in_a_zone(tools: StoredTools, member: Person):
    id_ = await builtin(member, "date_time")
    told = await called(tools, member, id_, zone="Asia/Kolkata")
    assert told["time"].endswith("+05:30") and told["zone"] == "Asia/Kolkata"
    assert (await called(tools, member, id_))["zone"] == "UTC"
    for zone in ("Mars/Olympus", "../../etc/passwd", "/etc/passwd", "a\x00b"):
        assert (await failing(tools, member, id_, zone=zone)).error_code == "unknown_zone"


async def test_a_page_is_read_without_what_stands_around(tools: StoredTools, member: Person, site: Site):
    id_ = await builtin(member, "website_fetch")
    page = await called(tools, member, id_, url=f"{site.url}/tides")
    assert page["title"] == "Tides" and "The moon pulls the sea" in page["text"]
    assert "alert" not in page["text"] and "Imprint" not in page["text"]
    cut = await called(tools, member, id_, url=f"{site.url}/tides", max_characters=100)
    assert len(cut["text"]) == 100 and not cut["is_complete"]
    site.status = 503
    assert (await failing(tools, member, id_, url=site.url)).kind is ErrorKind.UPSTREAM
    site.status = 404
    assert (await failing(tools, member, id_, url=site.url)).kind is ErrorKind.USER


async def test_private_addresses_are_refused(tools: StoredTools, member: Person):
    for name in ("website_fetch", "http_request"):
        id_ = await builtin(member, name)
        for url in ("http://169.254.169.254/latest/meta-data/", "http://[::1]:1/", "file:///etc/passwd"):
            assert (await failing(tools, member, id_, url=url)).kind is ErrorKind.USER


async def test_http_requests_stay_below_their_base(tools: StoredTools, member: Person, site: Site):
    settings = {"methods": ["GET", "POST"], "base_url": f"{site.url}/v1"}
    id_ = await builtin(member, "http_request", settings=settings)
    site.text, site.kind = '{"n": 9007199254740993}', "application/json"
    told = await called(tools, member, id_, url=f"{site.url}/v1/orders", method="POST", body="x")
    assert told == {"status": 200, "url": f"{site.url}/v1/orders", "body": {"n": 9007199254740993}}
    behind = (
        "x",
        "/../v2",
        "/%2e%2E/v2",
        "/a/%2e./../../v2",
        "/..\\..\\v2",
        "/..",
        ".evil.test/",
        "@evil.test/",
    )
    for url in (f"{site.url}/", *(f"{site.url}/v1{end}" for end in behind)):
        assert (await failing(tools, member, id_, url=url)).error_code == "address_refused", url
    assert (await failing(tools, member, id_, url=f"{site.url}/v1", method="PUT")).error_code == (
        "method_refused"
    )
    assert len(site.asked) == 1


async def test_web_search_by_searxng(tools: StoredTools, member: Person, site: Site):
    id_ = await builtin(member, "web_search", settings={"address": site.url})
    site.kind = "application/json"
    site.text = '{"results": [{"title": "Tides", "url": "https://a.test", "content": "Moon."}, 7, {}]}'
    told = await called(tools, member, id_, query="tides & moons", count=1)
    assert told == {"results": [{"title": "Tides", "url": "https://a.test", "text": "Moon."}]}
    assert site.asked[0].query == {"q": "tides & moons", "format": "json"}
    for text in ("<html>", "[]", '{"results": 7}', '{"results": null}'):
        site.text = text
        if text == "<html>":
            assert (await failing(tools, member, id_, query="x")).error_code == "search_failed"
        else:
            assert await called(tools, member, id_, query="x") == {"results": []}
    site.status = 403
    assert (await failing(tools, member, id_, query="x")).kind is ErrorKind.USER


async def test_the_output_is_judged_by_its_schema(tools: StoredTools, member: Person):
    id_ = await builtin(member, "calculator", output_schema={"type": "integer"})
    assert await called(tools, member, id_, expression="2 + 2") == 4
    error = await failing(tools, member, id_, expression="'four'")
    assert error.error_code == "tool_output_invalid"


async def test_another_tenants_tool_does_not_exist(tools: StoredTools, member: Person, stranger: Person):
    id_ = await builtin(member, "calculator")
    error = await failing(tools, stranger, id_, expression="1")
    missing = await failing(tools, stranger, uuid4(), expression="1")
    assert (error.detail, error.error_code) == (missing.detail, missing.error_code)
    with pytest.raises(NodeError):
        await tools.known(stranger.scope, [id_])
    (spec,) = await tools.known(member.scope, [id_])
    assert spec.name.startswith("calculator") and spec.input_schema["required"] == ["expression"]


async def test_one_that_is_switched_off_is_not_called(tools: StoredTools, member: Person):
    id_ = await builtin(member, "calculator", is_active=False)
    assert (await failing(tools, member, id_, expression="1")).error_code == "tool_inactive"


async def test_a_slow_builtin_tool_has_its_time(tools: StoredTools, member: Person, site: Site):
    site.hold = asyncio.Event()
    id_ = await builtin(member, "website_fetch", limits={"timeout_seconds": 0.2})
    error = await failing(tools, member, id_, url=site.url)
    assert (error.kind, error.error_code) == (ErrorKind.TIMEOUT, "tool_timeout")
    site.hold.set()


async def python(person: Person, code: str, **changes: Any) -> UUID:
    form = {"name": f"P {uuid4()}", "kind": "python", "config": {"code": code}} | changes
    form["input_schema"] = changes.get("input_schema", {"type": "object", "properties": {}})
    return UUID(checked(await person.http.post("tools", json=form), 201)["id"])


async def test_a_program_runs_in_the_sandbox(tools: StoredTools, member: Person):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    id_ = await python(
        member, "def run(n):\n    print('so', n)\n    return {'twice': 2 * n}", input_schema=schema
    )
    events: list[Any] = []
    assert await tools.call(ToolUse(member.scope, id_, {"n": 2**52 + 1}), events.append) == {
        "twice": 2**53 + 2
    }
    assert [event.type for event in events] == ["tool_started", "tool_output", "tool_completed"]
    assert (events[1].text, events[2].tier) == (f"so {2**52 + 1}\n", "wasm")


async def test_what_a_program_does_wrong_is_told(tools: StoredTools, member: Person):
    broken = await python(member, "def run():\n    return 1 / 0")
    error = await failing(tools, member, broken)
    assert (error.kind, error.error_code) == (ErrorKind.USER, "tool_failed")
    assert "line 2" in error.detail and "ZeroDivisionError" in error.detail
    endless = await python(member, "def run():\n    while True: pass", limits={"timeout_seconds": 0.1})
    events: list[Any] = []
    with pytest.raises(NodeError) as caught:
        await tools.call(ToolUse(member.scope, endless, {}), events.append)
    assert (caught.value.kind, caught.value.error_code) == (ErrorKind.LIMIT, "tool_time")
    assert (events[-1].exceeded, events[-1].tier) == ("time", "wasm")


async def test_what_takes_another_sandbox_is_refused_with_its_name(tools: StoredTools, member: Person):
    packages = await python(member, "def run(): ...", config={"code": "def run(): ..."})
    path = f"tools/{packages}"
    form = {"config": {"code": "def run(): ...", "requirements": ["httpx==0.28.1"]}}
    checked(await member.http.patch(path, json=form))
    error = await failing(tools, member, packages)
    assert (error.kind, error.error_code) == (ErrorKind.USER, "sandbox_unavailable")
    assert "It needs packages" in error.detail and "`docker`" in error.detail


async def test_a_sandbox_that_is_off_runs_nothing(
    database: Database, http: AiohttpClient, compute: ProcessPool, sandbox: WasmSandbox, member: Person
):
    closed = StoredTools(database, PolicySandbox("off", sandbox), http, compute)
    error = await failing(closed, member, await python(member, "def run(): ..."))
    assert (error.kind, error.error_code) == (ErrorKind.USER, "sandbox_unavailable")


async def test_a_trial_tells_how_it_ended(tools: StoredTools, member: Person):
    id_ = await builtin(member, "calculator")
    trials = Trials(tools)
    told = await trials.run(member.scope, id_, '{"expression": "9007199254740993 + 0"}')
    assert (told["ok"], told["output"], told["error"]) == (True, 9007199254740993, None)
    told = await trials.run(member.scope, id_, "{}")
    assert told["ok"] is False and told["error"]["code"] == "tool_arguments_invalid"
