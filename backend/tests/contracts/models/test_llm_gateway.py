"""The LLM gateway against the scripted server, over HTTP and through LiteLLM."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.fixtures_llm import KEY, LOOPBACK, Desk, Directory
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.models import LiteLlmGateway, TimeLimits
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import LlmCompleted, LlmFailed, LlmFailover, LlmStarted

SCHEMA = {
    "type": "object",
    "properties": {"mood": {"enum": ["good", "bad"]}, "score": {"type": "integer", "minimum": 1}},
    "required": ["mood", "score"],
    "additionalProperties": False,
}
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look a word up",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
    },
}


async def failing(desk: Desk, **changes: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await desk.ask(**changes)
    return caught.value


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_comes_with_usage_and_cost(desk: Desk, stream: bool):
    desk.server.script([{"then": {"text": "The moon pulls the sea."}}])

    answer = await desk.ask("Explain tides", stream=stream)

    assert answer.text == "The moon pulls the sea."
    assert (answer.model, answer.provider_id) == ("test-model", desk.provider.id)
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    asked, said = answer.usage.prompt_tokens, answer.usage.completion_tokens
    assert answer.usage.cost_usd == (2 * asked + 8 * said) / Decimal(1_000_000)
    assert answer.usage.llm_calls == 1
    assert desk.types() == ["llm_started", "llm_completed"]
    assert desk.streamed() == (answer.text if stream else "")
    assert desk.server.calls[-1].key_hint == KEY[-4:]


async def test_tokens_arrive_while_the_model_speaks(desk: Desk):
    desk.server.script([{"then": {"text": "one two three", "stall_after": 2}}])
    asking = asyncio.create_task(desk.ask())
    async with asyncio.timeout(60):
        while desk.streamed().split() != ["one", "two"]:  # noqa: ASYNC110  # events come to a plain list
            await asyncio.sleep(0.005)
    desk.server.go_on()
    assert (await asking).text == desk.streamed() == "one two three"
    tokens = [event for event in desk.events if event.type == "llm_token"]
    assert {event.call_id for event in desk.events} == {tokens[0].call_id}


async def test_started_event_carries_what_was_asked(desk: Desk):
    await desk.ask("Explain tides", agent="Ann")
    started = desk.events[0]
    assert isinstance(started, LlmStarted)
    assert (started.provider, started.model, started.agent) == ("Main", "test-model", "Ann")
    assert started.messages == [{"role": "user", "content": "Explain tides"}]


async def test_usage_is_estimated_when_the_provider_does_not_count(desk: Desk):
    desk.server.script([{"then": {"text": "Twelve chars", "usage": False}}])
    assert (await desk.ask()).usage.completion_tokens > 0


async def test_known_models_are_priced_from_the_list_and_unknown_ones_are_not(desk: Desk):
    desk.change_provider(prices={}, models=("gpt-4o-mini", "home-made"))
    assert (await desk.ask(model="gpt-4o-mini")).usage.cost_usd > 0
    assert (await desk.ask(model="home-made")).usage.cost_usd == 0
    completed = [event for event in desk.events if isinstance(event, LlmCompleted)]
    assert [event.priced for event in completed] == [True, False]


@pytest.mark.parametrize("stream", [True, False])
async def test_tool_calls(desk: Desk, stream: bool):
    calls = [
        {"name": "look_up", "arguments": {"word": "tide"}},
        {"name": "look_up", "arguments": {"word": "ebb"}},
    ]
    desk.server.script([{"match": {"has_tools": True}, "then": {"tool_calls": calls}}])

    answer = await desk.ask(tools=[TOOL], stream=stream)

    assert [(call.name, call.arguments) for call in answer.tool_calls] == [
        ("look_up", '{"word": "tide"}'),
        ("look_up", '{"word": "ebb"}'),
    ]
    assert all(call.id for call in answer.tool_calls)
    assert answer.finish_reason == "tool_calls"


USER, UPSTREAM, TIMEOUT = ErrorKind.USER, ErrorKind.UPSTREAM, ErrorKind.TIMEOUT


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("then", "kind", "code"),
    [
        ({"status": 429, "retry_after": 1}, UPSTREAM, "rate_limited"),
        ({"status": 500}, UPSTREAM, "provider_unavailable"),
        ({"status": 503}, UPSTREAM, "provider_unavailable"),
        ({"status": 401, "message": f"Incorrect API key provided: {KEY}"}, USER, "provider_key_refused"),
        ({"status": 403, "message": f"Forbidden for Bearer {KEY}"}, USER, "provider_forbids"),
        ({"status": 404, "message": "The model does not exist"}, USER, "unknown_model"),
        ({"status": 400, "message": "Bad temperature"}, USER, "provider_rejected"),
        (
            {
                "status": 400,
                "message": "maximum context length is 9 tokens",
                "error_code": "context_length_exceeded",
            },
            USER,
            "context_too_long",
        ),
        ({"hang": True}, TIMEOUT, "llm_timeout"),
        ({"delay_ms": 3_600_000}, TIMEOUT, "llm_timeout"),
    ],
)
async def test_failures_are_typed_and_hide_the_key(
    desk: Desk, then: dict[str, Any], kind: ErrorKind, code: str, stream: bool
):
    desk.server.script([{"then": then}])

    # A call of another test that timed out may reach the server only now.
    asked = f"Explain tides ({uuid4()})"
    error = await failing(desk, text=asked, timeout_seconds=0.4 if kind == TIMEOUT else 120, stream=stream)

    assert (error.kind, error.error_code) == (kind, code)
    assert "Main" in error.detail or "test-model" in error.detail
    assert desk.types() == ["llm_started", "llm_failed"]
    failed = desk.events[-1]
    assert isinstance(failed, LlmFailed)
    assert (failed.error.kind, failed.error.code, failed.error.message) == (kind, code, error.detail)
    # A call may have timed out before it reached the server.
    made = sum(asked in call.prompt for call in desk.server.calls)
    assert made <= 1 if kind == TIMEOUT else made == 1, "no retries here"
    assert KEY not in repr(desk.events) + repr(error) + str(error) + repr(desk.provider)


@pytest.mark.parametrize(("stream", "code"), [(True, "stream_broken"), (False, "provider_hung_up")])
async def test_a_server_that_hangs_up_is_not_said_to_be_out_of_reach(desk: Desk, stream: bool, code: str):
    desk.server.script([{"then": {"break_after": 0}}])
    error = await failing(desk, stream=stream)
    assert (error.kind, error.error_code) == (UPSTREAM, code)
    assert "cannot be reached" not in error.detail


async def test_a_connection_that_breaks_in_mid_stream(desk: Desk):
    desk.server.script([{"then": {"text": "one two three four", "break_after": 2}}])
    error = await failing(desk)
    assert (error.kind, error.error_code) == (ErrorKind.UPSTREAM, "stream_broken")
    assert desk.streamed() == "one two "


async def test_a_model_that_falls_silent(desk: Desk, llm_directory: Directory, compute: ProcessPool):
    desk.gateway = LiteLlmGateway(llm_directory, compute, limits=TimeLimits(silence=3), way=LOOPBACK)
    desk.server.script([{"then": {"text": "one two three four", "stall_after": 2}}])
    error = await failing(desk)
    assert (error.kind, error.error_code) == (ErrorKind.TIMEOUT, "llm_stalled")
    await desk.gateway.close()


async def test_nobody_listens(desk: Desk):
    desk.change_provider(base_url="http://127.0.0.1:9/v1")
    error = await failing(desk)
    assert (error.kind, error.error_code) == (ErrorKind.UPSTREAM, "provider_unreachable")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("then", "kind", "code"),
    [
        ({"empty": True}, UPSTREAM, "empty_answer"),
        ({"empty": True, "finish_reason": "length"}, UPSTREAM, "empty_answer"),
        ({"refusal": "I will not do that."}, USER, "refused"),
        ({"empty": True, "finish_reason": "content_filter"}, USER, "refused"),
    ],
)
async def test_answers_that_say_nothing_are_counted_and_fail(
    desk: Desk, then: dict[str, Any], kind: ErrorKind, code: str, stream: bool
):
    desk.server.script([{"then": then}])
    error = await failing(desk, stream=stream)
    assert (error.kind, error.error_code) == (kind, code)
    assert str(then.get("refusal") or "") in error.detail
    assert desk.types() == ["llm_started", "llm_completed"]


@pytest.mark.parametrize(
    ("changes", "call", "code"),
    [
        ({"api_key": None, "provider_type": "openai"}, {}, "provider_key_missing"),
        ({"base_url": None}, {}, "provider_address_missing"),
        ({"provider_type": "telepathy"}, {}, "unknown_provider_type"),
        ({"provider_type": "bedrock"}, {}, "provider_settings_missing"),
        ({"models": ()}, {}, "no_model"),
        ({}, {"model": "other"}, "unknown_model"),
    ],
)
async def test_wrong_settings_are_the_users_error(
    desk: Desk, changes: dict[str, Any], call: dict[str, Any], code: str
):
    desk.change_provider(**changes)
    error = await failing(desk, **call)
    assert (error.kind, error.error_code) == (ErrorKind.USER, code)


@pytest.mark.parametrize("stream", [True, False])
async def test_cancelling_closes_the_connection_at_once(desk: Desk, stream: bool):
    desk.server.script([{"then": {"hang": True}}])
    task = asyncio.create_task(desk.ask(stream=stream))
    await desk.server.calls.wait_for(lambda calls: len(calls) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await desk.server.calls.wait_for(lambda calls: calls[0].outcome == "client_closed")


async def test_cancelling_in_mid_stream_closes_the_connection(desk: Desk):
    desk.server.script([{"then": {"text": "word " * 5, "stall_after": 4}}])
    task = asyncio.create_task(desk.ask())
    await desk.server.calls.wait_for(lambda calls: len(calls) == 1 and calls[0].pieces == 4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await desk.server.calls.wait_for(lambda calls: calls[0].outcome == "client_closed")


async def test_a_failing_provider_hands_over_to_the_next(desk: Desk):
    desk.add_provider("Spare", api_key="sk-spare-key-abcd", priority=2)
    desk.server.script([{"times": 1, "then": {"status": 429}}, {"then": {"text": "Here I am."}}])

    answer = await desk.ask()

    assert answer.text == "Here I am."
    assert desk.types() == ["llm_started", "llm_failover", "llm_completed"]
    handover = desk.events[1]
    assert isinstance(handover, LlmFailover)
    assert (handover.from_provider, handover.to_provider) == ("Main", "Spare")
    assert [call.key_hint for call in desk.server.calls] == [KEY[-4:], "abcd"]
    # The first one cools down: the next call does not try it first.
    await desk.ask()
    assert desk.server.calls[-1].key_hint == "abcd"


async def test_no_handover_once_the_answer_has_begun_nor_for_the_users_errors(desk: Desk):
    desk.add_provider("Spare", priority=2)
    desk.server.script([{"then": {"text": "one two three", "break_after": 1}}])
    assert (await failing(desk)).error_code == "stream_broken"
    desk.server.script([{"then": {"status": 401}}])
    assert (await failing(desk)).error_code == "provider_key_refused"
    assert "llm_failover" not in desk.types()


async def test_a_call_that_names_its_provider_stays_with_it(desk: Desk):
    desk.add_provider("Spare", priority=2)
    desk.server.script([{"times": 1, "then": {"status": 500}}])
    error = await failing(desk, provider_id=desk.provider.id)
    assert error.error_code == "provider_unavailable"
    assert len(desk.server.calls) == 1


async def test_many_calls_at_once(desk: Desk):
    desk.server.script([{"then": {"text": "Fine.", "delay_ms": 200}}])
    answers = await asyncio.gather(*(desk.ask() for _ in range(200)))
    assert {answer.text for answer in answers} == {"Fine."}
    assert desk.server.calls.total == 200


async def test_two_tenants_use_their_own_keys(desk: Desk, llm_directory: Directory):
    other = Desk(desk.server, desk.gateway, llm_directory)
    other.change_provider(api_key="sk-other-tenant-zzzz")
    await asyncio.gather(*(asker.ask(asker.provider.name) for asker in (desk, other) for _ in range(5)))
    hints = [call.key_hint for call in desk.server.calls]
    assert sorted(hints) == sorted([KEY[-4:]] * 5 + ["zzzz"] * 5)


async def test_testing_a_provider(desk: Desk):
    fine = await desk.gateway.test_provider(desk.provider)
    assert (fine.ok, fine.model, fine.error) == (True, "test-model", None)
    desk.server.script([{"then": {"status": 401, "message": f"Wrong key {KEY}"}}])
    wrong = await desk.gateway.test_provider(desk.provider, "test-model")
    assert not wrong.ok
    assert wrong.latency_ms >= 0
    assert "API key" in (wrong.error or "")
    assert KEY not in (wrong.error or "")
