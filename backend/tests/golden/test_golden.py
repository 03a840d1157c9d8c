"""Golden event logs: Python folds them as the browser does (frontend/src/lib/events reads the same files).

Some were written by hand; the others come from made-up flows, played by tests.golden.generate.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from watchbill.core.events import JOURNAL_TYPES, Event
from watchbill.core.execution import ExecutionState, fold
from watchbill.core.plan import compile_flow
from watchbill.nodes.registry import NODE_TYPES

FILES = sorted(Path(__file__).parent.glob("*.json"))
NODE_FIELDS = (
    "status",
    "attempt",
    "output",
    "error",
    "handle",
    "started_at",
    "finished_at",
    "retry_at",
    "request",
    "iterations",
    "usage",
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_log_folds_to_what_is_expected(file: Path) -> None:
    golden = json.loads(file.read_text("utf-8"))
    plan = compile_flow(golden["definition"], NODE_TYPES).plan
    assert plan is not None
    events = [Event.model_validate(event) for event in golden["events"]]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    for event in events:
        event.payload()
    seen = view(fold(plan, events))
    expected = golden["expected"]
    for id_, node in expected["nodes"].items():
        assert {key: seen["nodes"][id_][key] for key in node if key in NODE_FIELDS} == {
            key: value for key, value in node.items() if key in NODE_FIELDS
        }, id_
    assert {key: seen[key] for key in ("status", "outputs", "error", "usage", "seq")} == {
        key: expected[key] for key in ("status", "outputs", "error", "usage", "seq")
    }


def test_every_event_of_the_journal_is_in_a_played_log() -> None:
    played = [json.loads(file.read_text("utf-8")) for file in FILES if file.stem.startswith("played_")]
    assert {event["type"] for log in played for event in log["events"]} == JOURNAL_TYPES - {
        # Nobody cancels or pauses those.
        "execution_cancelled",
        "execution_waiting",
    }


def view(state: ExecutionState) -> dict[str, Any]:
    return {
        "status": state.status.value,
        "outputs": state.outputs,
        "error": state.error.model_dump(mode="json") if state.error else None,
        "usage": state.usage.model_dump(mode="json"),
        "seq": state.seq,
        "nodes": {
            id_: {
                "status": node.status.value,
                "attempt": node.attempt,
                "output": node.output,
                "error": node.error.model_dump(mode="json") if node.error else None,
                "handle": node.handle,
                "started_at": _time(node.started_at),
                "finished_at": _time(node.finished_at),
                "retry_at": _time(node.retry_at),
                "request": node.request,
                "iterations": node.iterations,
                "usage": node.usage.model_dump(mode="json"),
            }
            for id_, node in state.nodes.items()
        },
    }


def _time(value: Any) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")
