"""Events of Anthropic and Gemini that are not as their documents say: nothing of an answer is left out in
silence, and what is wrong is said in our words."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.contracts.models.test_model_oddities import HI, STOP, Raw, events, sends
from tests.contracts.models.test_model_servers import as_type, failing
from tests.fixtures_llm import KEY, Desk
from watchbill.core.errors import NodeError
from watchbill.core.node_types import NodeContext
from watchbill.nodes import llm
from watchbill.testing.ports import node_ports

_PYTHON = ("object", "NoneType", "not iterable", "mapping", "indices", "litellm", "Traceback", "instances of")


def anthropic(*between: Any, start: Any = None, counted: Any = None, end: Any = None) -> str:
    usage = {"input_tokens": 3, "output_tokens": 1}
    begin: Raw = {"type": "message_start", "message": {"id": "m", "role": "assistant", "usage": usage}}
    block: Raw = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    stop: Raw = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}
    if counted is not None:
        begin["message"]["usage"], stop["usage"] = counted
    return events(
        start or begin, block, delta("Hi"), *between, delta(" there"), end or stop, {"type": "message_stop"}
    )


def delta(text: Any, kind: str = "text_delta", name: str = "text") -> Raw:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, name: text}}


def gemini(*between: Any, usage: Any = None) -> str:
    last: Raw = {"candidates": [{"content": {"parts": [{"text": " there"}]}, "finishReason": "STOP"}]}
    return events(parts({"text": "Hi"}), *between, {**last, "usageMetadata": usage} if usage else last)


def parts(*given: Any, **also: Any) -> Raw:
    return {"candidates": [{"content": {"role": "model", "parts": list(given)}, **also}]}


BROKEN = '{"half": ['
UNREADABLE: dict[str, list[Any]] = {
    "anthropic": [
        BROKEN,
        {"type": "content_block_delta", "index": 0, "delta": None},
        {"type": "content_block_delta", "index": 0},
        {"type": "content_block_delta", "index": 0, "delta": "text"},
        {"type": "content_block_delta", "index": 0, "delta": ["text"]},
        {"type": "content_block_start", "index": 1, "content_block": None},
        {"type": "message_delta", "delta": "text"},
        {"type": "message_start", "message": "text"},
        delta(5),
        delta({"text": "x"}),
        delta(True, "thinking_delta", "thinking"),
    ],
    "gemini": [
        BROKEN,
        {"candidates": "text"},
        {"candidates": ["text"]},
        {"candidates": [{"content": "text"}]},
        {"candidates": [{"content": {"parts": "text"}}]},
        parts("text"),
        parts({"text": 5}),
        parts({"functionCall": "f"}),
        parts({"functionCall": {"name": "f", "args": "x"}}),
    ],
}
HARMLESS: dict[str, list[Any]] = {
    "anthropic": [
        None,
        42,
        {"type": "ping"},
        {"type": "later", "x": [1]},
        {"type": 7},
        delta(None),
        [{"type": "ping"}, delta("")],
        {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": 1}},
    ],
    "gemini": [
        None,
        42,
        {"candidates": None},
        {"candidates": []},
        {"candidates": [None]},
        {"candidates": [{"content": None}]},
        parts(),
        {"candidates": [{"content": {"parts": None}}]},
        parts(None, {"text": None}, {"functionCall": None}),
        parts({"text": ""}, safetyRatings="x", citationMetadata=7, groundingMetadata="x", logprobsResult=1),
        [parts({"text": ""}), parts()],
    ],
}
BODIES = {"anthropic": anthropic, "gemini": gemini}
CASES = [pytest.param(kind, odd, id=f"{kind} {str(odd)[:60]}") for kind in BODIES for odd in UNREADABLE[kind]]
CALM = [pytest.param(kind, odd, id=f"{kind} {str(odd)[:60]}") for kind in BODIES for odd in HARMLESS[kind]]


@pytest.mark.parametrize(("kind", "odd"), CASES)
async def test_a_piece_that_cannot_be_read_is_shown_and_nothing_is_left_out(desk: Desk, kind: str, odd: Any):
    sends(as_type(desk, kind), BODIES[kind](odd))
    error = await failing(desk)
    assert error.error_code == "stream_broken" and "A part of it cannot be read: " in error.detail
    assert (odd if isinstance(odd, str) else json.dumps(odd)) in error.detail
    assert not any(word in error.detail.split("read: ")[0] for word in _PYTHON)


@pytest.mark.parametrize(("kind", "odd"), CALM)
async def test_what_says_nothing_harms_nothing(desk: Desk, kind: str, odd: Any):
    sends(as_type(desk, kind), BODIES[kind](odd))
    assert (await desk.ask()).text == "Hi there"


@pytest.mark.parametrize("odd", [None, "7", {}, [1], {"input_tokens": None, "output_tokens": "4"}, {"x": -1}])
async def test_an_answer_of_anthropic_is_good_without_counts(desk: Desk, odd: Any):
    sends(as_type(desk, "anthropic"), anthropic(counted=(odd, odd)))
    answer = await desk.ask()
    assert answer.text == "Hi there" and answer.usage.total_tokens > 0


@pytest.mark.parametrize(
    "odd",
    [
        [1],
        "7",
        {"promptTokenCount": None, "candidatesTokenCount": "4", "totalTokenCount": -5},
        {"promptTokensDetails": "x", "candidatesTokensDetails": [{"modality": 1}], "totalTokenCount": 2.5},
    ],
)
async def test_an_answer_of_gemini_is_good_without_counts(desk: Desk, odd: Any):
    sends(as_type(desk, "gemini"), gemini(usage=odd))
    answer = await desk.ask()
    assert answer.text == "Hi there" and answer.usage.total_tokens > 0


@pytest.mark.parametrize("stream", [True, False])
async def test_a_prompt_that_is_blocked_is_refused_content(desk: Desk, stream: bool):
    body: Raw = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    as_type(desk, "gemini")
    if stream:
        sends(desk, events(body))
    else:
        sends(desk, body, content_type="application/json")
    error = await failing(desk, stream=stream)
    assert (error.error_code, error.kind.value) == ("refused", "user") and "SAFETY" in error.detail


async def test_gemini_calls_a_tool_that_takes_nothing(desk: Desk):
    sends(as_type(desk, "gemini"), events(parts({"functionCall": {"name": "now"}}, finishReason="STOP")))
    [call] = (await desk.ask()).tool_calls
    assert (call.name, call.arguments) == ("now", "{}")


@pytest.mark.parametrize("kind", ["anthropic", "gemini"])
async def test_events_where_one_answer_was_asked_for(desk: Desk, kind: str):
    sends(as_type(desk, kind), BODIES[kind]())
    error = await failing(desk, stream=False)
    assert error.error_code == "not_an_answer" and "stream of events" in error.detail


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("content", [["text"], [None], [{"type": "text", "text": 5}]])
async def test_a_whole_answer_with_a_block_that_cannot_be_read(desk: Desk, stream: bool, content: Any):
    body: Raw = {"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn"}
    sends(as_type(desk, "anthropic"), body, content_type="application/json")
    assert "A part of it cannot be read: " in (await failing(desk, stream=stream)).detail


@pytest.mark.parametrize(
    "odd",
    [
        {"delta": {"content": 5}},
        {"delta": {"content": True}},
        {"delta": {"content": {"x": 1}}},
        {"delta": {"content": [7]}},
        {"delta": {"content": [{"type": "text", "text": 5}]}},
        {"delta": "text"},
        {"delta": ["text"]},
    ],
    ids=str,
)
async def test_a_piece_of_a_chat_that_is_no_text_is_not_left_out(desk: Desk, odd: Raw):
    sends(desk, events(HI, {"choices": [{"index": 0, **odd}]}, STOP, "[DONE]"))
    error = await failing(desk)
    assert error.error_code == "stream_broken" and "A part of it is not text: " in error.detail


@pytest.mark.parametrize(
    "shown",
    [KEY, base64.b64encode(KEY.encode()).decode(), quote(KEY).replace("-", "%2D"), KEY.encode().hex()],
)
async def test_a_key_is_hidden_however_a_server_gives_it_back(desk: Desk, shown: str):
    sends(desk, {"error": {"message": f"no account for ({shown})"}}, 400, "application/json")
    error = await failing(desk)
    assert shown not in error.detail and "no account for (" in error.detail


TOOL: Raw = {"index": 0, "id": "a", "function": {"name": "search", "arguments": "{}"}}
CALLED: Raw = {"choices": [{"index": 0, "delta": {"tool_calls": [TOOL]}}]}


def node(desk: Desk, **config: Any) -> NodeContext:
    return NodeContext(
        scope=desk.scope,
        execution_id=uuid4(),
        node_id="ask",
        attempt=1,
        config=llm.Config(prompt="x", **config),
        emit=lambda _: None,
        ports=node_ports(llm=desk.gateway),
        idempotency_key="",
    )


async def test_a_tool_that_was_not_offered_is_no_empty_answer_of_a_step(desk: Desk):
    sends(desk, events(CALLED, STOP, "[DONE]"))
    with pytest.raises(NodeError, match="called the tool 'search', but it was offered no tools") as caught:
        await llm.execute(node(desk))
    assert caught.value.error_code == "empty_answer"


async def test_json_beside_a_tool_that_was_not_offered_is_read(desk: Desk):
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    sends(desk, events({"choices": [{"index": 0, "delta": {"content": '{"n": 7}'}}]}, CALLED, STOP, "[DONE]"))
    assert (await llm.execute(node(desk, output_schema=schema))).output == {"n": 7}
