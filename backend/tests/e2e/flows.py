"""Flows that tests with a real worker run, and a model that takes its time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.core.flows import edge, flow, input_node, llm, output
from watchbill.kit.process.resources import data_dir

ASK = flow(
    [input_node("topic"), llm("ask"), output(answer="{{ nodes.ask.output }}")],
    [edge("in", "ask"), edge("ask", "out")],
)
EXAMPLES = {
    file.stem: yaml.safe_load(file.read_text("utf-8"))
    for file in sorted((data_dir("examples") or Path()).glob("*.yaml"))
}


def slow(server: Any) -> None:
    """The model speaks for several seconds."""
    server.script([{"then": {"text": "word " * 200, "token_ms": 30}}])


def is_token(event: dict[str, Any]) -> bool:
    return event["type"] == "llm_token"
