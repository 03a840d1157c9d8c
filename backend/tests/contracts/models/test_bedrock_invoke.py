"""Bedrock models that are asked by InvokeModel: each answers in JSON of its own, streamed in `chunk`s."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.contracts.models.bedrock import Bedrock, frame, message
from tests.contracts.models.test_model_servers import failing
from tests.fixtures_llm import Desk
from watchbill.adapters.openai_chat import body
from watchbill.core.ports.llm import LlmAnswer

AWS = {"aws_region_name": "eu-west-1", "aws_access_key_id": "AKIDEXAMPLE"}
SAID = "The tide is out until noon."
TITAN = "amazon.titan-text-express-v1"
CLAUDE = "invoke/anthropic.claude-3-haiku-20240307-v1:0"


def chunk(value: Any) -> bytes:
    """A piece of an answer as InvokeModelWithResponseStream sends it."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return frame("chunk", {"bytes": base64.b64encode(data).decode(), "p": "abcdef"})


def claude(*texts: str, stop: str | None = "end_turn") -> list[bytes]:
    events: list[Any] = [
        {"type": "message_start", "message": {"role": "assistant", "usage": {"input_tokens": 30}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    events += [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in texts
    ]
    if stop is not None:
        events.append(
            {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 5}}
        )
        events.append({"type": "message_stop"})
    return [chunk(event) for event in events]


# For each model: the pieces of a streamed answer "Ebb und Flut" that `reason` ends, and the whole one.
def nova(reason: str) -> tuple[list[Any], Any]:
    content = {"output": {"message": {"role": "assistant", "content": [{"text": "Ebb und Flut"}]}}}
    pieces = [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": "Ebb"}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"text": " und Flut"}, "contentBlockIndex": 0}},
        {"messageStop": {"stopReason": reason}},
    ]
    usage = {"inputTokens": 30, "outputTokens": 5, "totalTokens": 35}
    return pieces, {**content, "stopReason": reason, "usage": usage}


def titan(reason: str) -> tuple[list[Any], Any]:
    pieces = [
        {"index": 0, "outputText": "Ebb", "completionReason": None},
        {"index": 0, "outputText": " und Flut", "completionReason": reason},
    ]
    whole = {"results": [{"outputText": "Ebb und Flut", "tokenCount": 5, "completionReason": reason}]}
    return pieces, {"inputTextTokenCount": 30, **whole}


def mistral(reason: str) -> tuple[list[Any], Any]:
    pieces = [
        {"outputs": [{"text": "Ebb", "stop_reason": None}]},
        {"outputs": [{"text": " und Flut", "stop_reason": reason}]},
    ]
    return pieces, {"outputs": [{"text": "Ebb und Flut", "stop_reason": reason}]}


def llama(reason: str) -> tuple[list[Any], Any]:
    pieces = [
        {"generation": "Ebb", "prompt_token_count": 30, "generation_token_count": 1, "stop_reason": None},
        {"generation": " und Flut", "prompt_token_count": None, "stop_reason": reason},
    ]
    return pieces, {"generation": "Ebb und Flut", "stop_reason": reason}


def cohere(reason: str) -> tuple[list[Any], Any]:
    pieces = [
        {"text": "Ebb", "is_finished": False},
        {"text": " und Flut", "is_finished": False},
        {"is_finished": True, "finish_reason": reason},
    ]
    return pieces, {"generations": [{"text": "Ebb und Flut", "finish_reason": reason}]}


MODELS = {
    "invoke/amazon.nova-lite-v1:0": (nova, "end_turn", "max_tokens"),
    TITAN: (titan, "FINISH", "LENGTH"),
    "mistral.mistral-7b-instruct-v0:2": (mistral, "stop", "length"),
    "invoke/meta.llama3-8b-instruct-v1:0": (llama, "stop", "length"),
    "cohere.command-text-v14": (cohere, "COMPLETE", "MAX_TOKENS"),
}
models = pytest.mark.parametrize("model", MODELS)
streams = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@pytest.fixture
def on_aws(desk: Desk, aws: Bedrock) -> Desk:
    asks(desk, aws, CLAUDE)
    return desk


def asks(desk: Desk, aws: Bedrock, model: str) -> None:
    desk.change_provider(provider_type="bedrock", models=(model,), config=AWS, base_url=aws.url, prices={})


async def answered(desk: Desk, aws: Bedrock, model: str, *, stream: bool, cut_off: bool) -> LlmAnswer:
    """What comes of a model's answer in its own format."""
    asks(desk, aws, model)
    make, end, length = MODELS[model]
    pieces, whole = make(length if cut_off else end)
    aws.says([chunk(piece) for piece in pieces] if stream else whole)
    return await desk.ask(stream=stream)


@streams
@models
async def test_an_answer(on_aws: Desk, aws: Bedrock, model: str, stream: bool):
    answer = await answered(on_aws, aws, model, stream=stream, cut_off=False)
    assert (answer.text, answer.finish_reason) == ("Ebb und Flut", "stop")
    [(path, _, _)] = aws.requests
    assert path.endswith("/invoke-with-response-stream" if stream else "/invoke")


@streams
@models
async def test_an_answer_that_the_token_limit_cut_off(on_aws: Desk, aws: Bedrock, model: str, stream: bool):
    answer = await answered(on_aws, aws, model, stream=stream, cut_off=True)
    assert answer.finish_reason == "length"


@models
async def test_a_stream_without_a_stop_reason(on_aws: Desk, aws: Bedrock, model: str):
    asks(on_aws, aws, model)
    make, end, _ = MODELS[model]
    aws.says([chunk(piece) for piece in make(end)[0][:-1]])
    assert (await failing(on_aws)).error_code == "stream_broken"


async def test_a_stream_in_the_format_of_messages(on_aws: Desk, aws: Bedrock):
    aws.says(claude("Ebb", " und Flut"))
    answer = await on_aws.ask()
    assert (answer.text, answer.finish_reason) == ("Ebb und Flut", "stop")
    assert on_aws.streamed() == "Ebb und Flut"
    aws.says(claude("Ebb", stop=None))
    error = await failing(on_aws)
    assert error.error_code == "stream_broken" and "without a finish reason" in error.detail


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": SAID}}, "provider_unavailable"),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": SAID}}, "rate_limited"),
        ({"error": SAID}, "provider_unavailable"),
        ({"message": SAID}, "provider_unavailable"),
    ],
)
async def test_an_error_within_a_chunk(on_aws: Desk, aws: Bedrock, value: Any, code: str, begun: bool):
    frames = claude("Ebb", stop=None) if begun else []
    aws.says([*frames, chunk(value)])
    error = await failing(on_aws)
    assert SAID in error.detail
    assert error.error_code == ("stream_broken" if begun else code)


@pytest.mark.parametrize("begun", [False, True])
async def test_an_exception_beside_chunks(on_aws: Desk, aws: Bedrock, begun: bool):
    frames = claude("Ebb", stop=None) if begun else []
    aws.says([*frames, frame("throttlingException", {"message": SAID}, kind="exception")])
    error = await failing(on_aws)
    assert SAID in error.detail
    assert error.error_code == ("stream_broken" if begun else "rate_limited")


@pytest.mark.parametrize(
    "broken",
    [
        frame("chunk", {"bytes": "not Base64!"}),
        frame("chunk", {"bytes": "eyJ"}),
        frame("chunk", {"bytes": "ü"}),
        frame("chunk", {"bytes": 5}),
        frame("chunk", {"bytes": {"a": 1}}),
        frame("chunk", ["bytes"]),
        frame("chunk", "bytes"),
        chunk(b'{"type": "content_block_'),
        chunk(b"\xff\xfe\xfd"),
        chunk(b"[" * 100_000),
        chunk([{"type": "message_stop"}]),
        chunk("text"),
        chunk(5),
        chunk(None),
    ],
)
async def test_a_chunk_that_cannot_be_read(on_aws: Desk, aws: Bedrock, broken: bytes):
    first, *rest = claude("Ebb")
    aws.says([first, broken, *rest])
    error = await failing(on_aws)
    assert error.error_code == "stream_broken" and "chunk" in error.detail


async def test_chunks_without_anything_in_them(on_aws: Desk, aws: Bedrock, monkeypatch: pytest.MonkeyPatch):
    nothing = [frame("chunk", {"p": "abc"}), frame("chunk", {"bytes": ""})]
    aws.says([*nothing, *claude("Ebb", " und Flut")])
    assert (await on_aws.ask()).text == "Ebb und Flut"
    monkeypatch.setattr(body, "MOST_SILENT_EVENTS", 50)
    aws.says([*claude("Ebb", stop=None), *nothing * 26])
    assert (await failing(on_aws)).error_code == "answer_too_large"


async def test_a_chunk_that_is_cut_off(on_aws: Desk, aws: Bedrock):
    *frames, last = claude("Ebb", "Flut", stop=None)
    aws.says([*frames, last[:-3]])
    assert (await failing(on_aws)).error_code == "stream_broken"


async def test_a_content_filter_is_told(on_aws: Desk, aws: Bedrock):
    asks(on_aws, aws, TITAN)
    pieces, _ = titan("CONTENT_FILTERED")
    aws.says([chunk(piece) for piece in pieces])
    assert (await failing(on_aws)).error_code == "refused"


async def test_a_model_that_cannot_stream_is_asked_for_a_whole_answer(on_aws: Desk, aws: Bedrock):
    asks(on_aws, aws, "ai21.jamba-1-5-large-v1:0")
    aws.says(message({"text": "Ebb und Flut"}))
    answer = await on_aws.ask()
    assert (answer.text, answer.finish_reason) == ("Ebb und Flut", "stop")
    [(path, _, _)] = aws.requests
    assert path.endswith("/converse")


@streams
@pytest.mark.parametrize("body", [{}, {"results": 5}, {"generations": []}, {"hello": "world"}, [1]])
async def test_what_is_no_answer(on_aws: Desk, aws: Bedrock, stream: bool, body: Any):
    asks(on_aws, aws, TITAN)
    aws.says(body if not isinstance(body, list) else {"results": [body]})
    error = await failing(on_aws, stream=stream)
    assert error.error_code in ("not_an_answer", "empty_answer", "provider_unavailable")


async def test_an_answer_that_filled_the_models_window_is_cut_off(on_aws: Desk, aws: Bedrock):
    aws.says(claude("Ebb", stop="model_context_window_exceeded"))
    assert (await on_aws.ask()).finish_reason == "length"
