"""Running an execution again: as it ran, or as its flow is now; over HTTP with a real worker."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.core.flows import edge, flow, input_node, llm, node, output, transform
from tests.e2e.conftest import Tenant
from tests.people import checked, refused


def asking(
    prompt: str = "{{ nodes.before.output.value }}", before: str = "{{ inputs.topic + '!' }}", **rest: Any
):
    return flow(
        [
            input_node("topic"),
            transform("before", before),
            llm("ask", prompt, **rest),
            output(answer="{{ nodes.ask.output }}", before="{{ nodes.before.output.value }}"),
        ],
        [edge("in", "before"), edge("before", "ask"), edge("ask", "out")],
    )


async def start(tenant: Tenant, definition: dict[str, Any]) -> tuple[str, str]:
    """A flow, and an execution of it that is over."""
    flow_id = await tenant.flow(definition)
    form = {"inputs": {"topic": "tides"}}
    id_ = checked(await tenant.http.post(f"flows/{flow_id}/execute", json=form), 202)["id"]
    await tenant.watch(id_)
    return flow_id, id_


async def edit(tenant: Tenant, flow_id: str, definition: dict[str, Any]) -> None:
    version = checked(await tenant.http.get(f"flows/{flow_id}"))["version"]
    form = {"definition": definition, "version": version}
    checked(await tenant.http.patch(f"flows/{flow_id}", json=form))


async def again(tenant: Tenant, id_: str, **form: Any) -> dict[str, Any]:
    """What came of running it again."""
    made = checked(await tenant.http.post(f"executions/{id_}/fork", json=form), 202)
    await tenant.watch(made["id"])
    return await tenant.get(made["id"])


def refuse_once(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"status": 401}, "times": 1}, {"then": {"text": "Tides turn."}}])


def ran(execution: dict[str, Any], first: dict[str, Any]) -> set[str]:
    """The nodes that it did not take over: those give at another time than in the first one, or anew."""
    was = {one["node_id"]: one["output"] for one in first["nodes"] if one["status"] == "completed"}
    return {one["node_id"] for one in execution["nodes"]} - was.keys()


async def test_a_failed_execution_goes_on_as_its_flow_is_now(tenant: Tenant) -> None:
    refuse_once(tenant)
    flow_id, id_ = await start(tenant, asking())
    first = await tenant.get(id_)
    assert first["status"] == "failed" and ran(first, first) == {"ask", "out"}
    # How often a node is tried, and what it is called, is no matter to what is done.
    changed = asking("Say {{ nodes.before.output.value }}", label="New", timeout_seconds=50)
    changed["nodes"][1] |= {"label": "Also new", "retry": {"max_attempts": 3}}
    changed["layout"] = {"in": {"x": 1, "y": 1}}
    await edit(tenant, flow_id, changed)
    done = await again(tenant, id_, version="draft")
    assert done["status"] == "completed" and done["forked_from"] == id_ and done["version"] is None
    assert done["outputs"] == {"answer": "Tides turn.", "before": "tides!"}
    assert [one["config"]["prompt"] for one in done["definition"]["nodes"] if one["id"] == "ask"] == [
        "Say {{ nodes.before.output.value }}"
    ]
    events = await tenant.events(done["id"])
    assert events[0]["data"]["forked_from"] == {"execution_id": id_, "from_node": "ask"}
    taken = [event["node_id"] for event in events if event["seq"] <= 5 and event["type"] == "node_completed"]
    assert taken == ["in", "before"]
    # The first one is as it was.
    assert (await tenant.get(id_))["status"] == "failed"


async def test_what_changed_and_what_comes_after_it_runs_again(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "Tides turn."}}])
    flow_id, id_ = await start(tenant, asking())
    # Nothing changed: everything is taken over, and costs nothing.
    same = await again(tenant, id_, version="draft")
    assert same["status"] == "completed" and same["usage"]["llm_calls"] == 0
    await edit(tenant, flow_id, asking(before="{{ inputs.topic + '?' }}"))
    changed = await again(tenant, id_, version="draft")
    assert changed["outputs"]["before"] == "tides?" and changed["usage"]["llm_calls"] == 1
    # As it ran is not as it is now.
    old = await again(tenant, id_, from_node="in")
    assert old["outputs"]["before"] == "tides!" and old["usage"]["llm_calls"] == 1
    # A node in between, and one with another name, are others.
    more = asking()
    more["nodes"].insert(2, transform("between", "{{ nodes.before.output.value }}"))
    more["edges"][1:2] = [edge("before", "between"), edge("between", "ask")]
    await edit(tenant, flow_id, more)
    between = await again(tenant, id_, version="draft")
    assert between["usage"]["llm_calls"] == 1 and between["outputs"]["before"] == "tides!"
    checked(await tenant.http.post(f"flows/{flow_id}/publish"), 201)
    published = await again(tenant, id_, version="published")
    assert published["version"] == 1 and published["usage"]["llm_calls"] == 1
    refused(await tenant.http.post(f"executions/{id_}/fork", json={"version": 7}), 404)
    nobody = {"version": "draft", "from_node": "nobody"}
    refused(await tenant.http.post(f"executions/{id_}/fork", json=nobody), 422, "unknown_node")


async def test_another_form_is_asked_with_the_old_inputs(tenant: Tenant) -> None:
    tenant.server.script([{"then": {"text": "Tides turn."}}])
    flow_id, id_ = await start(tenant, asking())
    fields = [{"name": "topic", "label": "What about?"}]
    renamed = asking()
    renamed["nodes"][0] = node("in", "input", {"fields": fields})
    await edit(tenant, flow_id, renamed)
    assert (await again(tenant, id_, version="draft"))["usage"]["llm_calls"] == 0
    # What has a default is filled in, and everything may read it.
    renamed["nodes"][0] = node("in", "input", {"fields": [*fields, {"name": "tone", "default": "calm"}]})
    await edit(tenant, flow_id, renamed)
    filled = await again(tenant, id_, version="draft")
    assert filled["inputs"] == {"topic": "tides", "tone": "calm"} and filled["usage"]["llm_calls"] == 1
    renamed["nodes"][0] = node("in", "input", {"fields": [*fields, {"name": "tone"}]})
    await edit(tenant, flow_id, renamed)
    refusal = refused(
        await tenant.http.post(f"executions/{id_}/fork", json={"version": "draft"}), 422, "inputs_invalid"
    )
    assert "`tone`" in refusal["detail"]


async def test_a_flow_that_cannot_run_now_says_why(tenant: Tenant) -> None:
    refuse_once(tenant)
    flow_id, id_ = await start(tenant, asking())
    await edit(tenant, flow_id, asking(""))
    path = f"executions/{id_}/fork"
    refusal = refused(await tenant.http.post(path, json={"version": "draft"}), 422, "flow_invalid")
    assert "node `ask`, field `prompt`" in refusal["detail"]
    checked(await tenant.http.patch(f"flows/{flow_id}", json={"is_active": False}))
    refused(await tenant.http.post(path, json={"version": "draft"}), 409, "flow_inactive")


async def test_a_crew_by_itself_has_no_other_version(tenant: Tenant) -> None:
    agent = {"name": "a", "role": "r", "goal": "g"}
    made = checked(await tenant.http.post("agents", json=agent), 201)["id"]
    task = {"name": "t", "description": "d", "expected_output": "e", "agent_id": made}
    form = {"name": "c", "process": "sequential", "agent_ids": [made], "tasks": [task]}
    crew = await tenant.http.post("crews", json=form)
    id_ = checked(await tenant.http.post(f"crews/{checked(crew, 201)['id']}/test", json={}), 202)["id"]
    refused(await tenant.http.post(f"executions/{id_}/fork", json={"version": "draft"}), 409, "no_flow")
    await tenant.watch(id_)


async def test_waiting_is_told_apart_from_work(tenant: Tenant) -> None:
    definition = flow(
        [input_node("topic"), node("ask", "approval", {"title": "Go on?"}), output(answer="{{ 'yes' }}")],
        [edge("in", "ask"), edge("ask", "out", "approved")],
    )
    id_ = await tenant.execute(definition, topic="tides")
    await tenant.watch(id_, until=lambda event: event["type"] == "execution_waiting")
    waiting = await tenant.get(id_)
    assert waiting["waits_since"] is not None and waiting["waited_seconds"] == 0
    [asked] = checked(await tenant.http.get("approvals?open=true"))["items"]
    answer = {"approved": True, "values": {}}
    checked(await tenant.http.post(f"approvals/{asked['id']}/answer", json=answer))
    await tenant.watch(id_)
    done = await tenant.get(id_)
    assert done["waits_since"] is None and done["waited_seconds"] > 0
    [listed] = [one for one in checked(await tenant.http.get("executions"))["items"] if one["id"] == id_]
    assert listed["waited_seconds"] == done["waited_seconds"]


async def test_the_time_between_a_failure_and_going_on_is_no_work(tenant: Tenant) -> None:
    refuse_once(tenant)
    _, id_ = await start(tenant, asking())
    failed = await tenant.get(id_)
    resumed = checked(await tenant.http.post(f"executions/{id_}/resume"), 202)
    assert failed["waited_seconds"] == 0 < resumed["waited_seconds"]
    await tenant.watch(id_, after=failed["last_seq"])
    assert (await tenant.get(id_))["waited_seconds"] == resumed["waited_seconds"]


def parted() -> dict[str, Any]:
    """input -> before -> one of two ways, each with a node and an output of its own."""
    check = {"cases": [{"handle": "long", "when": "size(nodes.before.output.value) > 5"}], "else": "short"}
    return flow(
        [
            input_node("topic"),
            transform("before", "{{ inputs.topic + '!' }}"),
            node("check", "condition", check),
            transform("one", "made"),
            transform("other", "made"),
            output("end", one="{{ nodes.one.output.value }}"),
            output("another", other="{{ nodes.other.output.value }}"),
        ],
        [
            edge("in", "before"),
            edge("before", "check"),
            edge("check", "one", "long"),
            edge("check", "other", "short"),
            edge("one", "end"),
            edge("other", "another"),
        ],
    )


@pytest.mark.parametrize(
    ("from_node", "edited", "gives"),
    [
        ("before", {"one": {"value": "given"}}, {"one": "given"}),
        (None, {"other": {"value": "given"}}, {"one": "made", "other": "given"}),
        ("before", {"other": {"value": "given"}}, {"one": "made", "other": "given"}),
        ("before", {"end": {"one": "given"}}, {"one": "given"}),
    ],
)
async def test_a_node_whose_output_is_given_is_done_whatever_runs_again_before_it(
    tenant: Tenant, from_node: str | None, edited: dict[str, Any], gives: dict[str, Any]
) -> None:
    _, id_ = await start(tenant, parted())
    done = await again(tenant, id_, from_node=from_node, outputs=edited)
    assert done["status"] == "completed" and done["outputs"] == gives
    # Each of them has ended, and none ran twice or was skipped after all.
    assert all(one["status"] in ("completed", "skipped") for one in done["nodes"])
    events = await tenant.events(done["id"])
    ends = [event["node_id"] for event in events if event["type"] in ("node_completed", "node_skipped")]
    assert sorted(ends) == sorted(one["id"] for one in done["definition"]["nodes"])
    [given] = edited
    assert [one["output"] for one in done["nodes"] if one["node_id"] == given] == [edited[given]]


@pytest.mark.parametrize("on_error", ["continue", "branch"])
async def test_a_failure_that_was_handled_stays_whatever_is_skipped_before_it(
    tenant: Tenant, on_error: str
) -> None:
    """What was skipped is decided again, and leads to a node that is done."""
    tenant.server.script([{"then": {"status": 400}, "times": 1}, {"then": {"text": "An answer."}}])
    definition = flow(
        [
            input_node("topic"),
            node("check", "condition", {"cases": [{"handle": "long", "when": "false"}], "else": "short"}),
            transform("skipped", "never"),
            llm("handled", "Of {{ inputs.topic }}", on_error=on_error),
            transform("after", "made"),
            output(end="{{ nodes.after.output.value }}"),
        ],
        [
            edge("in", "check"),
            edge("check", "skipped", "long"),
            edge("check", "handled", "short"),
            edge("skipped", "handled"),
            edge("handled", "after", "error" if on_error == "branch" else None),
            edge("after", "out"),
        ],
    )
    _, id_ = await start(tenant, definition)
    asked = len(tenant.server.calls)
    done = await again(tenant, id_, from_node="after")
    assert done["status"] == "completed" and done["outputs"] == {"end": "made"}
    assert len(tenant.server.calls) == asked, "the model is not asked again"
    statuses = {one["node_id"]: one["status"] for one in done["nodes"]}
    assert statuses["handled"] == "failed" and statuses["out"] == "completed"


@pytest.mark.parametrize("value", [5, None, "text", [["one", 1]]])
async def test_what_an_execution_gives_is_an_object(tenant: Tenant, value: Any) -> None:
    _, id_ = await start(tenant, parted())
    form = {"outputs": {"end": value}}
    problem = refused(await tenant.http.post(f"executions/{id_}/fork", json=form), 422, "not_an_object")
    assert "`end` must be an object" in problem["detail"]


async def test_what_comes_after_a_given_output_waits_for_what_runs_again_before_it(tenant: Tenant) -> None:
    """It may read that, too."""
    names = ["in", "before", "middle", "late", "out"]
    definition = flow(
        [
            input_node("topic"),
            transform("before", "{{ inputs.topic + '!' }}"),
            node("middle", "map", {"items": "{{ [1, 2] }}", "body": {"nodes": [transform("each", "made")]}}),
            transform("late", "made"),
            output(
                both="{{ nodes.late.output.value + nodes.before.output.value }}",
                all="{{ nodes.middle.output }}",
            ),
        ],
        [edge(one, other) for one, other in pairwise(names)],
    )
    _, id_ = await start(tenant, definition)
    done = await again(tenant, id_, from_node="before", outputs={"late": {"value": "given "}})
    assert done["outputs"] == {"both": "given tides!", "all": [{"value": "made"}] * 2}
    # Several in a row, of which the first is where it begins.
    given = {"before": {"value": "?"}, "middle": [], "late": {"value": "given"}}
    done = await again(tenant, id_, from_node="in", outputs=given)
    assert done["outputs"] == {"both": "given?", "all": []}
