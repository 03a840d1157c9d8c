"""Cancelling at any moment: it ends as cancelled, and no call begins afterwards."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise
from typing import Any

import pytest

from tests.core.flows import edge, flow, input_node, llm, node, output
from tests.e2e.conftest import Tenant
from tests.e2e.running import LONG
from tests.people import checked

pytestmark = pytest.mark.slow

MOMENTS = 200 if LONG else 60
AT_ONCE = 6


def _ask(id_: str) -> dict[str, Any]:
    return llm(id_, "{{ inputs.topic }}")


AGENT = node(
    "agent",
    "agent",
    {
        "agent": {"role": "Writer", "goal": "Write", "backstory": "b"},
        "task": {"description": "Write about {{ inputs.topic }}", "expected_output": "Text"},
    },
)
EACH = node(
    "each",
    "map",
    {"items": "{{ [1, 2, 3, 4] }}", "max_parallel": 2, "body": {"nodes": [llm("part")], "edges": []}},
)
SHAPES = {
    "calls": [_ask("one"), _ask("two"), _ask("three")],
    "crew": [_ask("one"), AGENT, _ask("two")],
    "map": [EACH, llm("last")],
    "wait": [_ask("one"), node("nap", "wait", {"seconds": 60}), _ask("two")],
    "question": [_ask("one"), node("ask", "approval", {}), _ask("two")],
}


def line(middle: list[dict[str, Any]]) -> dict[str, Any]:
    nodes = [input_node("topic"), *middle, output(x="1")]
    edges = [
        edge(a["id"], b["id"], "approved" if a["type"] == "approval" else None) for a, b in pairwise(nodes)
    ]
    return flow(nodes, edges)


async def test_a_cancel_ends_an_execution_wherever_it_is(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "word " * 12, "token_ms": 25, "delay_ms": 50}}])
    chance = random.Random(11)
    flows = {name: await tenant.flow(line(middle)) for name, middle in SHAPES.items()}
    # CrewAI takes seconds to load; the moments are to be within executions.
    warm = await tenant.http.post(f"flows/{flows['crew']}/execute", json={"inputs": {"topic": "x"}})
    await tenant.watch(checked(warm, 202)["id"])
    gate = asyncio.Semaphore(AT_ONCE)
    names = [name for name in SHAPES for _ in range(MOMENTS // len(SHAPES))]
    outcomes = await asyncio.gather(
        *(
            _cancelled(tenant, gate, flows[name], f"<{name} {index}>", chance.uniform(0, 1.6))
            for index, name in enumerate(names)
        )
    )
    caught = [outcome for outcome in outcomes if outcome is not None]
    assert len(caught) > MOMENTS / 2, "most were to be caught in the middle"
    for topic, calls in caught:
        assert _calls(tenant, topic) == calls, "a call began after the answer to the cancel"


def _calls(tenant: Tenant, topic: str) -> int:
    return sum(topic in call.prompt for call in tenant.server.calls)


async def _cancelled(
    tenant: Tenant, gate: asyncio.Semaphore, flow_id: str, topic: str, moment: float
) -> tuple[str, int] | None:
    """The topic and how many calls there had been when the cancel was answered; None if it came too late."""
    async with gate:
        form = {"inputs": {"topic": topic}}
        id_ = checked(await tenant.http.post(f"flows/{flow_id}/execute", json=form), 202)["id"]
        await asyncio.sleep(moment)  # the random moment is what this is about
        answer = await tenant.http.post(f"executions/{id_}/cancel")
        if answer.status_code == 409:
            assert (await tenant.get(id_))["status"] == "completed"
            return None
        assert checked(answer, 202)["status"] == "cancelled"
        calls = _calls(tenant, topic)
        events = await tenant.events(id_)
        assert [event["type"] for event in events if event["type"].startswith("execution_")][-1] == (
            "execution_cancelled"
        )
        assert (await tenant.get(id_))["status"] == "cancelled"
        return topic, calls
