"""Chooses how the demo model answers: a tool call, JSON for a schema, a verdict, or prose."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from watchbill.testing.llm_server.calls import Call
from watchbill.testing.llm_server.demo import judge, prose, tools
from watchbill.testing.llm_server.demo.instances import instance
from watchbill.testing.llm_server.demo.reading import Prompt, read_prompt

MODELS = ("demo-small", "demo-large", "demo-creative")


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """Text, or tool calls as (name, JSON arguments)."""

    text: str | None = None
    tool_calls: tuple[tuple[str, str], ...] = ()


def answer_as_demo(call: Call, body: dict[str, Any]) -> DemoAnswer:
    """What the demo model says to this request; the same request always gets the same answer."""
    prompt = read_prompt(call.model, call.messages)
    offered: list[dict[str, Any]] = body.get("tools") or []
    if offered and not prompt.tool_results and (chosen := tools.choose(offered, prompt)):
        return DemoAnswer(tool_calls=(chosen,))
    schema = _schema(call.response_format)
    if schema is not None:
        return DemoAnswer(json.dumps(instance(schema, prompt), ensure_ascii=False))
    return DemoAnswer(_text(prompt))


def _schema(response_format: dict[str, Any] | None) -> dict[str, Any] | None:
    kind = (response_format or {}).get("type")
    if kind == "json_schema":
        return (response_format or {}).get("json_schema", {}).get("schema") or {}
    if kind == "json_object":
        return {"type": "object", "properties": {"answer": {"type": "string"}}}
    return None


def _text(prompt: Prompt) -> str:
    if prompt.tool_results:
        return prose.from_tools(prompt)
    candidates = judge.candidates(prompt)
    if prompt.asks_for("judge", "compare", "best", "rank", "evaluate", "winner") and len(candidates) > 1:
        return judge.verdict(candidates)
    if prompt.asks_for("bullet", "bullets", "facts", "findings", "list"):
        return prose.bullets(prompt)
    if prompt.asks_for("reply", "respond", "response", "email", "letter"):
        return prose.reply(prompt)
    if prompt.asks_for("brief", "report", "article", "summary", "write", "essay"):
        return prose.report(prompt)
    return prose.explanation(prompt)
