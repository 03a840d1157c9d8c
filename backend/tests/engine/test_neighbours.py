"""What one tenant computes is never felt by another: it goes to a child process, and fails there in the
end."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.core.flows import edge, flow, input_node, node, output, transform
from tests.engine.conftest import Ship, types
from tests.engine.test_bodies import around, body, each
from watchbill.core.errors import NodeError
from watchbill.core.events import ExecutionStatus
from watchbill.core.node_types import NodeResult
from watchbill.core.tenancy import TenantScope
from watchbill.engine.evaluating import checked
from watchbill.engine.limits import refuse_deep

NUMBERS = list(range(1500))
WORDS = ["x" * 20_000] * 100
CALM = flow([input_node("topic"), output()], [edge("in", "out")])


def condition(when: str) -> dict[str, Any]:
    ask = node("ask", "condition", {"cases": [{"handle": "yes", "when": when}], "else": "no"})
    edges = [edge("in", "ask"), edge("ask", "out", "yes"), edge("ask", "out", "no")]
    return flow([input_node("topic"), ask, output(topic="ok")], edges)


def chained(times: int) -> str:
    return '"aaaaaaaaaa"' + '.replace("a", "aaaaaaaaaa")' * times


async def end_of(ship: Ship, id_: UUID) -> dict[str, Any] | None:
    async with asyncio.timeout(120):
        while id_ not in ship.journal.outcomes or not ship.journal.outcomes[id_].status.final:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return ship.journal.outcomes[id_].error


ATTACKS: dict[str, tuple[dict[str, Any], Any]] = {
    "loops in a transform": (
        around(transform("x", "{{ size(inputs.topic.map(a, inputs.topic.map(b, a + b))) }}")),
        NUMBERS,
    ),
    "three loops": (
        around(
            transform(
                "x",
                "{{ inputs.topic.exists(a, inputs.topic.exists(b, inputs.topic.exists(c, a + b + c < 0))) }}",
            )
        ),
        NUMBERS,
    ),
    "joined texts": (
        around(transform("x", "{{ inputs.topic.map(a, inputs.topic.map(b, a + b)) }}")),
        WORDS,
    ),
    "a text that grows": (around(transform("x", "{{ " + chained(7) + " }}")), "x"),
    "a text that grows in a text": (around(transform("x", "{{ " + chained(7) + " }}!")), "x"),
    "a condition": (
        condition("inputs.topic.exists(a, inputs.topic.exists(b, a + b < 0))"),
        list(range(3000)),
    ),
    "items": (
        around(
            each(transform("x", "1"), items="{{ inputs.topic.map(a, size(inputs.topic.map(b, a + b))) }}")
        ),
        NUMBERS,
    ),
    "the result of an iteration": (
        around(
            each(
                transform("x", "1"),
                items="{{ [1] }}",
                result="{{ inputs.topic.map(a, size(inputs.topic.map(b, a + b))) }}",
            )
        ),
        NUMBERS,
    ),
    "the end of a loop": (
        around(
            node(
                "again",
                "loop",
                {
                    "until": "inputs.topic.exists(a, inputs.topic.exists(b, a + b < 0))",
                    "body": body(transform("x", "1")),
                },
            )
        ),
        NUMBERS,
    ),
    "what a wait reads": (
        around(node("w", "wait", {"seconds": "{{ size(inputs.topic.map(a, inputs.topic.map(b, a + b))) }}"})),
        NUMBERS,
    ),
    "a prompt": (
        around(node("ask", "llm", {"prompt": "{{ size(inputs.topic.map(a, inputs.topic.map(b, a + b))) }}"})),
        NUMBERS,
    ),
}


# The field that the failure names; in the others it is the transform's value.
PLACES = {
    "a condition": "cases.0.when",
    "items": "items",
    "the result of an iteration": "result",
    "the end of a loop": "until",
    "what a wait reads": "seconds",
    "a prompt": "prompt",
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_too_much_to_compute_fails_away_from_the_loop(ship: Ship, name: str) -> None:
    ship.engine()
    definition, topic = ATTACKS[name]
    attack = ship.submit(definition, topic=topic)
    calm = ship.submit_for(TenantScope(uuid4()), CALM, topic="x")
    assert await end_of(ship, calm) is None
    error = await end_of(ship, attack)
    assert error is not None and (error["kind"], error["code"]) == ("limit", "computation_limit"), error
    place = f"This is more than one node may compute, at `{PLACES.get(name, 'values.value')}`. It "
    assert error["message"].startswith(place) and error["message"].endswith(" Work on less at a time.")
    assert ship.compute.jobs


async def test_of_several_fields_the_costly_one_is_named(ship: Ship) -> None:
    ship.engine()
    values = {
        "first": "{{ size(inputs.topic) }}",
        "list": [1, {"deep": "{{ size(inputs.topic.map(a, inputs.topic.map(b, a + b))) }}"}],
        "last": "{{ size(inputs.topic) }}",
    }
    attack = ship.submit(around(node("x", "transform", {"values": values})), topic=NUMBERS)
    error = await end_of(ship, attack)
    assert error is not None and "at `values.list.1.deep`." in error["message"], error


async def test_what_cannot_be_evaluated_names_its_field(ship: Ship) -> None:
    ship.engine()
    wrong = "inputs.topic / 0 == 1"
    flows = {
        "values.value": around(transform("x", "{{ inputs.topic / 0 }}")),
        "cases.0.when": condition(wrong),
        "until": around(node("again", "loop", {"until": wrong, "body": body(transform("x", "1"))})),
        "result": around(each(transform("x", "1"), items="{{ [1] }}", result="{{ inputs.topic / 0 }}")),
    }
    for place, definition in flows.items():
        error = await end_of(ship, ship.submit(definition, topic=1))
        assert error is not None and error["kind"] == "user", error
        assert error["message"].startswith(f"`{place}`: Cannot evaluate "), error


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"values": {"small": 1, "large": ["x" * 3_000_000, "y" * 3_000_000]}}, "in `values.large`"),
        ({"a": {"b": {"c": {"d": "x" * 5_000_000}}}}, "in `a.b.c`"),
    ],
)
def test_what_is_too_large_says_where_most_of_it_is(value: Any, where: str) -> None:
    with pytest.raises(NodeError, match=where):
        checked(NodeResult(value))
    with pytest.raises(NodeError, match=r"has 5,000,151 bytes; at most"):
        checked(NodeResult(["x" * 100_000] * 50))


def test_what_is_too_deep_says_where() -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    with pytest.raises(NodeError, match=r"200 levels deep in `values.second`"):
        refuse_deep({"values": {"first": 1, "second": deep}}, "input")


async def test_what_takes_longer_but_not_too_long_is_done_in_a_child(ship: Ship) -> None:
    ship.engine()
    pairs = "{{ size(inputs.topic.map(a, size(inputs.topic.map(b, a + b)))) }}"
    seen = await ship.finish(id_ := ship.submit(around(transform("x", pairs)), topic=list(range(200))))
    assert ship.journal.outcomes[id_].outputs == {"result": {"value": 200}}
    assert ship.compute.jobs == ["node.evaluate"]
    # The second one tells what the node worked on.
    assert types(seen, "x") == ["node_started", "node_started", "node_completed"]
    assert [e.data["input"] for e in seen if e.type == "node_started" and e.node_id == "x"] == [
        None,
        {"values": {"value": 200}},
    ]


async def test_every_kind_of_node_may_read_what_is_computed_in_a_child(ship: Ship) -> None:
    ship.engine()
    long = "{{ size(inputs.topic.map(a, size(inputs.topic.map(b, a + b)))) "
    nodes = [
        node("ask", "llm", {"prompt": long + "}}"}),
        node("w", "wait", {"seconds": long + "- 200 }}"}),
        each(
            transform("x", "{{ item + 1 }}"),
            items="{{ [size(inputs.topic.map(a, size(inputs.topic.map(b, a + b))))] }}",
            result=long + "+ nodes.x.output.value }}",
        ),
        node(
            "again",
            "loop",
            {
                "until": "size(inputs.topic.map(a, size(inputs.topic.map(b, a + b)))) == 200",
                "body": body(transform("y", "{{ index }}")),
            },
        ),
    ]
    definition = around(*nodes, each="{{ nodes.each.output }}", again="{{ nodes.again.output }}")
    await ship.finish(id_ := ship.submit(definition, topic=list(range(200))))
    outcome = ship.journal.outcomes[id_]
    assert outcome.outputs == {"each": [401], "again": {"value": 0}}, outcome.error
    assert ship.compute.jobs == ["node.render"] * 3 + ["iteration.close"] * 2


async def test_a_cancel_kills_what_is_computed(ship: Ship) -> None:
    engine = ship.engine()
    id_ = ship.submit(ATTACKS["three loops"][0], topic=list(range(200)))
    # Not by looking at it now and then: meanwhile it could reach its limit.
    ship.compute.begun = lambda: engine.cancel(id_)
    await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.CANCELLED
    assert ship.compute.jobs


async def test_a_nodes_time_out_holds_for_what_it_computes(ship: Ship) -> None:
    ship.engine()
    pairs = "{{ size(inputs.topic.map(a, size(inputs.topic.map(b, a + b)))) }}"
    slow = transform("x", pairs, timeout_seconds=0.000_001)
    await ship.finish(id_ := ship.submit(around(slow), topic=list(range(200))))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("timeout", "node_timeout")


async def test_iterations_are_counted_over_all_levels(ship: Ship) -> None:
    ship.engine(max_iterations=100)
    inner = {"items": "{{ inputs.topic }}", "body": body(transform("x", "1"))}
    outer = each(node("inner", "map", inner), items="{{ inputs.topic }}")
    await ship.finish(id_ := ship.submit(around(outer), topic=list(range(20))))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("limit", "too_many_iterations")
    # It is enough when there is room for all.
    await ship.finish(id_ := ship.submit(around(outer), topic=list(range(9))))
    assert ship.journal.outcomes[id_].error is None


async def test_passes_of_loops_are_counted_too(ship: Ship) -> None:
    ship.engine(max_iterations=50)
    inner = node("inner", "loop", {"until": "false", "max_iterations": 30, "body": body(transform("x", "1"))})
    outer = each(inner, items="{{ [1, 2] }}", on_item_error="continue", max_parallel=1)
    seen = await ship.finish(id_ := ship.submit(around(outer), topic="x"))
    failed = [e for e in seen if e.type == "node_failed" and e.node_id == "each[1].inner"]
    assert failed[0].data["error"]["code"] == "too_many_iterations"
    assert ship.journal.outcomes[id_].outputs == {"result": [{"value": "1"}, None]}


@pytest.mark.parametrize("bytes_each", [300_000, 70_000])
async def test_results_of_iterations_together_are_an_output(ship: Ship, bytes_each: int) -> None:
    ship.engine()
    large = each(transform("x", "{{ inputs.topic }}"), items="{{ lists.range(400) }}")
    seen = await ship.finish(id_ := ship.submit(around(large), topic="x" * bytes_each))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("limit", "output_too_large"), error
    # It is noticed when there is too much, and not only at the end.
    assert (
        len([e for e in seen if e.type == "node_started" and e.node_id in map("each[{}]".format, range(400))])
        < 100
    )


async def test_large_results_of_iterations_are_stored_by_themselves(ship: Ship) -> None:
    ship.engine()
    large = each(transform("x", "{{ inputs.topic }}"), items="{{ [1, 2] }}", result="{{ inputs.topic }}")
    seen = await ship.finish(
        id_ := ship.submit(around(large, result="{{ size(nodes.each.output) }}"), topic="x" * 70_000)
    )
    assert ship.journal.outcomes[id_].outputs == {"result": 2}
    ends = [e for e in seen if e.type == "node_completed" and e.node_id in ("each[0]", "each[1]", "each")]
    assert all(e.data["output"] is None and e.data["output_ref"] for e in ends) and len(ends) == 3


async def test_what_an_execution_gives_is_counted_in_all(ship: Ship) -> None:
    ship.engine(max_output_bytes=1_000_000)
    again = node(
        "again",
        "loop",
        {
            "until": "false",
            "max_iterations": 100,
            "result": "1",
            "body": body(transform("x", "{{ inputs.topic }}")),
        },
    )
    await ship.finish(id_ := ship.submit(around(again), topic="x" * 50_000))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("limit", "execution_too_large")


async def test_events_are_counted(ship: Ship) -> None:
    ship.engine(max_events=200)
    many = each(transform("x", "1"), items="{{ lists.range(300) }}")
    seen = await ship.finish(id_ := ship.submit(around(many), topic="x"))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("limit", "too_many_events")
    assert len(seen) < 700


async def test_outputs_of_an_execution_are_bounded_together(ship: Ship) -> None:
    ship.engine()
    values = {f"v{index}": "{{ inputs.topic }}" for index in range(3)}
    definition = flow(
        [input_node("topic"), output("a", **values), output("b", **{f"w{k}": v for k, v in values.items()})],
        [edge("in", "a"), edge("in", "b")],
    )
    await ship.finish(id_ := ship.submit(definition, topic="x" * 1_000_000))
    error = ship.journal.outcomes[id_].error
    assert error is not None and (error["kind"], error["code"]) == ("limit", "outputs_too_large")


async def test_another_worker_goes_on_without_evaluating_the_items_again(ship: Ship) -> None:
    first = ship.engine("first")
    ship.model.gates["each[1].ask"] = asyncio.Event()
    one = node("ask", "llm", {"prompt": "{{ item }}"})
    id_ = ship.submit(around(each(one, items="{{ [string(now()), 'b'] }}", max_parallel=1)), topic="x")
    await ship.until(lambda: "each[1].ask" in ship.model.asked)
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    ship.model.gates.clear()
    ship.engine("second")
    seen = await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED
    started = next(e for e in seen if e.type == "node_started" and e.node_id == "each")
    assert started.data["rounds"]["items"][1] == "b" and started.data["iterations"] == 2


async def test_large_items_are_stored_by_themselves_and_found_again(ship: Ship) -> None:
    first = ship.engine("first")
    ship.model.gates["each[1].ask"] = asyncio.Event()
    one = node("ask", "llm", {"prompt": "{{ item.substring(0, 3) }}"})
    id_ = ship.submit(
        around(each(one, items="{{ inputs.topic }}", max_parallel=1)), topic=["abcd" * 20_000] * 2
    )
    await ship.until(lambda: "each[1].ask" in ship.model.asked)
    await first.stop(grace_seconds=0)
    ship.engines.clear()
    ship.model.gates.clear()
    ship.engine("second")
    seen = await ship.finish(id_)
    assert ship.journal.outcomes[id_].status is ExecutionStatus.COMPLETED
    started = [e for e in seen if e.type == "node_started" and e.node_id == "each"][-1]
    assert "items" not in started.data["rounds"] and started.data["rounds_ref"]
    prompts = [
        e.data["input"]["prompt"] for e in seen if e.type == "node_started" and e.node_id == "each[1].ask"
    ]
    assert "abc" in prompts
