"""Snapshots: written and read in parts, of one moment, and none that is too large."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import pytest

from tests.core.flows import chain, edge, flow, input_node, node, output, planned, transform
from watchbill.core import events as e
from watchbill.core.execution import (
    ExecutionState,
    apply,
    dump,
    freeze,
    packed,
    restore,
    restore_in_parts,
    unpacked,
)
from watchbill.core.plan import Plan

AT = datetime(2026, 1, 1, tzinfo=UTC)
Result = TypeVar("Result")


def mapped(items: int) -> Plan:
    """input -> a Map with one node in its body -> output."""
    body = {"nodes": [transform("x")], "edges": []}
    each = node("each", "map", {"items": "{{ inputs.topic }}", "body": body})
    return planned(
        flow([input_node(topic="list"), each, output()], [edge("in", "each"), edge("each", "out")])
    )


def done(items: int, size: int) -> Iterator[tuple[str | None, Any]]:
    """What happens until each item's iteration gave so many characters."""
    yield None, e.ExecutionQueued(inputs={"topic": "x"})
    yield None, e.ExecutionStarted(epoch=1)
    yield "in", e.NodeStarted(attempt=1, input=None)
    yield "in", e.NodeCompleted(attempt=1, output={"topic": "x"})
    rounds = {"items": list(range(items)), "parallel": items, "tolerant": False}
    yield "each", e.NodeStarted(attempt=1, input=None, iterations=items, rounds=rounds)
    for index in range(items):
        path = f"each[{index}]"
        yield path, e.NodeStarted(attempt=1, input=None)
        yield f"{path}.x", e.NodeStarted(attempt=1, input=None)
        for place in (f"{path}.x", path):
            yield place, e.NodeCompleted(attempt=1, output="é" * size)


def played(plan: Plan, told: Iterator[tuple[str | None, Any]]) -> ExecutionState:
    state = ExecutionState.initial(plan)
    for seq, (path, data) in enumerate(told, 1):
        apply(state, e.envelope(data, seq=seq, execution_id=UUID(int=1), node_id=path, timestamp=AT))
    return state


async def turns(work: Awaitable[Result]) -> tuple[Result, int]:
    """What it gives, and how often something else had its turn meanwhile."""
    count = 0

    async def others() -> None:
        nonlocal count
        while True:
            await asyncio.sleep(0)
            count += 1

    other = asyncio.create_task(others())
    try:
        return await work, count
    finally:
        other.cancel()


@pytest.mark.parametrize(("items", "size", "least"), [(2000, 1, 15), (200, 6_000, 8)])
async def test_others_have_turns_while_a_snapshot_is_written_and_read(
    items: int, size: int, least: int
) -> None:
    """Both where its nodes are many and where they are large."""
    plan = mapped(items)
    state = played(plan, done(items, size))
    text, writing = await turns(packed(freeze(state, state.seq), 2**30))
    assert text is not None
    stored, reading = await turns(unpacked(text))
    restored, restoring = await turns(restore_in_parts(plan, stored))
    assert min(writing, reading) >= least and restoring >= items // 100
    assert restored == state and stored == dump(state, state.seq)


async def test_a_snapshot_is_of_one_moment() -> None:
    """Though the execution goes on while it is written."""
    plan = planned(chain(3))
    told = [*done(0, 0)][:3]
    state = played(plan, iter(told))
    before, frozen = dump(state, 3), freeze(state, 3)
    completed = e.NodeCompleted(attempt=1, output={"topic": "x"})
    apply(state, e.envelope(completed, seq=4, execution_id=UUID(int=1), node_id="in", timestamp=AT))
    text = await packed(frozen)
    assert text is not None and await unpacked(text) == before != dump(state, 4)


async def test_what_is_too_large_is_no_snapshot() -> None:
    state = played(mapped(200), done(200, 6_000))
    text = await packed(freeze(state, state.seq), 2**30)
    assert text is not None
    assert await packed(freeze(state, state.seq), len(text.encode())) == text
    assert await packed(freeze(state, state.seq), len(text.encode()) - 1) is None
    assert await packed(freeze(state, state.seq), 1_000) is None


async def test_one_of_another_version_is_none_and_one_of_before_there_were_parts_is_read() -> None:
    plan = mapped(3)
    state = played(plan, done(3, 1))
    stored = dump(state, state.seq)
    assert await restore_in_parts(plan, stored | {"version": 2}) is None
    read = await unpacked(json.dumps(stored))
    assert restore(plan, read) == state == await restore_in_parts(plan, read)
