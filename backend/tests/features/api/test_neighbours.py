"""What one tenant lets the API compute is done in a child process, within limits, and given up when nobody
waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import Message

from tests.core.flows import edge, flow, input_node, node, output, transform
from tests.features.flows.test_flows import make_flow
from tests.features.triggers.firing import make_trigger
from tests.people import Person, ask_and_leave, checked, refused
from watchbill.core.ports.compute import Compute, ComputeLimit
from watchbill.core.tenancy import TenantScope
from watchbill.features.flows.checking import too_much
from watchbill.features.flows.computing import ClientGone, unless_gone


class Noted:
    """The app's own processes, and which jobs they are given; a test may keep one under way."""

    def __init__(self, compute: Compute):
        self._compute = compute
        self.jobs: list[str] = []
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.held = False

    async def run(self, scope: TenantScope, job: str, argument: Any) -> Any:
        self.jobs.append(job)
        self.begun.set()
        try:
            if self.held:
                await asyncio.Event().wait()
            return await self._compute.run(scope, job, argument)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@pytest.fixture
def noted(app: FastAPI) -> Iterator[Noted]:
    state = app.state
    compute, executions = state.compute, state.executions
    state.compute = noted = Noted(compute)
    state.executions = replace(executions, compute=noted)
    yield noted
    state.compute, state.executions = compute, executions


def large(nodes: int = 200) -> dict[str, Any]:
    names = ["in", *(f"t{index}" for index in range(nodes)), "out"]
    steps = [transform(name, "{{ inputs.topic }}") for name in names[1:-1]]
    return flow([input_node("topic"), *steps, output()], [edge(a, b) for a, b in pairwise(names)])


def calling(flow_id: str, times: int) -> dict[str, Any]:
    """A flow that runs another one so often."""
    names = ["in", *(f"s{index}" for index in range(times)), "out"]
    calls = [node(name, "subflow", {"flow_id": flow_id, "inputs": {"topic": "x"}}) for name in names[1:-1]]
    return flow([input_node("topic"), *calls, output()], [edge(a, b) for a, b in pairwise(names)])


async def test_a_large_definition_is_compiled_in_a_child(member: Person, noted: Noted):
    body = {"definition": large()}
    assert checked(await member.http.post("flows/validate", json=body))["valid"]
    assert noted.jobs == ["flow.compile"]
    made = await make_flow(member, definition=large())
    checked(await member.http.post(f"flows/{made['id']}/publish"), 201)
    started = await member.http.post(f"flows/{made['id']}/execute", json={"inputs": {"topic": "x"}})
    checked(started, 202)
    assert noted.jobs == ["flow.compile"] * 3


async def test_flows_in_flows_have_a_total(member: Person, noted: Noted):
    inner = (await make_flow(member, definition=calling_none()))["id"]
    for _ in range(3):
        inner = (await make_flow(member, definition=calling(inner, 13)))["id"]
    answer = checked(await member.http.post("flows/validate", json={"definition": calling(inner, 13)}))
    assert not answer["valid"] and [p["code"] for p in answer["problems"]] == ["subflows_too_large"]
    assert answer["problems"][0]["node_id"].startswith("s") and not noted.jobs
    # One that is small may be there often.
    small = (await make_flow(member, definition=calling_none()))["id"]
    assert checked(await member.http.post("flows/validate", json={"definition": calling(small, 13)}))["valid"]


def calling_none() -> dict[str, Any]:
    return flow([input_node("topic"), output()], [edge("in", "out")])


async def test_a_check_is_given_up_when_the_client_leaves(noted: Noted):
    noted.held = True
    check = noted.run(TenantScope(uuid4()), "flow.compile", {})

    async def receive() -> Message:
        await noted.begun.wait()
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        await unless_gone(Request({"type": "http"}, receive), check)
    assert noted.cancelled.is_set()


@pytest.mark.parametrize("what", ["flows/validate", "flows/{id}/publish", "flows/{id}/execute"])
async def test_whatever_a_request_computes_is_given_up(app: FastAPI, member: Person, noted: Noted, what: str):
    made = await make_flow(member, definition=large())
    noted.held = True
    body = {"definition": large()} if "validate" in what else {"inputs": {}} if "execute" in what else {}
    path = what.format(id=made["id"])
    answers = await ask_and_leave(app, member, "POST", path, body, noted.begun)
    assert noted.cancelled.is_set() and answers[0]["status"] == 499
    assert not checked(await member.http.get("executions"))["items"]
    assert checked(await member.http.get(f"flows/{made['id']}"))["published_version"] is None


async def test_an_answer_comes_to_who_waits(noted: Noted):
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def work() -> int:
        return 1

    assert await unless_gone(Request({"type": "http"}, receive), work()) == 1


async def hook(member: Person, **config: Any) -> str:
    made = await make_flow(member, definition=calling_none())
    trigger = await make_trigger(
        member, webhook={"signing": "none", "max_body_bytes": 100_000}, flow_id=made["id"], **config
    )
    return trigger["path"].removeprefix("/api/v1/")


@pytest.mark.parametrize(
    ("template", "size"),
    [
        ("{{ size(inputs.body.map(a, inputs.body.map(b, a + b))) }}", 1_500),
        ('{{ "aaaaaaaaaa"' + '.replace("a", "aaaaaaaaaa")' * 7 + " }}", 1),
    ],
)
async def test_a_webhooks_mapping_that_computes_too_much_is_refused(
    member: Person, noted: Noted, template: str, size: int
):
    path = await hook(member, inputs={"topic": template})
    answer = await member.http.post(path, json=list(range(size)))
    problem = refused(answer, 422, "mapping_limit")
    assert "`inputs.topic`" in problem["detail"]
    [wrong] = problem["errors"]
    assert (wrong["loc"], wrong["code"]) == (["inputs", "topic"], "mapping_limit")
    assert wrong["message"].endswith("Pass the value on as it is, and work on it in a node.")
    assert noted.jobs == ["trigger.map"]


async def test_the_template_that_was_too_much_is_named_among_others(member: Person, noted: Noted):
    inputs = {
        "topic": "{{ string(size(inputs.body)) }}",
        "all": {"pairs": "{{ size(inputs.body.map(a, inputs.body.map(b, a + b))) }}"},
    }
    path = await hook(member, inputs=inputs)
    answer = await member.http.post(path, json=list(range(1_500)))
    [wrong] = refused(answer, 422, "mapping_limit")["errors"]
    assert wrong["loc"] == ["inputs", "all", "pairs"]


def test_a_flow_that_takes_too_much_names_its_largest_field():
    definition = flow([input_node(), transform("small"), transform("large", "1" * 199), output()], [])
    problem = too_much(ComputeLimit("memory"), definition)
    assert (problem.code, problem.node_id, problem.field) == ("flow_limit", "large", "config.values")
    assert problem.message.startswith("The flow is too large to check. It needs too much memory.")
    for odd in (None, [], {"nodes": 1}, {"nodes": [1, {"id": 2}, {"id": "x", "config": 1}]}):
        assert too_much(ComputeLimit("time"), odd).node_id is None


async def test_a_longer_mapping_is_done_in_a_child(member: Person, noted: Noted):
    path = await hook(
        member, inputs={"topic": "{{ string(size(inputs.body.map(a, inputs.body.map(b, a)))) }}"}
    )
    checked(await member.http.post(path, json=list(range(100))), 202)
    assert noted.jobs == ["trigger.map"]
