"""Every job, one line each: its name, and the pure function that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from watchbill.engine import answers
from watchbill.engine import jobs as engine
from watchbill.nodes import jobs as nodes

JOBS: Mapping[str, Callable[[Any], Any]] = {
    "node.render": engine.render,
    "node.evaluate": engine.evaluate,
    "iteration.close": engine.close,
    "flow.compile": nodes.compile_stored,
    answers.PARSE_JOB: answers.parse,
    "trigger.map": nodes.map_inputs,
    "tool.check": nodes.check_tool,
    "tool.judge": nodes.judge,
    "page.read": nodes.read_page,
}
