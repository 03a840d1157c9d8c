"""What is sure to fail is said before a flow runs, with its place and what to do; what may succeed is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.flows import llm, node, transform
from tests.core.foreseen import (
    CLOSED,
    SCHEMA,
    approval,
    asked,
    condition,
    each,
    http,
    loop,
    of,
    problems,
    said,
    subflow,
    wait,
)
from watchbill.core.plan import compile_flow, stored_plan
from watchbill.nodes.registry import NODE_TYPES

# What no values make right, as the value of a Transform.
EXPRESSIONS: dict[str, str] = {
    "number + text": "{{ inputs.n + inputs.t }}",
    "null or text + number": "{{ inputs.maybe + 1 }}",
    "a default decides": "{{ inputs.filled + 'x' }}",
    "a list has no sign": "{{ -inputs.l }}",
    "a text has no order with a number": "{{ inputs.t < 3 }}",
    "in a text": "{{ 'a' in inputs.t }}",
    "a field of a text": "{{ inputs.t.name }}",
    "an element of a number": "{{ inputs.n[0] }}",
    "a list by a name": "{{ inputs.l['a'] }}",
    "an argument": "{{ inputs.n.lower() }}",
    "a conversion": "{{ string(inputs.l) }}",
    "a size of a number": "{{ size(inputs.x) }}",
    "a choice by a text": "{{ inputs.t ? 1 : 2 }}",
    "both ways": "{{ inputs.b ? 1 + 'a' : -'b' }}",
    "not a number": "{{ !inputs.n }}",
    "a macro over a number": "{{ inputs.n.map(i, i) }}",
    "what a function gives": "{{ inputs.t.split(',') + 1 }}",
    "nothing is read": "{{ 1 / 0 }}",
    "a text that is no number": "{{ int('x') }}",
    "an input that was renamed": "{{ nodes.in.output.old }}",
}

# What always fails: the nodes, and the problem's code, node and field.
SURE: dict[str, tuple[tuple[dict[str, Any], ...], tuple[str, str, str]]] = {
    "text in a text": ((llm("a", "So: {{ inputs.x - inputs.t }}"),), ("always_fails", "a", "config.prompt")),
    "a field that a node does not give": (
        (transform("a", "{{ inputs.t }}"), transform("b", "{{ nodes.a.output.valu }}")),
        ("always_fails", "b", "config.values.value"),
    ),
    "a time that has become a text": (
        (transform("a", "{{ {'at': now()} }}"), transform("b", "{{ nodes.a.output.value.at - now() }}")),
        ("always_fails", "b", "config.values.value"),
    ),
    "a part of a node that it has not": (
        (transform("a", "1"), transform("b", "{{ nodes.a.result }}")),
        ("always_fails", "b", "config.values.value"),
    ),
    "a kind through a node": (
        (transform("a", "{{ inputs.n }}"), transform("b", "{{ nodes.a.output.value + 'x' }}")),
        ("always_fails", "b", "config.values.value"),
    ),
    "a field of a model's text": (
        (llm("ask", "x"), transform("a", "{{ nodes.ask.output.x }}")),
        ("always_fails", "a", "config.values.value"),
    ),
    "a field the schema does not allow": (
        asked(CLOSED, "{{ nodes.ask.output.titel }}"),
        ("always_fails", "a", "config.values.value"),
    ),
    "a kind of the schema": (
        asked(SCHEMA, "{{ nodes.ask.output.title + 1 }}"),
        ("always_fails", "a", "config.values.value"),
    ),
    "a part of an answer": (
        (http(), transform("a", "{{ nodes.call.output.text }}")),
        ("always_fails", "a", "config.values.value"),
    ),
    "a value of a form": (
        (approval(fields=[{"name": "sum"}]), transform("a", "{{ nodes.ok.output.values.summ }}")),
        ("always_fails", "a", "config.values.value"),
    ),
    "what a sub-flow does not give": (
        (subflow([]), transform("a", "{{ nodes.sub.output.answr }}")),
        ("always_fails", "a", "config.values.value"),
    ),
    "a condition that is a text": ((condition("inputs.t"),), ("not_boolean", "pick", "config.cases.0.when")),
    "a condition that fails": ((condition("inputs.t > 3"),), ("always_fails", "pick", "config.cases.0.when")),
    "two branches of one name": (
        (condition("inputs.b", **{"else": "c0"}),),
        ("duplicate_branch", "pick", "config.else"),
    ),
    "items that are a text": ((each("inputs.l"),), ("items_not_a_list", "each", "config.items")),
    "items among words": ((each("all of {{ inputs.l }}"),), ("items_not_a_list", "each", "config.items")),
    "items of another kind": ((each("{{ inputs.o }}"),), ("items_not_a_list", "each", "config.items")),
    "an item of another kind": (
        (each("{{ inputs.t.split(',') }}", "{{ item + 1 }}"),),
        ("always_fails", "each.in_it", "config.values.value"),
    ),
    "the index": (
        (each("{{ inputs.l }}", "{{ index + 'a' }}"),),
        ("always_fails", "each.in_it", "config.values.value"),
    ),
    "the result of an item": (
        (each("{{ inputs.l }}", result="{{ inputs.n + 'a' }}"),),
        ("always_fails", "each", "config.result"),
    ),
    "the end of a loop": ((loop("index"),), ("not_boolean", "again", "config.until")),
    "a wait for words": ((wait(seconds="soon"),), ("wait_invalid", "rest", "config.seconds")),
    "a wait that reads nothing": (
        (wait(seconds="{{ 'soon' }}"),),
        ("wait_invalid", "rest", "config.seconds"),
    ),
    "a URL that reads nothing": ((http(url="{{ 'a/b' }}"),), ("url_invalid", "call", "config.url")),
    "an empty prompt": ((llm("a", "{{ '' }}"),), ("always_fails", "a", "config.prompt")),
    "an agent of nobody": (
        (node("a", "agent", {"task": {"description": "d", "expected_output": "e"}}),),
        ("config_missing", "a", "config.agent_id"),
    ),
    "a crew of nobody": ((node("a", "crew", {}),), ("config_missing", "a", "config.crew_id")),
    "a wait for no number": ((wait(seconds="NaN"),), ("wait_invalid", "rest", "config.seconds")),
    "a wait for a list": ((wait(seconds="{{ inputs.l }}"),), ("wait_invalid", "rest", "config.seconds")),
    "a wait for years": ((wait(seconds="1e9"),), ("config_invalid", "rest", "config.seconds")),
    "a wait until words": ((wait(until="tomorrow"),), ("wait_invalid", "rest", "config.until")),
    "a wait until a number": ((wait(until="{{ inputs.n }}"),), ("wait_invalid", "rest", "config.until")),
    "a wait until another age": (
        (wait(until="9000-01-01T00:00:00Z"),),
        ("wait_too_long", "rest", "config.until"),
    ),
    "no URL": ((http(url="example.com/x"),), ("url_invalid", "call", "config.url")),
    "a URL of another kind": ((http(url="ftp://example.com/"),), ("url_invalid", "call", "config.url")),
    "a URL without a host": ((http(url="https:///x"),), ("url_invalid", "call", "config.url")),
    "a URL with a password": (
        (http(url="https://me:secret@example.com/"),),
        ("url_invalid", "call", "config.url"),
    ),
    "no URL before an expression": (
        (http(url="example.com/{{ inputs.t }}"),),
        ("url_invalid", "call", "config.url"),
    ),
    "a URL that is a number": ((http(url="{{ inputs.n }}"),), ("always_fails", "call", "config.url")),
    "a header of no name": ((http(headers={"X Y": "1"}),), ("header_invalid", "call", "config.headers.X Y")),
    "a header of ours": ((http(headers={"Host": "x"}),), ("header_invalid", "call", "config.headers.Host")),
    "a header of two lines": ((http(headers={"a": "1\n2"}),), ("header_invalid", "call", "config.headers.a")),
    "a form of a text": (
        (http(method="POST", body_type="form", content="a=1"),),
        ("body_invalid", "call", "config.content"),
    ),
    "a form of a list": (
        (http(method="POST", body_type="form", content="{{ inputs.l }}"),),
        ("body_invalid", "call", "config.content"),
    ),
    "a model that is a number": (
        (node("a", "llm", {"prompt": "x", "model": "{{ inputs.n }}"}),),
        ("always_fails", "a", "config.model"),
    ),
    "mails to a number": (
        (approval(notify=["{{ inputs.n }}"]),),
        ("people_invalid", "ok", "config.notify.0"),
    ),
    "two fields of a form": (
        (approval(fields=[{"name": "a"}, {"name": "a"}]),),
        ("duplicate_field", "ok", "config.fields.1.name"),
    ),
    "an input that is missing": ((subflow([{"name": "t"}]),), ("input_missing", "sub", "config.inputs.t")),
    "an input that is null": (
        (subflow([{"name": "t"}], t=None),),
        ("input_missing", "sub", "config.inputs.t"),
    ),
    "an input of no name": ((subflow([], t="x"),), ("unknown_input", "sub", "config.inputs.t")),
    "an input of another type": (
        (subflow([{"name": "n", "type": "integer"}], n="x"),),
        ("input_unfit", "sub", "config.inputs.n"),
    ),
    "an empty number": (
        (subflow([{"name": "n", "type": "integer"}], n=""),),
        ("input_unfit", "sub", "config.inputs.n"),
    ),
    "an input that is no choice": (
        (subflow([{"name": "t", "options": ["a"]}], t="b"),),
        ("input_unfit", "sub", "config.inputs.t"),
    ),
    "an input of another kind": (
        (subflow([{"name": "n", "type": "integer"}], n="{{ inputs.t }}"),),
        ("input_unfit", "sub", "config.inputs.n"),
    ),
    "an input among words": (
        (subflow([{"name": "n", "type": "integer"}], n="{{ inputs.n }} "),),
        ("input_unfit", "sub", "config.inputs.n"),
    ),
}
SURE |= {
    name: ((transform("a", text),), ("always_fails", "a", "config.values.value"))
    for name, text in EXPRESSIONS.items()
}


def with_schema(schema: Any) -> tuple[dict[str, Any], ...]:
    return (node("ask", "llm", {"prompt": "x", "output_schema": schema}),)


CLOSED_OUT = {"type": "object", "properties": {}, "required": ["a"], "additionalProperties": False}
SURE |= {
    "a schema that nothing satisfies": (
        with_schema(CLOSED_OUT),
        ("schema_impossible", "ask", "config.output_schema"),
    ),
    "a range that is empty": (
        with_schema({"properties": {"a": {"minimum": 3, "maximum": 2}}}),
        ("schema_impossible", "ask", "config.output_schema"),
    ),
}


@pytest.mark.parametrize("name", SURE)
def test_what_is_sure_to_fail_is_an_error_with_its_place(name: str) -> None:
    nodes, (code, node_id, field) = SURE[name]
    assert said(of(*nodes)) == [(code, node_id, field, "error")]
    # What was accepted once goes on, whatever is known of it today.
    assert stored_plan(of(*nodes), NODE_TYPES).obstacle is None


# What can be right, or is, and only looks a little like the above.
FINE: dict[str, tuple[dict[str, Any], ...]] = {
    "numbers mix": (transform("a", "{{ inputs.n + inputs.x * 2 }}"),),
    "a text in a text": (transform("a", "{{ inputs.n }}{{ inputs.t }}"),),
    "comparing kinds": (transform("a", "{{ inputs.n == inputs.t || inputs.maybe == null }}"),),
    "an object is open": (transform("a", "{{ inputs.o.a.b + 1 }}"),),
    "a list is open": (transform("a", "{{ inputs.l[0] + 'a' }}"),),
    "null or text": (transform("a", "{{ inputs.maybe + 'a' }}"),),
    "one of two ways": (transform("a", "{{ inputs.b ? 1 : 1 + 'a' }}"),),
    "another term decides": (condition("inputs.b || inputs.t > 1"),),
    "an element is not looked at": (transform("a", "{{ inputs.l.map(i, i + 1) }}"),),
    "an empty list": (transform("a", "{{ [].map(i, i + 1) }}"),),
    "a variable of the same name": (transform("a", "{{ inputs.l.filter(n, n > 3) }}"),),
    "a part of a map": (transform("a", "{{ {'a': inputs.t}.a + 'x' }}"),),
    "a name that is computed": (transform("a", "{{ {'a': 1}[inputs.t] + 1 }}"),),
    "a part that the schema has": asked(CLOSED, "{{ nodes.ask.output.title + 'x' }}"),
    "an element of the schema": asked(SCHEMA, "{{ nodes.ask.output.tags[0] + 1 }}"),
    "a schema of more": asked({"type": "object"}, "{{ nodes.ask.output.anything }}"),
    "a whole number may be decimal": asked({"type": "integer"}, "{{ nodes.ask.output + 1.5 }}"),
    "times": (transform("a", "{{ now() + duration('1h') }}"),),
    "nothing below zero": (transform("a", "{{ -uint(inputs.n) }}"),),
    "what a node may say": (
        transform("a", "1"),
        transform("b", "{{ nodes.a.status }}{{ nodes.a.error.code }}"),
    ),
    "items of a function": (each("{{ inputs.t.split(',') }}", "{{ item.lower() }}"),),
    "items by name": (each("{{ inputs.o.rows }}"),),
    "items that are written down": (each([1, 2], "{{ item + 1 }}"),),
    "a wait as text": (wait(seconds="5"),),
    "a wait for a number": (wait(seconds="{{ inputs.x }}"),),
    "a wait for a text": (wait(seconds="{{ inputs.t }}"),),
    "a wait until": (wait(until="{{ now() + duration('1h') }}"),),
    "a URL of an expression": (http(url="{{ inputs.t }}/x"),),
    "a URL with a port": (http(url="HTTPS://{{ inputs.t }}:8080/"),),
    "a URL in parts": (http(url="http{{ inputs.b ? 's' : '' }}://example.com"),),
    "a URL with blanks": (http(url=" https://example.com/a b?c=ä#d "),),
    "a header of an expression": (http(headers={"X-Y": "{{ inputs.n }}"}),),
    "a form of an object": (http(method="POST", body_type="form", content="{{ inputs.o }}"),),
    "a form of what may be empty": (http(method="POST", body_type="form", content="{{ inputs.maybe }}"),),
    "mails to a list": (approval(notify=["{{ inputs.l }}", "a@example.com", "{{ inputs.t }}"]),),
    "an input that may be left out": (
        subflow([{"name": "t", "required": False}, {"name": "d", "default": "x"}]),
    ),
    "null for a default": (subflow([{"name": "d", "default": "x"}], d="{{ inputs.maybe }}"),),
    "an input that may be null": (subflow([{"name": "t"}], t="{{ inputs.maybe }}"),),
    "what a sub-flow gives": (subflow([]), transform("a", "{{ nodes.sub.output.answer }}")),
    "a loop": (loop("index > 2 || nodes.in_it.output.value == '1'"),),
    "a loop until a time": (loop("now() > timestamp('2030-01-01T00:00:00Z')"),),
}


FINE |= {
    "a schema that lets all pass": with_schema({}),
    "a schema that only describes": with_schema({"description": "anything", "x-note": 1}),
    "a schema within": with_schema({"type": "array", "items": {"type": "string", "hint": "x"}}),
}


@pytest.mark.parametrize("name", FINE)
def test_what_may_succeed_is_not_refused(name: str) -> None:
    assert said(of(*FINE[name])) == []


# What runs, and is hardly meant.
DOUBTFUL: dict[str, tuple[tuple[dict[str, Any], ...], tuple[str, str, str]]] = {
    "a field the schema does not name": (
        asked(SCHEMA, "{{ nodes.ask.output.titel }}"),
        ("doubtful_field", "a", "config.values.value"),
    ),
    "a branch behind all": (
        (condition("true", "inputs.b"),),
        ("branch_never_taken", "pick", "config.cases.1.when"),
    ),
    "a branch twice": (
        (condition("inputs.b", " inputs.b "),),
        ("branch_never_taken", "pick", "config.cases.1.when"),
    ),
    "a branch that is never taken": (
        (condition("1 > 2", "inputs.b"),),
        ("branch_never_taken", "pick", "config.cases.0.when"),
    ),
    "a schema that is none": (
        with_schema({"name": "string", "year": "number"}),
        ("schema_says_nothing", "ask", "config.output_schema"),
    ),
    "a part of a schema that is none": (
        with_schema({"type": "object", "properties": {"at": {"street": {"type": "string"}}}}),
        ("schema_says_nothing", "ask", "config.output_schema"),
    ),
    "a loop without an end": ((loop("false"),), ("constant_condition", "again", "config.until")),
    "a loop that ends at once": ((loop("1 == 1"),), ("constant_condition", "again", "config.until")),
    "a loop that reads what is around": (
        (loop("inputs.b"),),
        ("constant_condition", "again", "config.until"),
    ),
    "a wait of less than nothing": ((wait(seconds="-5"),), ("in_the_past", "rest", "config.seconds")),
    "a time that has passed": (
        (wait(until="2020-01-01T00:00:00Z"),),
        ("in_the_past", "rest", "config.until"),
    ),
    "a body of a GET": (
        (http(body_type="json", values={"a": 1}),),
        ("body_unexpected", "call", "config.body_type"),
    ),
    "an empty text": ((subflow([{"name": "t"}], t=""),), ("input_empty", "sub", "config.inputs.t")),
    "a failure that the Map around it tolerates": (
        (each("{{ inputs.l }}", "{{ index + 'a' }}", on_item_error="continue"),),
        ("always_fails", "each.in_it", "config.values.value"),
    ),
    "a failure that the Loop around it handles": (
        ({**loop("index > 1", result="{{ 1 + 'a' }}"), "on_error": "continue"},),
        ("always_fails", "again", "config.result"),
    ),
    "a failure in a sub-flow that is handled": (
        ({**subflow([], out="{{ 1 + 'a' }}"), "on_error": "continue"},),
        ("always_fails", "sub.gives", "config.values.answer"),
    ),
    "a failure that is handled": (
        (transform("a", "{{ 1 + 'a' }}", on_error="continue"),),
        ("always_fails", "a", "config.values.value"),
    ),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_hardly_meant_is_a_warning(name: str) -> None:
    nodes, (code, node_id, field) = DOUBTFUL[name]
    assert said(of(*nodes)) == [(code, node_id, field, "warning")]
    assert compile_flow(of(*nodes), NODE_TYPES).valid


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ([{"name": "a", "type": "integer", "default": "x"}], "default_unfit", "config.fields.0.default"),
        ([{"name": "a", "type": "boolean", "default": 0}], "default_unfit", "config.fields.0.default"),
        ([{"name": "a", "type": "list", "default": {}}], "default_unfit", "config.fields.0.default"),
        ([{"name": "a", "options": ["x"], "default": "y"}], "default_unfit", "config.fields.0.default"),
        ([{"name": "a", "type": "integer", "options": ["1"]}], "options_unfit", "config.fields.0.options"),
        ([{"name": "a"}, {"name": "a"}], "duplicate_field", "config.fields.1.name"),
    ],
)
def test_forms_that_nobody_can_fill_in(fields: list[dict[str, Any]], code: str, field: str) -> None:
    assert said(of(fields=fields)) == [(code, "in", field, "error")]
    assert said(of(approval(fields=fields)))[0] == (code, "ok", field, "error")


def test_a_crew_whose_parts_do_not_fit_is_told_field_by_field() -> None:
    agent, task = {"name": "x", "role": "r", "goal": "g"}, {"description": "d", "expected_output": "e"}
    crew = {
        "agents": [agent, agent],
        "tasks": [
            {"name": "t", **task, "agent": "z"},
            {"name": "t", **task, "context": ["u"]},
        ],
    }
    assert [(p.node_id, p.field) for p in problems(of(node("team", "crew", {"crew": crew})))] == [
        ("team", "config.crew.agents.1.name"),
        ("team", "config.crew.tasks.0.agent"),
        ("team", "config.crew.tasks.1.name"),
        ("team", "config.crew.tasks.1.agent"),
        ("team", "config.crew.tasks.1.context.0"),
    ]
