"""Answers of a given schema: what is sent, what is accepted, and what it may cost to judge them."""

from __future__ import annotations

import json

import pytest

from tests.contracts.models.test_model_servers import failing
from tests.fixtures_llm import LOOPBACK, Desk, Directory
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.models import LiteLlmGateway
from watchbill.core.errors import ErrorKind
from watchbill.core.ports.compute import ComputeLimits

SCHEMA = {
    "type": "object",
    "properties": {"mood": {"enum": ["good", "bad"]}, "score": {"type": "integer", "minimum": 1}},
    "required": ["mood", "score"],
    "additionalProperties": False,
}
RECURSIVE = {
    "$ref": "#/$defs/n",
    "$defs": {
        "n": {
            "anyOf": [
                {"properties": {"n": {"$ref": "#/$defs/n"}}, "required": ["x"]},
                {"properties": {"n": {"$ref": "#/$defs/n"}}, "required": ["y"]},
            ]
        }
    },
}


async def test_a_schema_answer_is_parsed(desk: Desk):
    answer = await desk.ask("The day was great", output_schema=SCHEMA)
    assert answer.parsed["mood"] in ("good", "bad")
    assert desk.server.calls[-1].response_format["json_schema"]["schema"] == SCHEMA


async def test_json_in_a_markdown_fence_is_accepted(desk: Desk):
    desk.server.script([{"then": {"text": 'Sure:\n```json\n{"mood": "bad", "score": 2}\n```'}}])
    assert (await desk.ask(output_schema=SCHEMA)).parsed == {"mood": "bad", "score": 2}


async def test_an_invalid_answer_is_sent_back_once_with_what_is_wrong(desk: Desk):
    right = {"mood": "good", "score": 3}
    desk.server.script([{"times": 1, "then": {"json": {"mood": "odd"}}}, {"then": {"json": right}}])

    answer = await desk.ask(output_schema=SCHEMA)

    assert answer.parsed == right
    assert answer.usage.llm_calls == 2
    assert '$.mood: "odd" is not one of' in desk.server.calls[-1].messages[-1]["content"]
    assert desk.types() == ["llm_started", "llm_completed"] * 2


async def test_two_invalid_answers_fail(desk: Desk):
    desk.server.script([{"then": {"nonsense": True}}])
    error = await failing(desk, output_schema=SCHEMA)
    assert (error.kind, error.error_code) == (ErrorKind.UPSTREAM, "invalid_output")
    assert len(desk.server.calls) == 2


async def test_a_provider_without_response_format_is_told_in_words(desk: Desk):
    refusal = {"status": 400, "message": "Unknown parameter: response_format"}
    desk.server.script([{"times": 1, "then": refusal}, {"then": {"json": {"mood": "good", "score": 1}}}])
    assert (await desk.ask(output_schema=SCHEMA)).parsed["score"] == 1
    assert desk.server.calls[-1].response_format is None
    assert "JSON Schema" in desk.server.calls[-1].prompt


async def test_a_wrong_schema_is_the_users_error(desk: Desk):
    error = await failing(desk, output_schema={"type": "strange"})
    assert (error.kind, error.error_code) == (ErrorKind.USER, "invalid_schema")
    assert not len(desk.server.calls)


async def test_an_answer_that_is_long_or_dear_to_judge_is_judged_elsewhere(desk: Desk):
    words = [{"z": index, "a": ["word " * 10]} for index in range(100)]
    desk.server.script([{"then": {"text": f"Well:\n\n{json.dumps(words)}\n\nDone."}}])
    answer = await desk.ask(output_schema={"type": "array"})
    assert json.dumps(answer.parsed) == json.dumps(words)


async def test_a_schema_that_takes_for_ever_fails_as_a_limit_and_others_go_on(
    desk: Desk, llm_directory: Directory
):
    pool = ProcessPool(limits=ComputeLimits(cpu_seconds=1))
    desk.gateway = LiteLlmGateway(llm_directory, pool, way=LOOPBACK)
    nested = '{"n":' * 60 + "1" + "}" * 60
    desk.server.script([{"then": {"text": nested}}])
    try:
        error = await failing(desk, output_schema=RECURSIVE)
    finally:
        await desk.gateway.close()
        await pool.close()
    assert (error.kind, error.error_code) == (ErrorKind.LIMIT, "schema_too_costly")


async def test_a_schema_that_is_wrong_is_never_sent(desk: Desk):
    error = await failing(desk, output_schema={"$ref": "http://127.0.0.1/schema"})
    assert (error.kind, error.error_code) == (ErrorKind.USER, "invalid_schema")
    assert "leaves this document" in error.detail
    assert not list(desk.server.calls)


async def test_the_order_of_a_schema_and_of_an_answer_is_kept(desk: Desk):
    schema = {"type": "object", "properties": {"z": {}, "a": {}, "10": {}, "9": {}}, "required": ["z"]}
    said = '{"z": 1, "10": 2, "9": 3, "a": 4}'
    desk.server.script([{"then": {"text": said}}])
    answer = await desk.ask(output_schema=schema)
    sent = desk.server.calls[0].response_format["json_schema"]["schema"]
    assert json.dumps(sent) == json.dumps(schema)
    assert json.dumps(answer.parsed) == said


@pytest.mark.parametrize("stream", [True, False])
async def test_reasoning_is_no_part_of_a_structured_answer(desk: Desk, stream: bool):
    said = '<think>\n```json\n{"mood": "bad", "score": 1}\n```\n</think>\n\n{"mood": "good", "score": 2}'
    desk.server.script([{"then": {"text": said}}])
    answer = await desk.ask(output_schema=SCHEMA, stream=stream)
    assert answer.parsed == {"mood": "good", "score": 2}
    assert len(desk.server.calls) == 1
