"""Bedrock as it speaks: signed requests, whole answers, and a binary stream of events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contracts.models.bedrock import Bedrock, frame, message, text_frames
from tests.contracts.models.test_model_servers import TOOL, failing
from tests.fixtures_llm import KEY, Desk

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
AWS = {"aws_region_name": "eu-west-1", "aws_access_key_id": "AKIDEXAMPLE"}
TEXT = "Ebb und Flut: zweimal täglich, 🌊 sagt man."
SAID = "The tide is out until noon."
streams = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@pytest.fixture
def on_aws(desk: Desk, aws: Bedrock, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("AWS_BEDROCK_RUNTIME_ENDPOINT", "http://127.0.0.1:1")
    desk.change_provider(provider_type="bedrock", models=(MODEL,), config=AWS, base_url=aws.url, prices={})
    return desk


@streams
async def test_an_answer(on_aws: Desk, aws: Bedrock, stream: bool):
    pieces = [TEXT[:9], TEXT[9:30], TEXT[30:]]
    aws.says(text_frames(*pieces) if stream else message({"text": TEXT}))
    answer = await on_aws.ask(stream=stream, temperature=0.5, max_tokens=500)
    assert (answer.text, answer.finish_reason) == (TEXT, "stop")
    assert on_aws.streamed() == (TEXT if stream else "")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (30, 5)
    [(path, headers, body)] = aws.requests
    assert path.endswith("/converse-stream" if stream else "/converse") and MODEL in path
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/bedrock/aws4_request" in headers["Authorization"]
    assert KEY not in str(headers) and KEY not in str(body)
    assert body["inferenceConfig"] == {"temperature": 0.5, "maxTokens": 500}


@pytest.mark.parametrize(
    "odd",
    [
        {"contentBlockIndex": 0, "delta": {"text": 5}},
        {"contentBlockIndex": 0, "delta": "text"},
        {"contentBlockIndex": 0, "delta": None},
        {"delta": {"text": "more"}},
        {"contentBlockIndex": "0", "delta": {"text": "more"}},
        [1],
        "text",
        None,
    ],
    ids=str,
)
async def test_a_frame_that_cannot_be_read_is_shown_and_not_left_out(on_aws: Desk, aws: Bedrock, odd: Any):
    begin, *rest = text_frames("Ebb", " und Flut")
    aws.says([begin, rest[0], frame("contentBlockDelta", odd), *rest[1:]])
    error = await failing(on_aws)
    assert error.error_code == "stream_broken" and "A part of it cannot be read: " in error.detail
    assert (odd if isinstance(odd, str) else json.dumps(odd)) in error.detail


@pytest.mark.parametrize("usage", [None, {}, {"inputTokens": "3"}, [1], {"inputTokens": -1}], ids=str)
async def test_an_answer_is_good_without_counts(on_aws: Desk, aws: Bedrock, usage: Any):
    aws.says([*text_frames("Ebb")[:-1], frame("metadata", {"usage": usage, "metrics": {"latencyMs": 9}})])
    answer = await on_aws.ask()
    assert answer.text == "Ebb" and answer.usage.total_tokens > 0


async def test_no_frame_at_all_is_no_answer(on_aws: Desk, aws: Bedrock):
    aws.says([])
    assert "ended without a finish reason" in (await failing(on_aws)).detail


@streams
async def test_tool_calls(on_aws: Desk, aws: Bedrock, stream: bool):
    uses = [{"toolUseId": f"t{n}", "name": "look_up"} for n in (1, 2)]
    words = [{"word": "tide"}, {"word": "ebb"}]
    frames = [frame("messageStart", {"role": "assistant"})]
    for index, (use, word) in enumerate(zip(uses, words, strict=True)):
        frames.append(frame("contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": use}}))
        text = json.dumps(word)
        frames += [
            frame("contentBlockDelta", {"contentBlockIndex": index, "delta": {"toolUse": {"input": piece}}})
            for piece in (text[:5], text[5:])
        ]
        frames.append(frame("contentBlockStop", {"contentBlockIndex": index}))
    frames.append(frame("messageStop", {"stopReason": "tool_use"}))
    content = [{"toolUse": {**use, "input": word}} for use, word in zip(uses, words, strict=True)]
    aws.says(frames if stream else message(*content, stop="tool_use"))
    answer = await on_aws.ask(tools=[TOOL], stream=stream)
    assert [(call.id, json.loads(call.arguments)) for call in answer.tool_calls] == [
        ("t1", words[0]),
        ("t2", words[1]),
    ]


@streams
@pytest.mark.parametrize(
    ("status", "name", "code"),
    [
        (400, "ValidationException", "provider_rejected"),
        (403, "AccessDeniedException", "provider_forbids"),
        (404, "ResourceNotFoundException", "provider_address_wrong"),
        (424, "ModelErrorException", "provider_unavailable"),
        (429, "ThrottlingException", "rate_limited"),
        (503, "ServiceUnavailableException", "provider_unavailable"),
    ],
)
async def test_errors_in_its_own_words(
    on_aws: Desk, aws: Bedrock, stream: bool, status: int, name: str, code: str
):
    aws.says({"message": SAID}, status, **{"x-amzn-ErrorType": name})
    error = await failing(on_aws, stream=stream)
    assert error.error_code == code and SAID in error.detail and len(aws.requests) == 1


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("throttlingException", "rate_limited"),
        ("modelStreamErrorException", "provider_unavailable"),
        ("internalServerException", "provider_unavailable"),
    ],
)
async def test_an_error_in_the_stream(on_aws: Desk, aws: Bedrock, begun: bool, name: str, code: str):
    frames = text_frames("Ebb", stop=None) if begun else []
    aws.says([*frames, frame(name, {"message": SAID}, kind="exception")])
    error = await failing(on_aws)
    assert SAID in error.detail
    assert error.error_code == ("stream_broken" if begun else code)


async def test_a_stream_without_an_end(on_aws: Desk, aws: Bedrock):
    aws.says(text_frames("Ebb", stop=None))
    assert (await failing(on_aws)).error_code == "stream_broken"


@pytest.mark.parametrize("cut", [1, 40])
async def test_a_frame_that_is_cut_off(on_aws: Desk, aws: Bedrock, cut: int):
    *frames, last = text_frames("Ebb", "Flut", stop=None)
    aws.says([*frames, last[:-cut]])
    assert (await failing(on_aws)).error_code == "stream_broken"


async def test_a_frame_with_a_wrong_checksum(on_aws: Desk, aws: Bedrock):
    first, broken, *rest = text_frames("Ebb", "Flut")
    aws.says([first, broken[:-1] + bytes([broken[-1] ^ 1]), *rest])
    error = await failing(on_aws)
    assert error.error_code in ("stream_broken", "not_an_answer")


@streams
@pytest.mark.parametrize(
    ("stop", "code"), [("guardrail_intervened", "refused"), ("content_filtered", "refused")]
)
async def test_what_is_stopped(on_aws: Desk, aws: Bedrock, stream: bool, stop: str, code: str):
    aws.says(text_frames("Ebb", stop=stop) if stream else message({"text": "Ebb"}, stop=stop))
    assert (await failing(on_aws, stream=stream)).error_code == code


@streams
@pytest.mark.parametrize("body", [{}, {"output": {}}, {"Output": {"__type": "UnknownOperationException"}}])
async def test_what_is_no_answer(on_aws: Desk, aws: Bedrock, stream: bool, body: Any):
    aws.says(body)
    error = await failing(on_aws, stream=stream)
    assert error.error_code in ("not_an_answer", "empty_answer")


async def test_a_region_that_would_lead_elsewhere_is_refused(on_aws: Desk):
    on_aws.change_provider(config=AWS | {"aws_region_name": "x.evil.test/#"}, base_url=None)
    assert (await failing(on_aws)).error_code == "provider_settings_wrong"
