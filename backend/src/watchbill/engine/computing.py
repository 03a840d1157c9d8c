"""Handing what is too much for the event loop to child processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson

from watchbill.core.errors import ErrorKind, NodeError, Unavailable
from watchbill.core.events import NodeFailure
from watchbill.core.expressions import Reference
from watchbill.core.node_types import NodeResult
from watchbill.core.plan import PlanNode
from watchbill.core.plan.fields import dotted
from watchbill.core.ports.compute import Compute, ComputeBusy, ComputeLimit
from watchbill.core.tenancy import TenantScope
from watchbill.engine.evaluating import Closing, Rendered
from watchbill.engine.limits import too_much


@dataclass(frozen=True, slots=True)
class Computing:
    """One tenant's way to the child processes. Every method raises NodeError: that of the node itself, or
    kind limit when it takes more than it may."""

    compute: Compute
    scope: TenantScope

    async def render(self, node: PlanNode, scope: Mapping[str, Any], now: datetime) -> Rendered:
        """The node's configuration."""
        async with _told(node):
            answer = await self.compute.run(self.scope, "node.render", await _argument(node, scope, now))
        _raise(answer)
        config = answer["config"]
        if node.type.body is not None:
            # It did not go along.
            config = {**node.node.config, **config}
        return Rendered(config, answer["seen"])

    async def evaluate(
        self, node: PlanNode, scope: Mapping[str, Any], now: datetime
    ) -> tuple[NodeResult | NodeError, Any]:
        """What a pure node gives, or its failure, and what is shown of its configuration."""
        async with _told(node):
            answer = await self.compute.run(self.scope, "node.evaluate", await _argument(node, scope, now))
        if failure := answer.get("failure"):
            return _error(failure), answer.get("seen")
        return NodeResult(answer["output"], answer["handle"], answer["size"]), answer["seen"]

    async def close(self, node: PlanNode, scope: Mapping[str, Any], fallback: Any, now: datetime) -> Closing:
        """How an iteration of the node's body ends."""
        argument = await _argument(node, scope, now, inner=True)
        async with _told(node, inner=True):
            answer = await self.compute.run(
                self.scope,
                "iteration.close",
                {**argument, "fallback": orjson.Fragment(orjson.dumps(fallback))},
            )
        _raise(answer)
        return Closing(answer["result"], answer["size"], answer["enough"])


@asynccontextmanager
async def _told(node: PlanNode, *, inner: bool = False) -> AsyncGenerator[None]:
    """Turn what the port raises into what a node may fail with. A child that was killed did not tell at which
    field it was."""
    try:
        yield
    except ComputeLimit as error:
        raise too_much(error.detail, _places(node, inner=inner), error.error_code) from error
    except ComputeBusy as error:
        raise NodeError(ErrorKind.LIMIT, error.detail, code=error.error_code) from error
    except Unavailable as error:
        raise NodeError(ErrorKind.UPSTREAM, error.detail, code="compute_unavailable") from error


def _places(node: PlanNode, *, inner: bool) -> list[str]:
    """The fields in which there is something to be computed."""
    if not inner:
        return [*(dotted(path) for path, _ in node.fields), *node.conditions]
    ends = [str(node.type.body.until)] if node.until and node.type.body else []
    return [*(dotted(path) for path, _ in node.result), *ends]


def _raise(answer: Mapping[str, Any]) -> None:
    if failure := answer.get("failure"):
        raise _error(failure)


def _error(failure: Mapping[str, Any]) -> NodeError:
    told = NodeFailure.model_validate(failure)
    return NodeError(told.kind, told.message, code=told.code)


async def _argument(
    node: PlanNode, scope: Mapping[str, Any], now: datetime, *, inner: bool = False
) -> dict[str, Any]:
    """The node and what it reads, written piece by piece: each is at most as large as an output may be, and
    others get their turn between them."""
    hidden = frozenset[str]() if node.type.body is None else node.type.body.inner
    if inner and node.type.body is not None:
        hidden = frozenset({node.type.body.field})
    config = {key: value for key, value in node.node.config.items() if key not in hidden}
    return {
        "node": {"id": node.id, "type": node.node.type, "config": orjson.Fragment(await _written(config))},
        "scope": await _needed(node, scope, inner=inner),
        "now": now.isoformat(),
    }


async def _needed(node: PlanNode, scope: Mapping[str, Any], *, inner: bool) -> dict[str, Any]:
    needed: dict[str, Any] = {"inputs": {}, "nodes": {}}
    for reference in _references(node, inner=inner):
        known = scope[reference.root]
        if reference.root not in ("inputs", "nodes"):
            needed[reference.root] = await _written(known)
            continue
        names = list(known) if reference.name is None else [reference.name]
        for name in names:
            if name in known and name not in needed[reference.root]:
                needed[reference.root][name] = await _written(known[name])
    if node.node.type == "input":
        needed["inputs"] = {name: await _written(value) for name, value in scope["inputs"].items()}
    return {
        root: {name: orjson.Fragment(text) for name, text in cast("dict[str, Any]", found).items()}
        if isinstance(found, dict)
        else orjson.Fragment(found)
        for root, found in needed.items()
    }


def _references(node: PlanNode, *, inner: bool) -> frozenset[Reference]:
    if inner:
        until = node.until.references if node.until else frozenset[Reference]()
        return until.union(*(template.references for _, template in node.result))
    bare = (expression.references for expression in node.conditions.values())
    return frozenset[Reference]().union(*(template.references for _, template in node.fields), *bare)


async def _written(value: Any) -> bytes:
    await asyncio.sleep(0)
    return orjson.dumps(value)
