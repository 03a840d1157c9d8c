"""What one tenant does to the others in `bench.neighbour`: each attack once from its start to its end, and
how it has to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.client import Json, Refused, Tenant
from bench.stack import Stack

# Does it once; returns how it ended, such as `limit: computation_limit`.
Blow = Callable[[], Awaitable[str]]
_LIMIT = ("limit",)
_MEGABYTE = 1024 * 1024
_WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Attack:
    """One row of the table.

    Args:
        name: what is done.
        prepare: stores what it needs.
        ends: with what each end of it has to begin. What a budget stops ends with `limit`; what has become
            cheap may end otherwise.
        at_once: how many of it are under way.
    """

    name: str
    prepare: Callable[[Tenant, Stack], Awaitable[Blow]]
    ends: tuple[str, ...] = _LIMIT
    at_once: int = 2


def flow(*middle: Mapping[str, Any], result: str = "ok") -> Json:
    """input -> the nodes -> output."""
    fields = [{"name": "items", "type": "list"}]
    nodes: list[Mapping[str, Any]] = [
        {"id": "start", "type": "input", "config": {"fields": fields}},
        *middle,
        {"id": "end", "type": "output", "config": {"values": {"result": result}}},
    ]
    edges = [
        {"id": f"e{index}", "source": a["id"], "target": b["id"]}
        for index, (a, b) in enumerate(pairwise(nodes))
    ]
    return {"schema": "watchbill.flow/v1", "nodes": nodes, "edges": edges}


def _transform(value: str) -> Json:
    return {"id": "work", "type": "transform", "config": {"values": {"value": value}}}


def _map(items: str, body: Mapping[str, Any]) -> Json:
    return {"id": "each", "type": "map", "config": {"items": items, "body": {"nodes": [body]}}}


def _ends(execution: Json) -> str:
    error = execution.get("error")
    return f"{error['kind']}: {error['code']}" if error else execution["status"]


async def run(tenant: Tenant, flow_id: str, items: list[Any]) -> str:
    """How one execution ends, or how it was refused."""
    form = {"inputs": {"items": items}, "options": {"wait_seconds": _WAIT_SECONDS}}
    try:
        return _ends(await tenant.call("POST", f"flows/{flow_id}/execute", form))
    except Refused as error:
        return _refusal(error)


def _running(
    name: str, definition: Json, items: list[Any], ends: tuple[str, ...] = _LIMIT, at_once: int = 2
) -> Attack:
    """A flow with its input."""

    async def prepare(tenant: Tenant, _: Stack) -> Blow:
        flow_id = await tenant.flow(definition)
        return lambda: run(tenant, flow_id, items)

    return Attack(name, prepare, ends, at_once)


def _computing(name: str, expression: str, items: list[Any], ends: tuple[str, ...] = _LIMIT) -> Attack:
    return _running(name, flow(_transform("{{ " + expression + " }}")), items, ends)


def _asking(name: str, config: Json, ends: tuple[str, ...] = _LIMIT, **then: Any) -> Attack:
    """A model that answers so."""

    async def prepare(tenant: Tenant, _: Stack) -> Blow:
        await tenant.script(**then)
        node = {
            "id": "ask",
            "type": "llm",
            "config": {"prompt": "What?", **config},
            "retry": {"max_attempts": 1},
        }
        flow_id = await tenant.flow(flow(node))
        return lambda: run(tenant, flow_id, [])

    return Attack(name, prepare, ends)


async def _mapping(tenant: Tenant, _: Stack) -> Blow:
    """A webhook that anybody may call; its mapping computes in the API."""
    flow_id = await tenant.flow(flow())
    trigger = {
        "flow_id": flow_id,
        "name": "hook",
        "webhook": {"signing": "none"},
        "inputs": {"items": "{{ [" + _PAIRS.replace("inputs.items", "inputs.body.items") + "] }}"},
    }
    path = (await tenant.call("POST", "triggers", trigger))["path"].removeprefix("/api/v1/")

    async def blow() -> str:
        try:
            await tenant.call("POST", path, {"items": list(range(3000))})
        except Refused as error:
            return _refusal(error)
        return "accepted"

    return blow


async def _silent_issuer(tenant: Tenant, stack: Stack) -> Blow:
    """Sixty people who sign in with a provider that says nothing."""
    form = {
        "issuer": f"{stack.slow_url.removesuffix('/wait')}/silent",
        "client_id": "c",
        "domains": ["bench.example"],
    }

    async def blow() -> str:
        try:
            await tenant.call("PUT", "sso", form)
        except Refused as error:
            # Not again at once: what is measured is not how fast it can be refused.
            await asyncio.sleep(0.2)
            return _refusal(error)
        return "accepted"

    return blow


async def _flood(tenant: Tenant, _: Stack) -> Blow:
    """So many executions started at once, and waited for together."""
    flow_id = await tenant.flow(flow(_transform("1")))

    async def start() -> str:
        try:
            await tenant.call("POST", f"flows/{flow_id}/execute", {"inputs": {"items": []}})
        except Refused as error:
            return _refusal(error)
        return "completed"

    async def blow() -> str:
        ends = set(await asyncio.gather(*(start() for _ in range(400))))
        while True:
            going = await tenant.call("GET", "executions?status=pending&status=running&limit=1")
            if not going["items"]:
                return ", ".join(sorted(ends))
            await asyncio.sleep(0.2)

    return blow


def _refusal(error: Refused) -> str:
    """How a refused request counts: too many of them, or too much in one, are limits."""
    limit = error.status in (413, 429) or error.code.endswith("_limit")
    return f"limit: {error.code}" if limit else f"refused: {error.code}"


_INNER = {**_map("{{ inputs.items }}", _transform("1")), "id": "inner"}
_PAIRS = "size(inputs.items.map(a, inputs.items.map(b, a + b)))"
_ANY, _EVERY = "inputs.items.exists", "inputs.items.map"
_TIDE = 'data: {"choices": [{"index": 0, "delta": {"content": "tide after tide "}}]}\n\n'
_STREAM = {"Content-Type": "text/event-stream"}
_HUGE = {"body": '{"choices": [{"message": {"content": "', "repeat": "tide ", "times": 60 * _MEGABYTE}
_HUGE_LINE = {"body": "data: ", "repeat": "tide ", "times": 60 * _MEGABYTE, "headers": _STREAM}
_BACKTRACKING = {
    "type": "object",
    "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}},
    "required": ["a"],
}
_LONG_WORD = '{"a": "' + "a" * 50_000 + '!"}'


async def _slow_tests(tenant: Tenant, stack: Stack) -> Blow:
    """Sixty tests of a model provider that says nothing."""
    form = {
        "name": "Silent",
        "provider_type": "openai_compatible",
        "base_url": f"{stack.slow_url.removesuffix('/wait')}/silent/v1",
        "api_key": "sk-bench",
        "models": ["silent"],
    }
    id_ = (await tenant.call("POST", "llm-providers", form))["id"]

    async def blow() -> str:
        try:
            found = await tenant.call("POST", f"llm-providers/{id_}/test", {})
        except Refused as error:
            await asyncio.sleep(0.2)
            return _refusal(error)
        return "completed" if found["ok"] else "told: no answer"

    return blow


ATTACKS = (
    _computing("two loops over 1,500 numbers", _PAIRS, list(range(1500))),
    _computing("three nested exists", f"{_ANY}(a, {_ANY}(b, {_ANY}(c, a + b + c < 0)))", list(range(1500))),
    _computing("joins of texts of 20 kB", f"{_EVERY}(a, {_EVERY}(b, a + b))", ["x" * 20_000] * 100),
    _computing(
        "a text that grows tenfold seven times", '"aaaaaaaaaa"' + '.replace("a", "aaaaaaaaaa")' * 7, []
    ),
    _computing("two loops over 3,000 items", f"{_ANY}(a, {_ANY}(b, a + b < 0))", list(range(3000))),
    _computing("a list of itself, 500 items of 2 kB", f"{_EVERY}(a, inputs.items)", ["x" * 2_000] * 500),
    _computing(
        "pairs of the letters of a text",
        'inputs.items[0].split("").map(a, inputs.items[0].split(""))',
        ["x" * 100_000],
    ),
    _computing(
        "matches with nested repeats",
        'inputs.items[0].matches("^((a{1,100}){1,100}){1,100}$")',
        ["a" * 100_000],
        ("refused: flow_invalid",),
    ),
    _running(
        "Map of 400 with 300 kB each",
        flow(_map("{{ lists.range(400) }}", _transform("{{ inputs.items[0] }}"))),
        ["x" * 300_000],
    ),
    # Its iterations are too many after a minute or so; until then it is cancelled.
    _running("Map of 200 in a Map of 200", flow(_map("{{ inputs.items }}", _INNER)), list(range(200))),
    Attack("a webhook's mapping in two loops over 3,000", _mapping),
    # Linear by now: it does not fit, which costs nothing to find out.
    _asking(
        "a pattern with nested repeats",
        {"output_schema": _BACKTRACKING},
        ("limit", "upstream"),
        text=_LONG_WORD,
    ),
    _asking("a model's answer of 300 MB", {}, raw=_HUGE),
    _asking("a model's answer of 300 MB, packed", {}, raw={**_HUGE, "gzip": True}),
    _asking("a model's answer of 300 MB in one line", {}, raw=_HUGE_LINE),
    _asking("a model's answer without end", {}, raw={"repeat": _TIDE, "headers": _STREAM}),
    # Those that have a place are told after a while that nobody answers.
    Attack(
        "sixty at once at a silent issuer", _silent_issuer, ("limit", "refused: invalid_input"), at_once=60
    ),
    Attack("sixty tests at once of a silent provider", _slow_tests, ("limit", "told"), at_once=60),
    Attack("a flood of 400 executions", _flood, ("completed", "limit"), at_once=1),
)
