"""Writes golden logs of flows that Hypothesis makes up and plays.

In `backend`: `python -m tests.golden.generate`. Of some hundred executions those are kept, shortest first, in
which something happens that does not happen in those before: an event of a node in a body within a body, a
node of some type that ends in some way, and the like. The same ones come each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.test_any_flow import Player, plans
from tests.golden.test_golden import view
from watchbill.core.execution import fold
from watchbill.core.plan import Plan

FOLDER = Path(__file__).parent
_PLAYED = 400
_LONGEST = 80


def played() -> list[dict[str, Any]]:
    """Executions as Hypothesis has them, without the long ones."""
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=_PLAYED,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(plans(), st.data())
    def play(plan: Plan, data: st.DataObject) -> None:
        player = Player(plan, data.draw)
        player.play()
        player.commit()
        if len(player.events) <= _LONGEST:
            log = {
                "name": "Made up and played",
                "definition": plan.definition.model_dump(mode="json", by_alias=True, exclude_unset=True),
                "events": [event.model_dump(mode="json") for event in player.events],
                "expected": view(fold(plan, player.events)),
            }
            found.append(log)

    play()
    return sorted(found, key=lambda log: len(log["events"]))


def happenings(log: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """What happens in it that a reader of logs may get wrong."""
    types = dict(_types(log["definition"]["nodes"]))
    for event in log["events"]:
        path: str = event["node_id"] or ""
        kind = types.get(path.split(".")[-1].split("[")[0], "")
        data = event["data"]
        yield event["type"], kind, path.count("["), path.endswith("]")
        yield event["type"], data.get("handled"), data.get("reason")
    for path, node in log["expected"]["nodes"].items():
        yield log["expected"]["status"], node["status"], path.count("[")


def _types(nodes: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        yield node["id"], node["type"]
        yield from _types(node.get("config", {}).get("body", {}).get("nodes", []))


def telling(logs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those in which something happens for the first time."""
    known: set[tuple[Any, ...]] = set()
    for log in logs:
        if new := set(happenings(log)) - known:
            known |= new
            yield log


def write() -> None:
    """Replace the files that were made before."""
    for old in FOLDER.glob("played_*.json"):
        old.unlink()
    for number, log in enumerate(telling(played()), start=1):
        (FOLDER / f"played_{number:02}.json").write_bytes(orjson.dumps(log) + b"\n")


if __name__ == "__main__":
    write()
