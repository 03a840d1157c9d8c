"""What the terminal tells of an execution."""

from __future__ import annotations

from typing import Any

from watchbill.cli.telling import as_details, as_row


def execution(**more: Any) -> dict[str, Any]:
    return {
        "id": "5f0c",
        "status": "completed",
        "paused": False,
        "flow_name": "Brief",
        "version": None,
        "created_at": "2026-01-01T10:00:00Z",
        "started_at": "2026-01-01T10:00:01Z",
        "finished_at": "2026-01-01T13:00:11Z",
        "waited_seconds": 10_800.0,
        "waits_since": None,
        "forked_from": None,
        "queue": None,
        "usage": {"llm_calls": 1, "total_tokens": 2, "cost_usd": 0.0},
        "error": None,
        "nodes": [],
        "outputs": None,
    } | more


def test_waiting_is_no_work():
    assert as_row(execution())[0].endswith("  10.0 s  Brief")
    assert any(line.endswith(", 10.0 s, waited 10,800.0 s") for line in as_details(execution()))
    # While it waits, its work does not grow.
    since = "2026-01-01T10:00:03Z"
    waiting = execution(status="waiting", finished_at=None, waited_seconds=0.0, waits_since=since)
    assert " 2.0 s " in as_row(waiting)[0]
    never = execution(waited_seconds=0.0)
    assert any(line.endswith(", 10,810.0 s") for line in as_details(never))
