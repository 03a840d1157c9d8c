"""The node contract: a spec that is pure data, and an execute or evaluate function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel

from watchbill.core.flow.problems import Problem
from watchbill.core.ports.crews import CrewRunner
from watchbill.core.ports.llm import Emit, LlmGateway
from watchbill.core.tenancy import TenantScope

Group = Literal["flow", "agents", "models", "tools", "logic", "people"]


@dataclass(frozen=True, slots=True)
class Port:
    """A named connection point. `handle` None is the default one; `label` is shown beside it."""

    handle: str | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What a node gives: a JSON value, and the handle it activates (None: the default)."""

    output: Any
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class NodeContext:
    """What an execute function may use. `config` is the node's configuration, every template rendered.

    `idempotency_key` is the same for each attempt at the same node of the same execution.
    """

    scope: TenantScope
    execution_id: UUID
    node_id: str
    attempt: int
    config: Any
    emit: Emit
    llm: LlmGateway
    crews: CrewRunner
    idempotency_key: str


class Evaluate(Protocol):
    """A pure node: no I/O, so that replaying it is harmless and several may share one commit."""

    def __call__(self, config: Any, *, inputs: Mapping[str, Any], scope: Mapping[str, Any]) -> NodeResult: ...


Execute = Callable[[NodeContext], Awaitable[NodeResult]]


@dataclass(frozen=True, slots=True)
class NodeType:
    """A node type. Exactly one of `evaluate` and `execute` is set.

    Args:
        verbatim: config keys whose strings are not templates (schemas, field lists).
        expressions: paths in the config that hold bare CEL; `*` stands for any list index.
        handles: outgoing ports of a node with this config.
        check: problems that the config model cannot see; fields are relative to the config.
        limit: how many of it a flow may have; None for any number.
    """

    kind: str
    title: str
    description: str
    group: Group
    config: type[BaseModel]
    icon: str
    evaluate: Evaluate | None = None
    execute: Execute | None = None
    verbatim: frozenset[str] = frozenset()
    expressions: tuple[tuple[str, ...], ...] = ()
    handles: Callable[[Any], tuple[Port, ...]] = lambda _config: (Port(None),)
    check: Callable[[Any], list[Problem]] = lambda _config: []
    accepts_input: bool = True
    limit: int | None = None

    @property
    def pure(self) -> bool:
        """Whether it does no I/O."""
        return self.evaluate is not None
