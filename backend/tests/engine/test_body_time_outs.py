"""Time-outs of Map, Loop and Sub-flow: of a body, of one within another, and what does not count."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.core.flows import llm, node
from tests.engine.conftest import Ship, types
from tests.engine.test_bodies import around, body, each
from watchbill.core.events import ExecutionStatus


@pytest.mark.parametrize("config", [{}, {"items": "{{ [1] }}"}])
async def test_a_body_that_takes_too_long_fails_its_node_and_stops(
    ship: Ship, config: dict[str, Any]
) -> None:
    ship.engine()
    ship.model.gates["each[0].ask"] = asyncio.Event()
    slow = each(llm("ask"), **config) | {"timeout_seconds": 200}
    id_ = ship.submit(around(slow), topic="x")
    await ship.model.waiting.wait()
    ship.later(201, id_)
    seen = await ship.finish(id_)
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("timeout", "node_timeout")
    assert error["node_id"] == "each"
    assert types(seen, "each")[-1] == "node_failed"
    await ship.until(lambda: "each[0].ask" in ship.model.cancelled)


async def test_a_body_that_takes_too_long_is_tried_again_or_goes_on(ship: Ship) -> None:
    ship.engine()
    gate = ship.model.gates["each[0].ask"] = asyncio.Event()
    slow = each(llm("ask"), items="{{ [1] }}") | {"timeout_seconds": 200}
    again = slow | {"retry": {"max_attempts": 2, "backoff_seconds": 0.05}}
    id_ = ship.submit(around(again), topic="x")
    await ship.model.waiting.wait()
    ship.later(201, id_)
    await ship.until(lambda: "each[0].ask" in ship.model.cancelled)
    gate.set()
    seen = await ship.finish(id_)
    assert types(seen, "each").count("node_retrying") == 1
    assert ship.journal.outcomes[id_].outputs == {"result": ["an answer"]}

    ship.model.gates["each[0].ask"] = asyncio.Event()
    ship.model.waiting.clear()
    id_ = ship.submit(around(slow | {"on_error": "continue", "default": []}), topic="x")
    await ship.model.waiting.wait()
    ship.later(201, id_)
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].outputs == {"result": []}


async def test_a_body_inside_a_body_has_its_own_time(ship: Ship) -> None:
    ship.engine()
    ship.model.gates["each[1].inner[0].ask"] = asyncio.Event()
    inner = node("inner", "map", {"items": "{{ [1] }}", "body": body(llm("ask"))}, timeout_seconds=200)
    outer = each(inner, on_item_error="continue", max_parallel=1) | {"timeout_seconds": 600}
    id_ = ship.submit(around(outer), topic="x")
    await ship.model.waiting.wait()
    ship.later(201, id_)
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].outputs == {"result": [["an answer"], None, ["an answer"]]}


async def test_waiting_does_not_count_towards_the_time_out_of_a_body(ship: Ship) -> None:
    ship.engine()
    nap = each(node("nap", "wait", {"seconds": 400}), items="{{ [1] }}") | {"timeout_seconds": 300}
    id_ = ship.submit(around(nap), topic="x")
    await ship.parked(id_)
    ship.later(401)
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED
