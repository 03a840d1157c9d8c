"""The demo model's use of tools: which one it calls first, and with what."""

from __future__ import annotations

import json
import re
from typing import Any

from watchbill.testing.llm_server.demo.instances import instance
from watchbill.testing.llm_server.demo.reading import Prompt


def choose(offered: list[dict[str, Any]], prompt: Prompt) -> tuple[str, str] | None:
    """The tool that shares most words with the task and its JSON arguments; None when none fits."""
    functions = [tool["function"] for tool in offered if tool.get("type") == "function"]
    delegate = next((f for f in functions if f["name"].startswith("delegate_work")), None)
    if delegate is not None:
        return delegate["name"], json.dumps(_delegation(delegate, prompt))
    asked = _words(f"{prompt.task} {prompt.expected}")
    scored = [(len(asked & _words(f["name"].replace("_", " "))), -i, f) for i, f in enumerate(functions)]
    best = max(scored, key=lambda entry: entry[:2], default=None)
    if best is None or (best[0] == 0 and "plan" not in best[2]["name"]):
        return None
    return best[2]["name"], json.dumps(instance(best[2].get("parameters") or {}, prompt))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 3}


def _delegation(function: dict[str, Any], prompt: Prompt) -> dict[str, str]:
    listed = re.search(r"following coworkers:\s*(.+?)(?:\n|$)", function.get("description", ""))
    coworkers = [name.strip() for name in listed.group(1).split(",")] if listed else ["coworker"]
    asked = _words(prompt.task)
    coworker = max(coworkers, key=lambda name: len({w[:5] for w in asked} & {w[:5] for w in _words(name)}))
    context = prompt.context or f"The expected result: {prompt.expected}"
    return {"task": prompt.task, "context": context, "coworker": coworker}
