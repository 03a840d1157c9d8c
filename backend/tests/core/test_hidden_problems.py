"""One fault in a flow hides no other, and many of them cost no more than one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.flows import edge, flow, input_node, llm, node, output, transform
from tests.core.foreseen import (
    FIELDS,
    condition,
    of,
    problems,
    said,
)

# One fault that once hid all others.
HIDING: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]] = {
    "an unknown type": ([node("odd", "magic", {})], [edge("in", "odd"), edge("odd", "a")], {}),
    "a malformed node": (
        [llm("odd", "x", retry={"max_attempts": 99})],
        [edge("in", "odd"), edge("odd", "a")],
        {},
    ),
    "a node of no id": ([llm("O D D", "x")], [edge("in", "O D D"), edge("O D D", "a")], {}),
    "a node that is none": ([7], [edge("in", "a")], {}),  # type: ignore[list-item]
    "an edge that is none": ([], [{"id": "e"}, edge("in", "a")], {}),
    "an edge to nowhere": ([], [edge("in", "a"), edge("a", "ghost")], {}),
    "two nodes of one id": ([llm("odd", "x"), llm("odd", "x")], [edge("in", "odd"), edge("odd", "a")], {}),
    "a circle": ([transform("odd", "1")], [edge("in", "a"), edge("in", "odd"), edge("odd", "odd")], {}),
    "a longer circle": (
        [transform("odd", "1"), transform("odder", "1")],
        [edge("in", "a"), edge("in", "odd"), edge("odd", "odder"), edge("odder", "odd")],
        {},
    ),
    "an unknown key": ([], [edge("in", "a")], {"colour": "red"}),
    "a wrong limit": ([], [edge("in", "a")], {"timeout_seconds": -1}),
    "two inputs": ([node("in2", "input", {})], [edge("in", "a")], {}),
}


# Bodies have no inputs, keys and limits of their own.
OF_FLOWS = {"two inputs", "an unknown key", "a wrong limit"}


@pytest.mark.parametrize(
    ("name", "inside"),
    [(name, at) for name in HIDING for at in (False, True) if not (at and name in OF_FLOWS)],
)
def test_one_fault_hides_no_other(name: str, *, inside: bool) -> None:
    nodes, edges, rest = HIDING[name]
    start = node("in", "input", {"fields": FIELDS})
    wrong = [
        transform("a", "{{ inputs.ghost }}"),
        transform("b", "{{ nodes.nobody.output }}"),
        transform("c", "{{ inputs.n + 'x' }}"),
        node("d", "llm", {}),
    ]
    after = [edge("a", "b"), edge("b", "c"), edge("c", "d")]
    definition = flow([start, *nodes, *wrong], [*edges, *after], **rest)
    if inside:
        body = {"nodes": [*nodes, *wrong], "edges": [e for e in edges if e.get("source") != "in"] + after}
        definition = of(node("each", "map", {"items": "{{ inputs.l }}", "body": body}))
    prefix = "each." if inside else ""
    found = {(p.code, p.node_id) for p in problems(definition)}
    expected = {
        ("reference_unknown_input", f"{prefix}a"),
        ("reference_unknown_node", f"{prefix}b"),
        ("always_fails", f"{prefix}c"),
        ("config_missing", f"{prefix}d"),
    }
    assert expected <= found
    # The fault itself, and nothing that only follows from it.
    assert len(found - expected) == 1
    assert "unreachable" not in {code for code, _ in found}


def test_what_follows_a_node_of_an_unknown_type_is_not_called_wrong() -> None:
    odd = node("odd", "magic", {"a": 1})
    after = transform("a", "{{ nodes.odd.output.whatever + nodes.odd.output.x }}")
    assert said(of(odd, after)) == [("unknown_node_type", "odd", "type", "error")]


@pytest.mark.parametrize(
    ("cases", "idle"),
    [
        (["inputs.b", "false"], {"c1"}),
        (["true", "inputs.b"], {"c1", "no"}),
        (["inputs.b", "inputs.b"], {"c1"}),
        (["inputs.b"], set()),
    ],
)
def test_what_only_idle_branches_lead_to_never_runs(cases: list[str], idle: set[str]) -> None:
    handles = [*(f"c{index}" for index in range(len(cases))), "no"]
    nodes = [node("in", "input", {"fields": FIELDS}), condition(*cases, **{"else": "no"})]
    nodes += [transform(f"to_{handle}", "1") for handle in handles]
    nodes += [transform("after", "1"), output(x="1")]
    edges = [edge("in", "pick"), edge("after", "out")]
    for handle in handles:
        edges += [edge("pick", f"to_{handle}", handle), edge(f"to_{handle}", "after")]
    found = {p.node_id for p in problems(flow(nodes, edges)) if p.code == "never_runs"}
    assert found == {f"to_{handle}" for handle in idle}


def test_two_outputs_of_one_name_are_told_beside_other_problems() -> None:
    nodes = [input_node("topic"), output("one", x="1"), output("two", x="2"), node("bad", "llm", {})]
    definition = flow(nodes, [edge("in", "one"), edge("in", "two"), edge("in", "bad")])
    assert ("duplicate_output", "two", "config.values.x", "error") in said(definition)


def test_a_thousand_nodes_are_judged_in_a_number_of_steps_that_grows_with_them() -> None:
    """Values that are made of each other twice do not double the work."""
    nodes = [transform("s0", "{{ inputs.t }}")]
    for index in range(1, 1_000):
        before = f"nodes.s{index - 1}.output"
        values = {"l": f"{{{{ {before} }}}}", "r": f"{{{{ inputs.b ? {before} : {{'x': {before}}} }}}}"}
        nodes.append(node(f"s{index}", "transform", {"values": values}))
    definition = of(*nodes)
    assert said(definition) == []


def test_of_thousands_of_wrong_fields_only_the_first_are_guessed_at() -> None:
    """A guess looks at every name that there is."""
    schema = {"type": "object", "properties": {f"a_rather_long_name_{n}": {} for n in range(100)}}
    wrong = {f"v{n}": "{{ nodes.ask.output.a_rather_long_nam }}" * 400 for n in range(10)}
    ask = node("ask", "llm", {"prompt": "x", "output_schema": schema})
    found = problems(of(ask, node("a", "transform", {"values": wrong})))
    guesses = sum("did you mean" in problem.message for problem in found)
    assert len(found) == 4_000 and 0 < guesses <= 250
