"""The scripted LLM server: its demo model, its scripts and its log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jsonschema_rs
import pytest

from watchbill.testing.llm_server import LlmServer


@pytest.fixture
async def http(llm_server: LlmServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{llm_server.port}") as session:
        yield session


async def say(http: aiohttp.ClientSession, text: str, **body: Any) -> str:
    request = {"model": "demo-small", "messages": [{"role": "user", "content": text}], **body}
    async with http.post("/v1/chat/completions", json=request) as response:
        assert response.status == 200
        return (await response.json())["choices"][0]["message"]["content"]


async def instance(http: aiohttp.ClientSession, text: str, schema: dict[str, Any]) -> Any:
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    value = json.loads(await say(http, text, response_format=form))
    jsonschema_rs.validate(schema, value)
    return value


TRIAGE = {
    "type": "object",
    "properties": {
        "category": {"enum": ["billing", "technical", "other"]},
        "urgency": {"enum": ["low", "normal", "high"]},
        "summary": {"type": "string", "maxLength": 60},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "required": ["category", "urgency", "summary"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("ticket", "category"),
    [
        ("I was charged twice for my invoice, please refund it", "billing"),
        ("The app crashes with an error when I save", "technical"),
        ("Do you ship to Norway?", "other"),
    ],
)
async def test_triage_goes_by_keywords(http: aiohttp.ClientSession, ticket: str, category: str):
    text = f"Sort this into billing, technical or other.\n\nTicket: {ticket}"
    assert (await instance(http, text, TRIAGE))["category"] == category


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "array", "items": {"type": "string"}, "minItems": 5},
        {"type": "integer", "minimum": 10, "maximum": 12, "multipleOf": 2},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": ["null", "boolean"]},
        {"anyOf": [{"type": "null"}, {"const": 4}]},
        {
            "$ref": "#/$defs/tree",
            "$defs": {"tree": {"type": "object", "properties": {"id": {"format": "uuid"}}}},
        },
        {
            "allOf": [{"type": "object", "properties": {"a": {"type": "string", "minLength": 200}}}],
            "required": ["a"],
        },
        {"type": "object", "required": ["undescribed"]},
    ],
)
async def test_instances_satisfy_their_schema(http: aiohttp.ClientSession, schema: dict[str, Any]):
    await instance(http, "About bees", schema)


async def test_prose_fits_what_is_asked(http: aiohttp.ClientSession):
    points = await say(http, "List four facts about honey bees")
    assert len(points.splitlines()) == 4
    assert all(line.startswith("- ") and "honey bees" in line for line in points.splitlines())
    assert (await say(http, "Write a brief on honey bees")).startswith("## Honey bees")
    assert "refund" in await say(http, "Write a reply to this customer. Ticket: I want a refund.")


async def test_models_differ_and_repeat_themselves(http: aiohttp.ClientSession):
    models = ("demo-small", "demo-large", "demo-creative")
    answers = [await say(http, "Explain tides", model=model) for model in models]
    assert len(set(answers)) == 3
    assert answers[0] == await say(http, "Explain tides")


async def test_a_judge_names_a_winner(http: aiohttp.ClientSession):
    text = "Judge which answer is best.\n\nAnswer A: It all depends.\n\nAnswer B:\n- for example one\n- two"
    verdict = await say(http, text)
    assert verdict.startswith("**Best: Answer B**")
    assert "| Answer A |" in verdict


async def test_streams_carry_usage_when_asked(http: aiohttp.ClientSession):
    request = {
        "model": "demo-small",
        "messages": [{"role": "user", "content": "Explain tides"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    async with http.post("/v1/chat/completions", json=request) as response:
        lines = [line[6:] for line in (await response.text()).split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    assert json.loads(lines[-2])["usage"]["total_tokens"] > 0
    text = "".join(json.loads(line)["choices"][0]["delta"].get("content", "") for line in lines[:-2])
    assert text == await say(http, "Explain tides")


async def test_scripts_and_calls_over_http(http: aiohttp.ClientSession):
    rules = [
        {"match": "bees", "times": 1, "then": {"text": "Buzz."}},
        {"match": {"model": "x"}, "then": {"status": 429, "retry_after": 7}},
    ]
    assert (await http.put("/_script", json={"rules": rules})).status == 200
    assert await say(http, "Tell about bees") == "Buzz."
    assert await say(http, "Tell about bees") != "Buzz."
    async with http.post(
        "/v1/chat/completions", json={"model": "x", "messages": [{"role": "user"}]}
    ) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
    calls = await (await http.get("/_calls")).json()
    assert [call["outcome"] for call in calls["items"]] == ["completed", "completed", "failed"]
    assert (await http.delete("/_script")).status == 204
    assert (await (await http.get("/_calls")).json())["total"] == 0


async def test_bad_requests_and_scripts_are_refused(http: aiohttp.ClientSession):
    assert (await http.post("/v1/chat/completions", json={"model": "x"})).status == 400
    assert (await http.post("/v1/chat/completions", data=b"{")).status == 400
    assert (await http.put("/_script", json={"rules": [{"than": {}}]})).status == 422


async def test_the_demo_provider_takes_no_scripts():
    async with LlmServer(scriptable=False) as server, aiohttp.ClientSession() as http:
        root = f"http://127.0.0.1:{server.port}"
        assert (await http.put(f"{root}/_script", json={})).status == 404
        assert (await http.get(f"{root}/_calls")).status == 404
        models = await (await http.get(f"{server.base_url}/models")).json()
        assert "demo-small" in [model["id"] for model in models["data"]]
