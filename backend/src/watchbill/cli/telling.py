"""Executions in words, for people at a terminal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

_WAITS_FOR = {
    "workers": "for a free worker",
    "flow": "because its flow already runs as many as it may",
    "tenant": "because the tenant already runs as many as it may",
}


def as_row(execution: dict[str, Any]) -> list[str]:
    """One line of a list."""
    began = _moment(execution["started_at"] or execution["created_at"])
    name = execution["flow_name"] or "-"
    return [f"{execution['id']}  {_state(execution):<10}  {began}  {_seconds(execution):>9}  {name}"]


def as_sentence(execution: dict[str, Any]) -> list[str]:
    """What happened to it. For a fork the new id is first."""
    if execution["forked_from"] and execution["status"] == "pending":
        return [f"{execution['id']} is a fork of {execution['forked_from']} and will start soon."]
    if execution["cancel_requested"] and execution["status"] != "cancelled":
        return [f"{execution['id']} will stop: it is {execution['status']}."]
    return [f"{execution['id']} is {_state(execution)}."]


def as_details(execution: dict[str, Any]) -> list[str]:
    """Everything of one execution."""
    usage = execution["usage"]
    lines = [
        f"{execution['id']}  {_state(execution)}",
        f"Flow      {execution['flow_name'] or '-'}{_version(execution)}",
        f"Created   {_moment(execution['created_at'])}",
    ]
    if execution["started_at"]:
        waited = _waited(execution)
        apart = f", waited {waited:,.1f} s" if waited >= 1 else ""
        lines.append(f"Began     {_moment(execution['started_at'])}, {_seconds(execution)}{apart}")
    if execution["forked_from"]:
        lines.append(f"Fork of   {execution['forked_from']}")
    if queue := execution["queue"]:
        lines.append(f"Waits     at place {queue['position']}, {_WAITS_FOR[queue['reason']]}")
    lines.append(
        f"Used      {usage['llm_calls']} model calls, {usage['total_tokens']:,} tokens,"
        f" ${usage['cost_usd']:.4f}"
    )
    if error := execution["error"]:
        where = f" at {error['node_id']}" if error.get("node_id") else ""
        lines.append(f"Error     {error['message']} ({error['kind']}{where})")
    lines += ["", *(_node(node) for node in execution["nodes"])]
    if execution["outputs"] is not None:
        lines += ["", *json.dumps(execution["outputs"], indent=2, ensure_ascii=False).split("\n")]
    return lines


def _node(node: dict[str, Any]) -> str:
    attempt = f"  attempt {node['attempt']}" if node["attempt"] > 1 else ""
    error = f"  {node['error']['message']}" if node["error"] else ""
    branch = f"  -> {node['handle']}" if node["handle"] else ""
    line = f"{node['status']:<10}  {_seconds(node):>9}  {node['node_id']}"
    return f"{line}{branch}{attempt}{error}"


def _state(execution: dict[str, Any]) -> str:
    return "paused" if execution["paused"] else str(execution["status"])


def _version(execution: dict[str, Any]) -> str:
    return f", version {execution['version']}" if execution["version"] else ", draft"


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _seconds(timed: dict[str, Any]) -> str:
    """How long it worked so far, without what it waited."""
    if not timed["started_at"]:
        return ""
    took = _end(timed) - datetime.fromisoformat(timed["started_at"])
    return f"{max(0.0, took.total_seconds() - _waited(timed)):,.1f} s"


def _waited(timed: dict[str, Any]) -> float:
    """How many seconds it waited so far, where that is told: of nodes it is not."""
    since = timed.get("waits_since")
    lasting = _end(timed) - datetime.fromisoformat(since) if since else timedelta()
    return timed.get("waited_seconds", 0.0) + max(0.0, lasting.total_seconds())


def _end(timed: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(timed["finished_at"]) if timed["finished_at"] else datetime.now(UTC)
