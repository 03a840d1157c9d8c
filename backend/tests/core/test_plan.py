"""Compiling: every kind of mistake becomes a problem that names its place, and nothing else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.flows import branching, chain, edge, flow, input_node, llm, node, output, transform
from watchbill.core.flow.definition import MAX_BYTES, MAX_NODES
from watchbill.core.plan import Problem, compile_flow
from watchbill.core.plan.compile import too_large
from watchbill.core.plan.fields import MAX_CHARACTERS, MAX_EXPRESSIONS
from watchbill.nodes.registry import NODE_TYPES


def problems(definition: object) -> list[Problem]:
    return list(compile_flow(definition, NODE_TYPES).problems)


def found(definition: object) -> set[tuple[str, str | None, str | None]]:
    return {
        (problem.code, problem.node_id or problem.edge_id, problem.field) for problem in problems(definition)
    }


def test_a_good_flow_has_no_problems_and_is_ordered() -> None:
    compilation = compile_flow(branching(), NODE_TYPES)
    assert compilation.problems == ()
    assert compilation.plan is not None
    assert list(compilation.plan.nodes)[:3] == ["in", "ask", "check"]


BAD: list[tuple[str, Any, tuple[str, str | None, str | None]]] = [
    (
        "a cycle",
        flow(
            [input_node("topic"), transform("a"), transform("b"), output()],
            [edge("in", "a"), edge("a", "b"), edge("b", "a")],
        ),
        ("cycle", "a", None),
    ),
    (
        "an edge to itself",
        flow([input_node(), transform("a", "x")], [edge("in", "a"), edge("a", "a")]),
        ("cycle", "a", None),
    ),
    (
        "an unreachable node",
        flow([input_node(), transform("a", "x"), output(x="1")], [edge("in", "out")]),
        ("unreachable", "a", None),
    ),
    ("no input", flow([output(x="1")], []), ("no_input", None, None)),
    ("no output", flow([input_node()], []), ("no_output", None, None)),
    ("two inputs", flow([input_node(), node("in2", "input", {})], []), ("too_many_of_type", "in2", None)),
    (
        "an unknown type",
        flow([input_node(), node("a", "magic", {})], [edge("in", "a")]),
        ("unknown_node_type", "a", "type"),
    ),
    (
        "missing configuration",
        flow([input_node(), node("a", "llm", {})], [edge("in", "a")]),
        ("config_missing", "a", "config.prompt"),
    ),
    (
        "missing configuration deep inside",
        flow(
            [
                input_node(),
                node("a", "agent", {"agent": {"role": "R", "goal": "G"}, "task": {"description": "D"}}),
            ],
            [edge("in", "a")],
        ),
        ("config_missing", "a", "config.task.expected_output"),
    ),
    (
        "an unknown option",
        flow([input_node(), node("a", "llm", {"prompt": "x", "colour": 1})], [edge("in", "a")]),
        ("config_invalid", "a", "config.colour"),
    ),
    (
        "an unknown node",
        flow([input_node(), llm("a", "{{ nodes.b.output }}")], [edge("in", "a")]),
        ("reference_unknown_node", "a", "config.prompt"),
    ),
    (
        "a node that is not upstream",
        flow(
            [input_node(), llm("a", "{{ nodes.b.output }}"), llm("b", "x")],
            [edge("in", "a"), edge("in", "b")],
        ),
        ("reference_not_upstream", "a", "config.prompt"),
    ),
    (
        "an unknown input",
        flow([input_node("topic"), llm("a", "{{ inputs.topick }}")], [edge("in", "a")]),
        ("reference_unknown_input", "a", "config.prompt"),
    ),
    (
        "CEL that does not parse",
        flow([input_node(), llm("a", "{{ 1 + }}")], [edge("in", "a")]),
        ("expression_syntax", "a", "config.prompt"),
    ),
    (
        "a condition that does not parse",
        flow(
            [
                input_node(),
                node("c", "condition", {"cases": [{"handle": "yes", "when": "1 +"}], "else": "no"}),
            ],
            [edge("in", "c")],
        ),
        ("expression_syntax", "c", "config.cases.0.when"),
    ),
    (
        "an unclosed template",
        flow([input_node(), llm("a", "{{ inputs")], [edge("in", "a")]),
        ("template_unclosed", "a", "config.prompt"),
    ),
    (
        "an edge to nowhere",
        flow([input_node()], [edge("in", "ghost")]),
        ("edge_unknown_target", "in-ghost-", "target"),
    ),
    (
        "an unknown branch",
        flow([input_node(), output(x="1")], [edge("in", "out", "maybe")]),
        ("edge_unknown_handle", "in-out-maybe", "source_handle"),
    ),
    (
        "something after an output",
        flow([input_node(), output(x="1"), llm("a", "x")], [edge("in", "out"), edge("out", "a")]),
        ("edge_unknown_handle", "out-a-", "source_handle"),
    ),
    (
        "something before the input",
        flow([input_node("topic"), transform("a", "x")], [edge("a", "in"), edge("in", "a")]),
        ("cycle", "in", None),
    ),
    (
        "two nodes with one id",
        flow([input_node(), llm("a", "x"), llm("a", "y")], [edge("in", "a")]),
        ("duplicate_node_id", "a", None),
    ),
    (
        "two equal edges",
        flow([input_node(), output(x="1")], [edge("in", "out"), {**edge("in", "out"), "id": "again"}]),
        ("duplicate_edge", "again", None),
    ),
    ("a bad id", flow([node("Node 1", "input", {})], []), ("schema_invalid", "Node 1", "id")),
    (
        "a bad retry",
        flow([input_node(), llm("a", "x", retry={"max_attempts": 0})], []),
        ("schema_invalid", "a", "retry.max_attempts"),
    ),
    ("an unknown schema", {"schema": "watchbill.flow/v9", "nodes": []}, ("schema_invalid", None, "schema")),
]


@pytest.mark.parametrize(
    ("definition", "expected"), [(d, e) for _, d, e in BAD], ids=[name for name, _, _ in BAD]
)
def test_a_mistake_is_named_with_its_place(
    definition: Any, expected: tuple[str, str | None, str | None]
) -> None:
    compilation = compile_flow(definition, NODE_TYPES)
    assert expected in found(definition)
    assert (compilation.plan is None) == any(p.severity == "error" for p in compilation.problems)
    assert all(
        problem.message.endswith((".", "`", "!")) or "..." in problem.message
        for problem in problems(definition)
    )


@pytest.mark.parametrize(
    "config",
    [{"items": ""}, {"items": "{{ [1] }}", "body": {"nodes": [node("h", "http_request", {"url": ""})]}}],
)
def test_what_is_empty_is_said_to_be_empty(config: dict[str, Any]) -> None:
    definition = flow([input_node(), node("each", "map", config)], [edge("in", "each")])
    assert "This field is empty." in [problem.message for problem in problems(definition)]


def test_the_error_branch_is_a_handle_when_the_node_has_one() -> None:
    nodes = [input_node(), llm("a", "x", on_error="branch"), output("ok", x="1"), output("bad", x="2")]
    assert problems(flow(nodes, [edge("in", "a"), edge("a", "ok"), edge("a", "bad", "error")])) == []


def picks(id_: str, *handles: str) -> dict[str, Any]:
    cases = [{"handle": handle, "when": f"string(now()) == '{handle}'"} for handle in handles]
    return node(id_, "condition", {"cases": cases})


def doubled(definition: Any) -> list[tuple[str | None, str | None]]:
    return [(p.node_id, p.field) for p in problems(definition) if p.code == "duplicate_output"]


def test_a_run_gives_no_output_twice() -> None:
    one, two = output("one", x="1", y="2"), output("two", x="3")
    both = flow([input_node(), one, two], [edge("in", "one"), edge("in", "two")])
    assert doubled(both) == [("two", "config.values.x")]
    nodes = [input_node(), picks("pick", "a", "b"), one, two]
    apart = [edge("in", "pick"), edge("pick", "one", "a"), edge("pick", "two", "b")]
    assert problems(flow(nodes, apart)) == []
    assert doubled(flow(nodes, [*apart, edge("pick", "two", "a")])) == [("two", "config.values.x")]
    assert doubled(flow(nodes, [*apart, edge("pick", "one", "otherwise")])) == []


def test_ways_that_join_again_do_not_decide() -> None:
    nodes = [input_node(), picks("pick", "a"), transform("l", "1"), transform("r", "1"), transform("j", "1")]
    nodes += [picks("late", "a"), output("one", x="1"), output("two", x="2")]
    joined = [edge("in", "pick"), edge("pick", "l", "a"), edge("pick", "r", "otherwise")]
    joined += [edge("l", "j"), edge("r", "j")]
    assert doubled(flow(nodes[:5] + nodes[6:], [*joined, edge("j", "one"), edge("l", "two")])) == [
        ("two", "config.values.x")
    ]
    late = [*joined, edge("j", "late"), edge("late", "one", "a"), edge("late", "two", "otherwise")]
    assert doubled(flow(nodes, late)) == []
    crossed = [*joined, edge("j", "late"), edge("late", "one", "a"), edge("l", "two")]
    assert doubled(flow(nodes, crossed)) == [("two", "config.values.x")]


def test_the_error_branch_decides_too() -> None:
    nodes = [input_node(), llm("a", "x", on_error="branch"), output("ok", x="1"), output("bad", x="2")]
    assert doubled(flow(nodes, [edge("in", "a"), edge("a", "ok"), edge("a", "bad", "error")])) == []


def test_ways_too_many_to_be_told_are_refused_in_time() -> None:
    """Conditions side by side, whose ways all lead to both outputs."""
    pickers = [picks(f"p{n}", *(f"h{m}" for m in range(40))) for n in range(40)]
    edges = [edge("in" if n == 0 else f"p{n - 1}", f"p{n}", None if n == 0 else f"h{n}") for n in range(40)]
    edges += [edge(f"p{n}", "one", f"h{m}") for n in range(40) for m in range(20)]
    edges += [edge(f"p{n}", "two", f"h{m}") for n in range(39) for m in range(20, 40) if m != n + 1]
    definition = flow([input_node(), *pickers, output("one", x="1"), output("two", x="2")], edges)
    assert doubled(definition) == [("two", "config.values.x")]


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a\x00", "x" * 201])
def test_names_of_outputs_that_are_none(name: str) -> None:
    definition = flow([input_node(), output("out", **{name: "1"})], [edge("in", "out")])
    assert any(p.code == "config_invalid" and p.node_id == "out" for p in problems(definition))


def test_names_of_outputs_that_are_no_identifiers() -> None:
    names = {"a name": "1", "größe": "2", "1": "3", "__proto__": "4", "if": "5"}
    assert problems(flow([input_node(), output("out", **names)], [edge("in", "out")])) == []


def test_the_largest_flow_compiles_and_one_more_node_does_not() -> None:
    assert compile_flow(chain(MAX_NODES - 2), NODE_TYPES).valid
    assert [problem.code for problem in problems(chain(MAX_NODES - 1))] == ["too_many_nodes"]


def full_of(**fields: str) -> dict[str, Any]:
    """A transform whose fields are these templates."""
    return node("full", "transform", {"values": fields})


def many(count: int) -> dict[str, Any]:
    most = {f"v{n}": "{{ 1 }}" * 500 for n in range(count // 500)}
    return full_of(**most, rest="{{ 1 }}" * (count % 500))


def long(characters: int) -> dict[str, Any]:
    most = {f"v{n}": f"{{{{'{'a' * 9_998}'}}}}" for n in range(characters // 10_000)}
    rest = characters % 10_000
    return full_of(**most, **({"rest": f"{{{{ {'1' * rest} }}}}"} if rest else {}))


ONE_MORE = {
    "template": transform("more", "{{ 1 }}"),
    "expression": node("more", "condition", {"cases": [{"handle": "yes", "when": "1"}], "else": "no"}),
    "broken": transform("more", "{{ ) }}"),
    "body": node(
        "each",
        "map",
        {"items": [1], "body": {"nodes": [transform("more", "{{ 1 }}")], "edges": []}, "result": "none"},
    ),
    "result": node(
        "more",
        "map",
        {"items": [1], "body": {"nodes": [transform("in_it", "none")], "edges": []}, "result": "{{ 1 }}"},
    ),
    "subflow": node(
        "under",
        "subflow",
        {
            "flow_id": "1b4e28ba-2fa1-4d0c-9a6e-0123456789ab",
            "inputs": {},
            "flow": flow(
                [input_node(), transform("more", "{{ 1 }}"), output(topic="none")],
                [edge("in", "more"), edge("more", "out")],
            ),
        },
    ),
}


@pytest.mark.parametrize("more", ONE_MORE.values(), ids=ONE_MORE)
@pytest.mark.parametrize("full", [many(MAX_EXPRESSIONS), long(MAX_CHARACTERS)], ids=["many", "long"])
def test_a_flow_has_a_total_of_expressions(full: dict[str, Any], more: dict[str, Any]) -> None:
    edges = [edge("in", "full"), edge("full", "out")]
    assert problems(flow([input_node(), full, output(topic="none")], edges)) == []
    edges = [
        edge("in", "full"),
        edge("full", more["id"]),
        edge(more["id"], "out", "yes" if more["type"] == "condition" else None),
    ]
    found = problems(flow([input_node(), full, more, output(topic="none")], edges))
    [problem] = [each for each in found if each.code == "flow_limit"]
    assert problem.node_id is not None and problem.node_id.endswith("more")
    assert problem.field and problem.field.startswith("config.")
    most = "20,000 expressions" if "1 }}{{" in str(full) else "500,000 characters"
    assert most in problem.message and "split the flow up" in problem.message


def test_what_goes_far_beyond_the_total_is_told_once_and_not_read() -> None:
    others = [transform(f"t{n}", "{{ ) }}") for n in range(50)]
    edges = [edge("in", "full"), *(edge("full", other["id"]) for other in others), edge("t0", "out")]
    nodes = [input_node(), many(2 * MAX_EXPRESSIONS), *others, output(topic="none")]
    [problem] = problems(flow(nodes, edges))
    assert (problem.node_id, problem.code) == ("full", "flow_limit")
    # Neither are they in a flow that cannot be put in order.
    [cycle, problem] = problems(flow(nodes, [*edges, edge("t0", "full")]))
    assert (cycle.code, problem.code) == ("cycle", "flow_limit")


@pytest.mark.parametrize(
    "values", [{"k" * 100_000: ["{{ ) }}"] * 400}, {"a": {"k" * 100_000: ["{{ ) }}"] * 400}}]
)
def test_a_long_name_makes_no_long_problems(values: dict[str, Any]) -> None:
    nodes = [input_node("topic"), node("t", "transform", {"values": values}), output(topic="none")]
    found = problems(flow(nodes, [edge("in", "t"), edge("t", "out")]))
    assert len(found) >= 400
    assert max(len(each.model_dump_json()) for each in found) < 2_000
    assert {(each.field or "").startswith("config.values.") for each in found} == {True}


def test_two_megabytes_are_the_limit() -> None:
    assert too_large(MAX_BYTES) is None
    problem = too_large(MAX_BYTES + 1)
    assert problem is not None and problem.code == "definition_too_large"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_judged_and_never_raises(definition: object) -> None:
    compilation = compile_flow(definition, NODE_TYPES)
    assert compilation.plan is None
    assert compilation.problems


@given(st.data())
def test_a_damaged_flow_is_judged_and_never_raises(data: st.DataObject) -> None:
    definition = json.loads(json.dumps(branching()))
    victim = data.draw(st.sampled_from([*definition["nodes"], *definition["edges"], definition]))
    key = data.draw(st.sampled_from(sorted(victim)))
    victim[key] = data.draw(json_values)
    compilation = compile_flow(definition, NODE_TYPES)
    assert (compilation.plan is None) == any(p.severity == "error" for p in compilation.problems)
