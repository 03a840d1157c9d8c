"""What is called fine does not fail where that could have been known, and what is called a failure fails.

Flows are made of expressions over typed inputs and run with inputs that fit, chosen so that whatever can
succeed does so for one of them. Not decidable from a definition, and so not made here, or not by itself the
reason of a failure in all runs, are:

- what a value is worth: a division by zero, an element or a character that is not there, a text that is no
  number, a sum of more than 64 bits, a size beyond a limit;
- which fields an object of the inputs has, and of which kind its values and the elements of a list are;
- which texts are addresses, times or numbers;
- what is null for want of an input, or of a branch that was taken;
- that two reads of one value see the same: `b ? 1 : 'x'` beside `b ? 'y' : 2` fails whatever `b` is;
- which way a choice goes: `n || b` with a number `n` is true or fails, so what stands behind it is not asked;
- what happens for each element of a list that may be empty;
- what other services say, which addresses may be reached, and what the tenant's providers offer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.flows import edge, flow, node, output
from tests.core.foreseen import FIELDS
from watchbill.core import events as e
from watchbill.core.computing_budget import full
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import Event
from watchbill.core.execution import ExecutionState
from watchbill.core.plan import Plan, compile_flow, stored_plan
from watchbill.core.ports import NodePorts
from watchbill.core.ports.crews import CrewJob, CrewResult
from watchbill.core.ports.http import HttpAnswer, HttpRequest
from watchbill.core.ports.journal import Claim
from watchbill.core.ports.llm import Emit, LlmAnswer, LlmCall
from watchbill.core.tenancy import TenantScope
from watchbill.core.usage import Usage
from watchbill.engine import evaluating
from watchbill.engine.command_runner import CommandRunner
from watchbill.engine.pending import PendingEvents
from watchbill.engine.settings import EngineSettings
from watchbill.engine.totals import Totals
from watchbill.kit.outbound.urls import refusal
from watchbill.nodes.input import Config as InputConfig
from watchbill.nodes.input import check_inputs
from watchbill.nodes.registry import NODE_TYPES

# Times that are waited for lie within the time an execution has.
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ELEMENTS: list[Any] = [1, 1.5, "1", True, [1], {"a": 1}, None]
SAMPLES = [
    {
        "n": 1,
        "x": 1.5 if b else 1,
        "t": maybe or "2026-01-01T00:10:00Z",
        "b": b,
        "l": [one],
        "o": {"a": one},
        "maybe": maybe,
    }
    for one in ELEMENTS
    for b in (False, True)
    for maybe in (None, "1")
]
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["title", "n"],
    "additionalProperties": False,
}


class FarEnd:
    """A model and a site that always answer, and say yes."""

    async def complete(self, call: LlmCall, emit: Emit) -> LlmAnswer:
        parsed = None if call.output_schema is None else {"title": "1", "n": 1}
        return LlmAnswer("1", "m", UUID(int=3), Usage(), parsed=parsed)

    async def send(self, request: HttpRequest) -> HttpAnswer:
        if why := refusal(request.url):
            raise NodeError(ErrorKind.USER, f"The address {why}.", code="url_invalid")
        return HttpAnswer(request.url, 200, "OK", {"content-type": "application/json"}, b"1")

    async def run(self, job: CrewJob, emit: Emit) -> CrewResult:
        raise AssertionError("no crew is expected here")


def runs(plan: Plan, given: dict[str, Any], runner: asyncio.Runner) -> Iterator[tuple[str, str]]:
    """Each node that ended, without the numbers of iterations, and the kind of its failure or nothing."""
    inputs, errors = check_inputs(InputConfig.model_validate({"fields": FIELDS}), given)
    assert errors == []
    for event in _played(plan, inputs, runner):
        if event.node_id is None or event.node_id.endswith("]"):
            continue
        path = ".".join(part.partition("[")[0] for part in event.node_id.split("."))
        if event.type == "node_completed":
            yield path, ""
        elif event.type == "node_failed":
            yield path, event.data["error"]["kind"]


def _played(plan: Plan, inputs: dict[str, Any], runner: asyncio.Runner) -> list[Event]:
    state = ExecutionState.initial(plan)
    claim = Claim(TenantScope(UUID(int=2)), UUID(int=1), 1, 0, "digest")
    now = BEGIN
    pending = PendingEvents(claim, state, lambda: now)
    commands = CommandRunner(
        claim, state, pending, lambda: now, Totals(state, EngineSettings(owner="worker"), 0)
    )
    pending.add(e.ExecutionQueued(inputs=inputs))
    pending.add(e.ExecutionStarted(epoch=1))
    far: Any = FarEnd()
    events: list[Event] = []
    for _ in range(200):
        step = commands.advance()
        events += pending.take().all
        if state.status.final:
            return events
        for attempt, config in step.starts:
            frame = state.frame_of(attempt.path)
            if config is None:
                config = evaluating.render(attempt.node, frame.scope, full(), now).config
            ended = runner.run(
                attempt.execute(config, NodePorts(far, far, far, far), lambda _data, _path: None)
            )
            commands.settle(attempt.path, ended)
        for path in state.waiting:
            if state.nodes[path].request is not None:
                commands.answer(path, {"approved": True})
                break
        else:
            now = step.until if step.until is not None and not step.starts else now
    raise AssertionError("it does not end")


# Each of these is read once in a flow: what two reads have in common is not looked at.
ONCE = ["b", "l", "o", "maybe", "x"]
CONSTANTS = ["1", "2.5", "'1'", "true", "null", "[1]", "{'a': 1}", "now()"]
UNARY = [
    *("-({})", "!({})", "({}).a", "({})[0]", "({})['a']", "size({})", "string({})", "({}).lower()"),
    *("({}).split(',')", "({}).map(i, i)", "[{}]", "{{'a': {}}}", "({}).reverse()", "json.encode({})"),
    *("math.abs({})", "({}).join(',')", "has(({}).a)", "({}).trim().size()", "type({})"),
]
BINARY = [
    *("({}) + ({})", "({}) - ({})", "({}) * ({})", "({}) < ({})", "({}) == ({})", "({}) in ({})"),
    *("({}) && ({})", "({}) || ({})", "({}).contains({})", "({}).startsWith({})", "[{}, {}]"),
]


@st.composite
def expressions(draw: st.DrawFn, readable: list[str], depth: int = 3) -> str:
    """An expression; what it reads once is taken out of `readable`."""
    kind = draw(st.integers(0, 5 if depth else 1))
    if kind <= 1:
        leaf = draw(st.sampled_from([*readable, *(CONSTANTS if kind else [])] or CONSTANTS))
        if leaf.removeprefix("inputs.") in ONCE or leaf.startswith("nodes."):
            readable.remove(leaf)
        return leaf
    inner = expressions(readable, depth - 1)
    if kind <= 3:
        return draw(st.sampled_from(UNARY)).format(draw(inner))
    if kind == 4 or "inputs.b" not in readable:
        return draw(st.sampled_from(BINARY)).format(draw(inner), draw(inner))
    readable.remove("inputs.b")
    return f"inputs.b ? ({draw(inner)}) : ({draw(inner)})"


def templates(readable: list[str]) -> st.SearchStrategy[str]:
    """An expression, or a text with one in it."""
    forms = st.sampled_from(["{{{{ {} }}}}", "{{{{ {} }}}}", "so {{{{ {} }}}}"])
    return st.builds(lambda form, text: form.format(text), forms, expressions(readable))


KINDS = ["transform", "transform", "condition", "map", "loop", "wait", "http", "llm", "approval", "subflow"]
URLS = [
    "http://a/",
    "a/b",
    "ftp://a",
    "http://u:p@a/",
    "http:///a",
    "http://a/{{ 1 }}",
    "{{ inputs.n }}",
    "{{ inputs.o }}",
    "http://a/{{ inputs.t }}",
]
TIMES = ["5", "soon", "-1", "nan", "2026-01-01", "2026-01-01T00:10:00Z", "1e400"]


@st.composite
def steps_of(draw: st.DrawFn, id_: str, readable: list[str]) -> tuple[dict[str, Any], str]:
    """One node, and what of it may be read, right or wrong."""
    value = templates(readable)

    def one_of(*choices: Any) -> Any:
        return draw(st.sampled_from(choices))

    match kind := one_of(*KINDS):
        case "transform":
            return node(id_, kind, {"values": {"value": draw(value)}}), one_of("output.value", "output.other")
        case "condition":
            cases = [{"handle": "yes", "when": draw(expressions(readable))}]
            return node(id_, kind, {"cases": cases, "else": "no"}), ""
        case "map":
            items, local = one_of(draw(value), "inputs.l", [1], ["a", 2]), ["item", "index"]
            inner = node(f"{id_}_in", "transform", {"values": {"value": draw(templates(local))}})
            return node(id_, kind, {"items": items, "body": {"nodes": [inner]}}), "output"
        case "loop":
            inner = node(f"{id_}_in", "transform", {"values": {"value": draw(templates(["index"]))}})
            until = draw(expressions(["index", f"nodes.{id_}_in.output.value"]))
            return node(id_, kind, {"until": until, "max_iterations": 2, "body": {"nodes": [inner]}}), ""
        case "wait":
            # Which texts are times or numbers is not to be known; an input is one of each.
            given = one_of("inputs.n", "inputs.x", "inputs.t", "inputs.b", "inputs.l", "null", "2")
            config = {one_of("seconds", "until"): one_of(f"{{{{ {given} }}}}", one_of(*TIMES))}
            return node(id_, kind, config), "output"
        case "http":
            config = {
                "url": one_of(*URLS),
                "method": "POST",
                "body_type": one_of("none", "form", "json"),
                "headers": {one_of("X", "X", "a b", "Host"): one_of("1", "1", "1\n2")},
                "content": draw(value),
            }
            return node(id_, "http_request", config), one_of("output.status", "output.url", "output.text")
        case "llm":
            config = {"prompt": draw(value), "output_schema": one_of(None, SCHEMA)}
            config |= {"model": draw(value)} if draw(st.booleans()) else {}
            return node(id_, kind, config), one_of("output", "output.title", "output.n", "output.x")
        case "approval":
            config = {"notify": [draw(value)], "fields": [{"name": "v", "required": False}]}
            return node(id_, kind, config), one_of("output.decision", "output.comment.x", "output.values.w")
        case _:
            type_ = one_of("string", "integer", "number", "boolean", "list", "object")
            field = {"name": "v", "type": type_, "required": draw(st.booleans())}
            given = one_of(draw(value), one_of(None, 1, "1", "", True, [], {}))
            inner = flow([node("in", "input", {"fields": [field]}), output(y="1")], [edge("in", "out")])
            return node(id_, kind, {"inputs": {"v": given}, "flow": inner}), one_of("output.y", "output.z")


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A few nodes in a row; what would branch goes on either way."""
    readable = [f"inputs.{field['name']}" for field in FIELDS]
    nodes = [node("in", "input", {"fields": FIELDS})]
    for index in range(draw(st.integers(1, 3))):
        made, gives = draw(steps_of(f"s{index}", readable))
        nodes.append(made)
        readable += [f"nodes.s{index}.{gives}"] if gives else []
    edges: list[dict[str, Any]] = []
    for one, other in pairwise(nodes):
        handles = {"condition": ["yes", "no"], "approval": ["approved"]}.get(one["type"], [None])
        edges += [edge(one["id"], other["id"], handle) for handle in handles]
    return flow(nodes, edges)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(definitions())
def test_what_is_called_fine_does_not_fail_whatever_it_is_given(definition: dict[str, Any]) -> None:
    compiled = compile_flow(definition, NODE_TYPES)
    ended: set[str] = set()
    good: set[str] = set()
    with asyncio.Runner() as runner:
        for given_ in SAMPLES if compiled.plan else ():
            for path, kind in runs(compiled.plan, given_, runner):
                ended.add(path)
                if kind != "user":
                    good.add(path)
            if ended == good and len(compiled.plan.nodes.keys() & ended) == len(compiled.plan.nodes):
                break
    never = sorted(ended - good)
    # A node fails with the one in its body, which is named itself.
    named = [path for path in never if not any(other.startswith(f"{path}.") for other in never)]
    assert named == [], definition["nodes"][1:]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(definitions())
def test_what_is_called_a_failure_fails_whatever_it_is_given(definition: dict[str, Any]) -> None:
    compiled = compile_flow(definition, NODE_TYPES)
    wrong = {str(problem.node_id) for problem in compiled.problems if problem.severity == "error"}
    plan = stored_plan(definition, NODE_TYPES)
    assert plan.obstacle is None, "only what is known of values is wrong in these"
    with asyncio.Runner() as runner:
        for given_ in SAMPLES if wrong else ():
            for path, kind in runs(plan, given_, runner):
                assert path not in wrong or kind, (
                    [p.message for p in compiled.problems if p.node_id == path],
                    definition["nodes"][1:],
                )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(definitions())
def test_every_problem_names_node_field_and_what_is_wrong(definition: dict[str, Any]) -> None:
    for problem in compile_flow(definition, NODE_TYPES).problems:
        if problem.code != "no_output":
            assert problem.node_id and problem.field and problem.field.startswith("config."), problem
        assert problem.message.endswith((".", "`")) and len(problem.message) > 20, problem
