"""The node contract: a spec that is pure data, and an execute or evaluate function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypedDict
from uuid import UUID

from pydantic import BaseModel

from watchbill.core.flow.problems import Problem
from watchbill.core.ports.crews import CrewRunner
from watchbill.core.ports.http import HttpClient
from watchbill.core.ports.llm import Emit, LlmGateway
from watchbill.core.tenancy import TenantScope

Group = Literal["flow", "agents", "models", "tools", "logic", "people"]


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
    http: HttpClient
    idempotency_key: str


class Evaluate(Protocol):
    """A pure node: no I/O, so that replaying it is harmless and several may share one commit."""

    def __call__(self, config: Any, *, inputs: Mapping[str, Any], scope: Mapping[str, Any]) -> NodeResult: ...


class ListedHandles(TypedDict):
    """Where a config lists its branches: items of `list` have a handle in their field `name`, and the field
    `otherwise` of the config names one more."""

    list: str
    name: str
    otherwise: str


Execute = Callable[[NodeContext], Awaitable[NodeResult]]


@dataclass(frozen=True, slots=True)
class NodeType:
    """A node type. Exactly one of `evaluate` and `execute` is set.

    Args:
        verbatim: config keys whose strings are not templates (schemas, field lists).
        expressions: paths in the config that hold bare CEL; `*` stands for any list index.
        fixed_handles: outgoing handles of every node of the type; None is the default one.
        listed_handles: instead of fixed ones, a handle per item of a list in the config; see ListedHandles.
        default_config: what a new node in an editor starts with.
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
    fixed_handles: tuple[str | None, ...] = (None,)
    listed_handles: ListedHandles | None = None
    default_config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    check: Callable[[Any], list[Problem]] = lambda _config: []
    accepts_input: bool = True
    limit: int | None = None

    def handles(self, config: Mapping[str, Any]) -> list[str | None]:
        """The outgoing handles of a node with this (valid, by alias) configuration."""
        if listed := self.listed_handles:
            names = [item[listed["name"]] for item in config[listed["list"]]]
            default = self.config.model_fields
            fallback = next(f.default for f in default.values() if f.alias == listed["otherwise"])
            return [*names, config.get(listed["otherwise"], fallback)]
        return list(self.fixed_handles)

    @property
    def pure(self) -> bool:
        """Whether it does no I/O."""
        return self.evaluate is not None
