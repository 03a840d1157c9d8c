"""Model servers as they are: every type of provider reads what its servers really send."""

from __future__ import annotations

import gc
import json
import sys
from contextvars import ContextVar
from types import FrameType
from typing import Any

import pytest

from tests.fixtures_llm import Desk
from watchbill.core.errors import ErrorKind, NodeError

USER, UPSTREAM, LIMIT = ErrorKind.USER, ErrorKind.UPSTREAM, ErrorKind.LIMIT
CHAT = ("openai", "openai_compatible", "vllm", "ollama", "azure")
ALL = (*CHAT, "anthropic", "gemini")
TEXT = "Ebb und Flut: zweimal täglich, 🌊 sagt man."


@pytest.fixture(params=ALL)
def any_type(request: pytest.FixtureRequest, desk: Desk) -> Desk:
    return as_type(desk, request.param)


@pytest.fixture(params=CHAT)
def chat_type(request: pytest.FixtureRequest, desk: Desk) -> Desk:
    return as_type(desk, request.param)


def as_type(desk: Desk, kind: str) -> Desk:
    root = desk.server.base_url.removesuffix("/v1")
    paths = {"openai": "/v1", "openai_compatible": "/v1", "vllm": "/v1/"}
    base = root + paths.get(kind, "")
    if kind == "gemini":
        base = f"{root}/v1beta"
    desk.change_provider(provider_type=kind, base_url=base)
    return desk


async def failing(desk: Desk, **changes: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await desk.ask(**changes)
    assert caught.value.kind is not ErrorKind.BUG
    return caught.value


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer(any_type: Desk, stream: bool):
    any_type.server.script([{"then": {"text": TEXT}}])
    answer = await any_type.ask(stream=stream, temperature=0.5, max_tokens=500)
    assert (answer.text, answer.finish_reason) == (TEXT, "stop")
    assert any_type.streamed() == (TEXT if stream else "")
    assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0
    assert any_type.server.calls[-1].key_hint == any_type.provider.api_key[-4:]  # type: ignore[index]


TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look a word up",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
    },
}


@pytest.mark.parametrize("stream", [True, False])
async def test_two_tool_calls(any_type: Desk, stream: bool):
    calls = [{"name": "look_up", "arguments": {"word": word}} for word in ("tide", "ebb")]
    any_type.server.script([{"then": {"tool_calls": calls}}])
    answer = await any_type.ask(tools=[TOOL], stream=stream)
    assert [json.loads(call.arguments) for call in answer.tool_calls] == [{"word": "tide"}, {"word": "ebb"}]
    assert len({call.id for call in answer.tool_calls}) == 2


FRAMINGS: list[dict[str, Any]] = [
    {"line_end": "crlf"},
    {"line_end": "cr"},
    {"bom": True},
    {"bom": True, "line_end": "crlf", "cut_bytes": 1},
    {"cut_bytes": 3},
    {"before": "retry: 3000\n\n", "between": ": still there\n\n"},
    {"before": "retry: 3000\n", "between": "data:\n\n"},
    {"between": "\n\nid: 7\n"},
]


@pytest.mark.parametrize("wire", FRAMINGS, ids=str)
async def test_the_same_answer_in_every_framing(any_type: Desk, wire: dict[str, Any]):
    any_type.server.script([{"then": {"text": TEXT, "wire": wire}}])
    answer = await any_type.ask()
    assert (answer.text, any_type.streamed(), answer.finish_reason) == (TEXT, TEXT, "stop")


async def test_tokens_come_one_by_one_also_with_crlf(any_type: Desk):
    """The server waits in the middle: what it said before has to be seen."""
    wire = {"line_end": "crlf"}
    any_type.server.script([{"then": {"text": "one two three", "stall_after": 2, "wire": wire}}])
    error = await failing(any_type, silence_seconds=3)
    assert error.error_code == "llm_stalled"
    assert any_type.streamed() == "one two "


@pytest.mark.parametrize("stream", [True, False])
async def test_a_server_that_does_not_heed_the_stream_switch(any_type: Desk, stream: bool):
    if not stream and any_type.provider.provider_type not in CHAT:
        return  # their addresses tell whether a stream is asked for
    any_type.server.script([{"then": {"text": TEXT, "wire": {"stream": not stream}}}])
    answer = await any_type.ask(stream=stream)
    assert (answer.text, answer.finish_reason) == (TEXT, "stop")


async def test_a_stream_without_its_last_word(chat_type: Desk):
    chat_type.server.script([{"then": {"text": TEXT, "wire": {"done": False}}}])
    assert (await chat_type.ask()).text == TEXT


@pytest.mark.parametrize("proof", ["done", "usage"])
async def test_an_end_without_a_finish_reason_can_be_proved(chat_type: Desk, proof: str):
    wire = {"finish": False, "done": proof == "done"}
    chat_type.server.script([{"then": {"text": TEXT, "usage": proof == "usage", "wire": wire}}])
    assert (await chat_type.ask()).text == TEXT


async def test_a_stream_that_just_ends_is_broken(any_type: Desk):
    wire = {"finish": False, "done": False}
    any_type.server.script([{"then": {"text": TEXT, "usage": False, "wire": wire}}])
    error = await failing(any_type)
    assert (error.kind, error.error_code) == (UPSTREAM, "stream_broken")
    assert "finish reason" in error.detail


async def test_a_server_that_leaves_the_stream_open(chat_type: Desk):
    chat_type.server.script([{"then": {"text": TEXT, "wire": {"done": False, "hang": True}}}])
    assert (await chat_type.ask(silence_seconds=3)).text == TEXT


PAGE = "<!doctype html><html><head><title>Sign in</title></head><body>...</body></html>"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("body", "type_", "named"),
    [
        (PAGE, "text/html", "Sign in"),
        (PAGE, "application/json", "Sign in"),
        ("", "application/json", "empty"),
        ("  \n", "text/plain", "empty"),
        ("Ollama is running", "text/plain", "Ollama is running"),
        ('{"status": "ok"}', "application/json", '"status": "ok"'),
        ("[]", "application/json", "[]"),
        ("null", "application/json", "null"),
    ],
)
async def test_what_is_no_answer(any_type: Desk, body: str, type_: str, named: str, stream: bool):
    any_type.server.script([{"then": {"raw": {"body": body, "headers": {"Content-Type": type_}}}}])
    error = await failing(any_type, stream=stream)
    assert (error.kind, error.error_code) == (UPSTREAM, "not_an_answer")
    assert named in error.detail and "cannot be reached" not in error.detail
    check = await any_type.gateway.test_provider(any_type.provider)
    assert not check.ok and named in (check.error or "")


async def test_a_stream_with_nothing_in_it(chat_type: Desk):
    chat_type.server.script([{"then": {"wire": {"events": [], "before": "", "done": False}}}])
    assert (await failing(chat_type)).error_code == "not_an_answer"
    chat_type.server.script([{"then": {"wire": {"events": [{"choices": []}]}}}])
    assert (await failing(chat_type)).error_code == "empty_answer"
    assert not (await chat_type.gateway.test_provider(chat_type.provider)).ok


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_body_that_is_cut_off(any_type: Desk, end: str, stream: bool):
    raw = {"body": '{"choices": [{"mess', "announce": 5000, "end": end}
    any_type.server.script([{"then": {"raw": raw}}])
    error = await failing(any_type, stream=stream)
    assert (error.kind, error.error_code) == (UPSTREAM, "stream_broken")
    any_type.server.script([{"then": {"raw": {"body": '{"choices": [{"mess'}}}])
    assert (await failing(any_type, stream=stream)).error_code == "stream_broken"


ERRORS: list[tuple[Any, str]] = [
    ({"error": {"message": "The tide is out.", "type": "server_error"}}, "provider_unavailable"),
    ({"error": {"message": "The tide is out.", "code": 429}}, "rate_limited"),
    ({"error": {"message": "The tide is out.", "type": "overloaded_error"}}, "provider_unavailable"),
    ({"error": "The tide is out."}, "provider_unavailable"),
    ({"object": "error", "message": "The tide is out.", "code": 400}, "provider_rejected"),
    ({"detail": "The tide is out."}, "provider_unavailable"),
    ({"detail": [{"msg": "The tide is out."}]}, "provider_unavailable"),
    ({"message": "The tide is out."}, "provider_unavailable"),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("body", "code"), ERRORS, ids=str)
async def test_an_error_with_status_200(any_type: Desk, body: Any, code: str, stream: bool):
    any_type.server.script([{"then": {"wire": {"stream": False, "body": body}}}])
    error = await failing(any_type, stream=stream)
    assert error.error_code == code
    assert "The tide is out." in error.detail and "cannot be reached" not in error.detail


@pytest.mark.parametrize(("body", "code"), [*ERRORS, ("The tide is out.", "provider_unavailable")], ids=str)
@pytest.mark.parametrize("name", ["", "error"])
async def test_an_error_in_a_stream(chat_type: Desk, body: Any, code: str, name: str):
    chat_type.server.script([{"then": {"wire": {"events": [body], "event_name": name}}}])
    error = await failing(chat_type)
    assert error.error_code == code and "The tide is out." in error.detail

    word = {"choices": [{"index": 0, "delta": {"content": "one "}}]}
    chat_type.server.script([{"then": {"wire": {"events": [word, body]}}}])
    error = await failing(chat_type)
    assert error.error_code in ("stream_broken", "provider_rejected")
    assert "The tide is out." in error.detail and "in the middle" in error.detail


@pytest.mark.parametrize("name", ["", "error"])
async def test_an_error_in_anthropics_stream(desk: Desk, name: str):
    as_type(desk, "anthropic")
    told = {"type": "error", "error": {"type": "overloaded_error", "message": "The tide is out."}}
    desk.server.script([{"then": {"wire": {"events": [told], "event_name": name, "done": False}}}])
    error = await failing(desk)
    assert error.error_code == "provider_unavailable" and "The tide is out." in error.detail


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_the_token_limit_cut_off(any_type: Desk, stream: bool):
    any_type.server.script([{"then": {"text": TEXT, "finish_reason": "length"}}])
    answer = await any_type.ask(stream=stream, max_tokens=7)
    assert (answer.text, answer.finish_reason) == (TEXT, "length")
    [log] = [event for event in any_type.events if event.type == "log"]
    assert log.level == "warning" and "cut off at the token limit (7 tokens)" in log.message

    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    error = await failing(any_type, stream=stream, output_schema=schema)
    assert (error.kind, error.error_code) == (LIMIT, "answer_cut_off")
    assert len(any_type.server.calls) == 2, "it is not asked again"


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_a_filter_cut_off(any_type: Desk, stream: bool):
    any_type.server.script([{"then": {"text": TEXT, "finish_reason": "content_filter"}}])
    error = await failing(any_type, stream=stream)
    assert (error.kind, error.error_code) == (USER, "refused")


async def test_an_unknown_finish_reason_is_said(chat_type: Desk):
    chat_type.server.script([{"then": {"text": TEXT, "finish_reason": "low_tide"}}])
    assert (await chat_type.ask()).finish_reason == "low_tide"
    assert any("low_tide" in event.message for event in chat_type.events if event.type == "log")


@pytest.mark.parametrize("stream", [True, False])
async def test_thoughts_are_kept_apart_with_and_without_streaming(chat_type: Desk, stream: bool):
    chat_type.server.script([{"then": {"text": f"<think>Hm, a draft.</think>\n\n{TEXT}"}}])
    answer = await chat_type.ask(stream=stream)
    assert answer.text == TEXT
    assert chat_type.streamed() == (TEXT if stream else "")


@pytest.mark.parametrize("stream", [True, False])
async def test_content_in_parts_is_kept(chat_type: Desk, stream: bool):
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    delta = {"choices": [{"index": 0, "delta": {"content": parts}, "finish_reason": "stop"}]}
    whole = {"choices": [{"index": 0, "message": {"content": parts}, "finish_reason": "stop"}]}
    chat_type.server.script([{"then": {"wire": {"events": [delta], "body": whole}}}])
    assert (await chat_type.ask(stream=stream)).text == "one two"


async def test_cached_tokens_are_cheaper(desk: Desk):
    desk.change_provider(provider_type="openai", models=("gpt-4o-mini",), prices={})

    async def cost(cached: int) -> Any:
        details = {"prompt_tokens_details": {"cached_tokens": cached}}
        usage = {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010, **details}
        choice = {"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}
        desk.server.script([{"then": {"wire": {"events": [{"choices": [choice], "usage": usage}]}}}])
        return (await desk.ask(model="gpt-4o-mini")).usage

    full, most = await cost(0), await cost(900)
    assert (full.cached_tokens, most.cached_tokens) == (0, 900)
    assert 0 < most.cost_usd < full.cost_usd


class Finalizers:
    """Notes the context variables that finalizers set."""

    def __init__(self) -> None:
        self.set: list[str] = []

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        variable = getattr(called, "__self__", None)
        if event == "c_call" and isinstance(variable, ContextVar) and called.__name__ != "get":
            outer: FrameType | None = frame
            while outer is not None and outer.f_code.co_name != "__del__":
                outer = outer.f_back
            if outer is not None:
                self.set.append(variable.name)


@pytest.mark.parametrize("kind", ["anthropic", "gemini"])
async def test_what_is_left_of_a_stream_sets_no_context_variable(desk: Desk, kind: str):
    """Before Python 3.12 that crashes the process if the collection begins while one is being set."""
    as_type(desk, kind).server.script([{"then": {"text": TEXT}}])
    finalizers = Finalizers()
    before = sys.getprofile()
    sys.setprofile(finalizers)
    try:
        # The library keeps the last stream until there is another.
        for _ in range(3):
            assert (await desk.ask()).text == TEXT
            gc.collect()
    finally:
        sys.setprofile(before)
    assert finalizers.set == []
