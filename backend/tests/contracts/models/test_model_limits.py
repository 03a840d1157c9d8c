"""What a model server may cost: bytes, time, and other providers' turns."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from typing import Any

import pytest

from tests.contracts.models.test_model_servers import as_type, failing
from tests.fixtures_llm import LOOPBACK, Desk, Directory
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.models import CoolDown, LiteLlmGateway, Sizes, TimeLimits
from watchbill.adapters.models.patience import Patience
from watchbill.adapters.openai_chat import body, client, event_stream
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import LlmFailover
from watchbill.testing.llm_server import LlmServer

MEGABYTE = 1024 * 1024
# What may have left the server beyond what was read: the buffers of two sockets and of both processes.
BUFFERED = 24 * MEGABYTE
HUGE = 300 * MEGABYTE


@pytest.fixture(params=["openai_compatible", "azure", "anthropic", "gemini"])
def any_type(request: pytest.FixtureRequest, desk: Desk) -> Desk:
    return as_type(desk, request.param)


CHUNK = 'data: {"choices": [{"index": 0, "delta": {"content": "tide after tide after tide "}}]}\n\n'


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize(
    "raw",
    [
        {"body": '{"choices": [{"message": {"content": "', "repeat": "tide "},
        {"body": "data: ", "repeat": "tide ", "headers": {"Content-Type": "text/event-stream"}},
        {"body": ": ", "repeat": "tide ", "headers": {"Content-Type": "text/event-stream"}},
        {"body": "data: x\n", "repeat": "data: y\n", "headers": {"Content-Type": "text/event-stream"}},
        {"body": "[", "repeat": "[", "headers": {"Content-Type": "text/event-stream"}},
    ],
    ids=["json", "line", "comment", "event", "nested"],
)
async def test_a_huge_answer_is_cut_off_while_it_is_read(any_type: Desk, raw: dict[str, Any], gzip: bool):
    times = HUGE // len(raw["repeat"])
    any_type.server.script([{"then": {"raw": {**raw, "times": times, "gzip": gzip}}}])
    error = await failing(any_type)
    assert (error.kind, error.error_code) == (ErrorKind.LIMIT, "answer_too_large")
    await any_type.server.calls.wait_for(lambda calls: calls[0].outcome == "client_closed")
    # A gigabyte of the same words is a megabyte when it is compressed, so the server may be far ahead there.
    assert gzip or any_type.server.calls[0].sent_bytes < BUFFERED


@pytest.mark.parametrize("repeat", [CHUNK, CHUNK.replace("content", "reasoning_content")])
async def test_an_endless_stream_of_words_is_cut_off(
    desk: Desk, llm_directory: Directory, compute: ProcessPool, repeat: str
):
    desk.gateway = LiteLlmGateway(llm_directory, compute, sizes=Sizes(text=100_000), way=LOOPBACK)
    raw = {"repeat": repeat, "headers": {"Content-Type": "text/event-stream"}}
    desk.server.script([{"then": {"raw": raw}}])
    error = await failing(desk)
    assert (error.kind, error.error_code) == (ErrorKind.LIMIT, "answer_too_large")
    assert 50_000 < len(desk.streamed()) <= 100_000 or "reasoning" in repeat
    await desk.server.calls.wait_for(lambda calls: calls[0].outcome == "client_closed")
    await desk.gateway.close()


async def test_a_document_of_a_million_values_is_not_taken_apart(desk: Desk):
    raw = {"body": '{"choices": [', "repeat": "{},", "times": 2_000_000}
    desk.server.script([{"then": {"raw": raw}}])
    assert (await failing(desk)).error_code == "answer_too_large"


async def test_endless_headers(any_type: Desk):
    raw = {"head": "HTTP/1.1 200 OK\r\n", "repeat": "X-Tide: high\r\n"}
    any_type.server.script([{"then": {"raw": raw}}])
    error = await failing(any_type, first_token_seconds=60)
    assert error.kind in (ErrorKind.UPSTREAM, ErrorKind.LIMIT)
    assert "cannot be reached" not in error.detail
    assert any_type.server.calls[0].sent_bytes < BUFFERED


async def test_endless_interim_answers(any_type: Desk):
    raw = {"head": "HTTP/1.1 103 Early Hints\r\n\r\n", "repeat": "HTTP/1.1 103 Early Hints\r\n\r\n"}
    any_type.server.script([{"then": {"raw": raw}}])
    error = await failing(any_type, first_token_seconds=3600)
    assert (error.kind, error.error_code) == (ErrorKind.UPSTREAM, "not_an_answer")
    assert "interim answers" in error.detail


async def test_a_few_interim_answers_come_before_an_answer(desk: Desk):
    body = '{"choices": [{"message": {"content": "Low tide."}, "finish_reason": "stop"}]}'
    head = "HTTP/1.1 100 Continue\r\n\r\n" + "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3
    head += f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    desk.server.script([{"then": {"raw": {"head": head}}}])
    assert (await desk.ask()).text == "Low tide."


def piece(id_: str = "", name: str = "", arguments: str = "") -> str:
    call = {"index": 0, "id": id_, "function": {"name": name, "arguments": arguments}}
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'tool_calls': [call]}}]})}\n\n"


@pytest.mark.parametrize(
    ("first", "repeat"),
    [
        (piece(name="f", arguments='{"a": {}' + " " * 100_000 + "}x}"), piece(name="f", arguments="}")),
        (piece(name="f", arguments="[" + "1," * 100_000), piece(name="f", arguments="[]")),
        (piece(id_="a", name="f"), piece(name="g")),
        ("", piece(name="f", arguments="{}")),
    ],
    ids=["braces", "brackets", "name", "calls"],
)
async def test_calls_of_tools_without_end(desk: Desk, first: str, repeat: str):
    """To tell apart those without ids must not take longer with each of them."""
    raw = {"body": first, "repeat": repeat, "headers": {"Content-Type": "text/event-stream"}}
    desk.server.script([{"then": {"raw": raw}}])
    assert (await failing(desk)).error_code == "answer_too_large"
    assert desk.server.calls[0].sent_bytes < BUFFERED


HEARTBEATS = [": still there\n\n", "data:\n\n", 'data: {"choices": []}\n\n', "event: ping\n\n", "\n"]


# Limits on size that nothing reaches: only one on time can end what never ends.
BOUNDLESS = Sizes(text=2**40)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing counts what says nothing, either."""
    monkeypatch.setattr(body, "MOST_SILENT_EVENTS", 2**60)
    monkeypatch.setattr(event_stream, "_MOST_NOISE", 2**60)
    monkeypatch.setattr(client, "_MOST_BLANK", 2**60)


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("repeat", HEARTBEATS)
async def test_heartbeats_are_no_sign_of_life(
    any_type: Desk, llm_directory: Directory, compute: ProcessPool, repeat: str
):
    """As many of them as fit, for ever: the limit on time has to be the one that ends them."""
    any_type.gateway = LiteLlmGateway(llm_directory, compute, sizes=BOUNDLESS, way=LOOPBACK)
    raw = {"repeat": repeat, "headers": {"Content-Type": "text/event-stream"}}
    any_type.server.script([{"then": {"raw": raw}}])
    error = await failing(any_type, first_token_seconds=3)
    assert error.error_code == "llm_timeout"
    await any_type.gateway.close()


@pytest.mark.usefixtures("endless")
async def test_heartbeats_between_words_do_not_prolong_the_silence(
    desk: Desk, llm_directory: Directory, compute: ProcessPool
):
    desk.gateway = LiteLlmGateway(llm_directory, compute, sizes=BOUNDLESS, way=LOOPBACK)
    raw = {"body": CHUNK, "repeat": ": still there\n\n", "headers": {"Content-Type": "text/event-stream"}}
    desk.server.script([{"then": {"raw": raw}}])
    error = await failing(desk, silence_seconds=3)
    assert error.error_code == "llm_stalled"
    await desk.gateway.close()


async def failing_halfway(desk: Desk, cooling: CoolDown | None = None) -> NodeError:
    """How a call fails that took too long when its answer had begun; it gets more time until it begins."""
    for seconds in (1, 4, 16, 64):
        desk.events.clear()
        if cooling is not None:
            cooling.clear(desk.provider.id)
        error = await failing(desk, timeout_seconds=seconds)
        if desk.streamed():
            return error
    raise AssertionError("the answer did not begin within a minute")


@pytest.mark.parametrize("stream", [True, False])
async def test_the_three_limits_on_time(any_type: Desk, stream: bool):
    any_type.server.script([{"then": {"hang": True}}])
    error = await failing(any_type, stream=stream, first_token_seconds=0.2)
    assert (error.kind, error.error_code) == (ErrorKind.TIMEOUT, "llm_timeout")
    assert "within 0.2 s" in error.detail
    error = await failing(any_type, stream=stream, timeout_seconds=0.2)
    assert error.error_code == "llm_timeout" and "did not finish" in error.detail
    any_type.server.script([{"then": {"text": "one two three", "stall_after": 1}}])
    if stream:
        error = await failing(any_type, silence_seconds=3)
        assert error.error_code == "llm_stalled" and "for 3 s" in error.detail
        assert (await failing_halfway(any_type)).error_code == "answer_took_too_long"


async def test_tokens_that_flow_are_not_cut_off(desk: Desk):
    """The whole takes longer than the wait for the first word may."""
    for seconds in (1, 4, 16, 64):
        desk.server.script([{"then": {"text": "word " * 12, "token_ms": seconds * 150}}])
        try:
            answer = await desk.ask(first_token_seconds=seconds, silence_seconds=300, timeout_seconds=600)
        except NodeError:
            # This machine needs longer to begin.
            assert not desk.streamed()
            continue
        assert answer.text.split() == ["word"] * 12
        return
    raise AssertionError("the answer did not begin within a minute")


async def test_a_call_may_be_over_before_it_is_sent(any_type: Desk):
    any_type.server.script([{"then": {"hang": True}}])
    # At each of these moments it is somewhere else, with a library also in a thread.
    for moment in range(60):
        error = await failing(any_type, timeout_seconds=0.000_1 + 0.000_5 * moment)
        assert error.error_code == "llm_timeout"
    # What a library left behind in a thread is told of when it is collected.
    await asyncio.get_running_loop().run_in_executor(None, gc.collect)


class Clocked(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still until it is set forward."""

    seconds = 0.0

    def time(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("waits", "waited"),
    [
        ([9, 9, 9, 9, 9], None),
        ([11], "first"),
        ([9, 9, 11], "silence"),
        ([9, 9, 9, 9, 9, 9, 9], "total"),
    ],
)
def test_what_is_waited_for_is_counted_anew_with_each_piece(waits: list[int], waited: str | None):
    loop = Clocked()

    async def answer() -> Patience:
        patience = Patience(TimeLimits(first_token=10, silence=10, total=60))
        with contextlib.suppress(TimeoutError):
            async with patience:
                for seconds in waits:
                    loop.seconds += seconds
                    # What is due gets its turn, and so does what it cancels.
                    for _ in range(3):
                        await asyncio.sleep(0)
                    patience.heard()
                assert waited is None
                return patience
        assert patience.waited == waited
        return patience

    try:
        assert loop.run_until_complete(answer()).seconds == sum(waits)
    finally:
        loop.close()


async def test_a_provider_sets_limits_for_its_calls(desk: Desk):
    desk.change_provider(config={"first_token_seconds": 0.2, "silence_seconds": 50})
    desk.server.script([{"then": {"hang": True}}])
    assert "within 0.2 s" in (await failing(desk)).detail
    desk.server.script([{"then": {"delay_ms": 400, "text": "Here."}}])
    assert (await desk.ask(first_token_seconds=60)).text == "Here."


@pytest.mark.parametrize(
    "then",
    [
        {"hang": True},
        {"status": 503},
        {"break_after": 0},
        {"raw": {"body": "<html>"}},
        {"raw": {"body": "{", "announce": 9, "end": "reset"}},
    ],
    ids=str,
)
async def test_what_fails_cools_down(
    desk: Desk, llm_directory: Directory, compute: ProcessPool, then: dict[str, Any]
):
    told: list[float] = []
    cooling = CoolDown(lambda: 0.0, tell=lambda _, seconds: told.append(seconds))
    desk.gateway = LiteLlmGateway(llm_directory, compute, cooling=cooling, way=LOOPBACK)
    if "hang" in then:
        desk.change_provider(config={"first_token_seconds": 0.3})
    async with LlmServer() as spare:
        desk.add_provider("Spare", base_url=spare.base_url, priority=2)
        desk.server.script([{"then": then}])
        spare.script([{"then": {"text": "Here."}}])
        for _ in range(2):
            assert (await desk.ask()).text == "Here."
        assert len(spare.calls) == 2
    # A call may have timed out before it reached the server.
    assert len(desk.server.calls) <= 1 if "hang" in then else len(desk.server.calls) == 1
    [handover] = [event for event in desk.events if isinstance(event, LlmFailover)]
    assert (handover.from_provider, handover.to_provider) == ("Main", "Spare")
    assert told == [15.0], "other workers are told once"
    await desk.gateway.close()


async def test_a_stall_and_nobody_at_the_address_cool_down_too(
    desk: Desk, llm_directory: Directory, compute: ProcessPool
):
    cooling = CoolDown(lambda: 0.0)
    desk.gateway = LiteLlmGateway(
        llm_directory, compute, cooling=cooling, limits=TimeLimits(silence=0.3), way=LOOPBACK
    )
    desk.server.script([{"then": {"text": "one two", "stall_after": 1}}])
    await failing(desk)
    assert cooling.active(desk.provider.id)
    desk.change_provider(base_url="http://nobody.invalid/v1", id=desk.scope.tenant_id)
    await failing(desk)
    assert cooling.active(desk.provider.id)
    await desk.gateway.close()


async def test_a_call_of_tokens_that_took_too_long_blames_nobody(
    desk: Desk, llm_directory: Directory, compute: ProcessPool
):
    cooling = CoolDown(lambda: 0.0)
    desk.gateway = LiteLlmGateway(llm_directory, compute, cooling=cooling, way=LOOPBACK)
    desk.server.script([{"then": {"text": "one two", "stall_after": 1}}])
    assert (await failing_halfway(desk, cooling)).error_code == "answer_took_too_long"
    assert not cooling.active(desk.provider.id)
    await desk.gateway.close()


async def test_whoever_gives_up_on_silence_blames_it(
    desk: Desk, llm_directory: Directory, compute: ProcessPool
):
    """The node's own time-out cancels the call: the next attempt shall not wait for the same again."""
    cooling = CoolDown(lambda: 0.0)
    desk.gateway = LiteLlmGateway(llm_directory, compute, cooling=cooling, unheard_seconds=0.0, way=LOOPBACK)
    desk.server.script([{"then": {"hang": True}}])
    task = asyncio.create_task(desk.ask())
    await desk.server.calls.wait_for(lambda calls: len(calls) == 1)
    task.cancel()
    await asyncio.wait((task,))
    assert cooling.active(desk.provider.id)
    await desk.gateway.close()
