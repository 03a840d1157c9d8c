"""The pages in a real Chromium: a thousand nodes, ten thousand events, and the scripts of each page.

`frontend/bench/editor.mjs` does the measuring; here are the targets.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from bench.figures import Figure
from bench.stack import Stack

_SCRIPT = Path(__file__).parents[1] / "frontend" / "bench" / "editor.mjs"

# At least: frames a second.
_LEAST = {
    "1,000 nodes, near: panning": 55.0,
    "1,000 nodes, near: dragging": 55.0,
    "1,000 nodes, near: an execution's status updates": 55.0,
    "1,000 nodes, fitted: panning": 30.0,
    "1,000 nodes, fitted: dragging": 30.0,
    "1,000 nodes, fitted: an execution's status updates": 30.0,
    "10,000 events: events of the execution": 10_000.0,
}
# At most: milliseconds.
_MOST = {
    "1,000 nodes: until the first is shown": 1500.0,
    "1,000 nodes: 20 keys in the inspector": 700.0,
    "10,000 events: until a node can be looked at": 1000.0,
}
_SCRIPTS_KB = 250.0
_EDITOR_SCRIPTS_KB = 350.0


async def measure(stack: Stack) -> list[Figure]:
    """Open the pages as a person who has just signed up."""
    question = json.dumps({"url": stack.api_url})
    process = await asyncio.create_subprocess_exec(
        "node", str(_SCRIPT), question, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{_SCRIPT.name} ended with {process.returncode}; what it said is above")
    return [_figure(**item) for item in json.loads(output)]


def _figure(name: str, value: float, unit: str) -> Figure:
    return Figure(name, value, unit, _most(name), _LEAST.get(name))


def _most(name: str) -> float | None:
    if name == "scripts: editor":
        return _EDITOR_SCRIPTS_KB
    return _SCRIPTS_KB if name.startswith("scripts: ") else _MOST.get(name)
