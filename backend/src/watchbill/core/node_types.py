"""The node contract: a spec that is pure data, and an execute or evaluate function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypedDict
from uuid import UUID

from pydantic import BaseModel

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.shapes import ANY, Shape
from watchbill.core.flow.definition import Body, FlowDefinition
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.ports import NodePorts
from watchbill.core.ports.llm import Emit
from watchbill.core.tenancy import TenantScope

Group = Literal["flow", "agents", "models", "tools", "logic", "people"]


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What a node gives: a JSON value, and the handle it activates (None: the default). `size` is the bytes
    of the value as JSON, where somebody counted them."""

    output: Any
    handle: str | None = None
    size: int = 0


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
    ports: NodePorts
    idempotency_key: str


class Evaluate(Protocol):
    """A pure node: no I/O, so that replaying it is harmless and several may share one commit.

    `budget` is what its expressions may use together, `now` what `now()` gives in them. It raises OverBudget
    where they need more, and ExpressionError where one cannot be evaluated, either with its path noted.
    """

    def __call__(
        self,
        config: Any,
        *,
        inputs: Mapping[str, Any],
        scope: Mapping[str, Any],
        budget: Budget,
        now: datetime | None,
    ) -> NodeResult: ...


class ListedHandles(TypedDict):
    """Where a config lists its branches: items of `list` have a handle in their field `name`, and the field
    `otherwise` of the config names one more."""

    list: str
    name: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class IterationRules:
    """How the body of one node is run, as its rendered configuration says.

    Args:
        total: the most iterations there can be.
        items: what each iteration works on, for one iteration per item.
        inputs: what the body reads as `inputs`; None for those around it.
        parallel: how many iterations run at a time.
        tolerant: an iteration that fails gives null, and the others go on.
    """

    total: int
    items: Sequence[Any] | None = None
    inputs: Mapping[str, Any] | None = None
    parallel: int = 1
    tolerant: bool = False


@dataclass(frozen=True, slots=True)
class BodyType:
    """What makes a node type run a body of other nodes.

    Args:
        read: the body in a typed configuration; None while none is chosen.
        field: where the body stands in the configuration.
        rules: reads a rendered configuration; raises NodeError when it makes no sense.
        gather: the node's output from the results of its iterations, in order.
        locals: names that expressions in the body may read besides inputs and nodes.
        isolated: the body is a flow of its own, which sees nothing around it.
        result: the config field with the template of an iteration's result, evaluated inside the body.
        until: the config field with the CEL condition that ends the iterations, evaluated inside the body.
        items: the config field with the list whose elements the body reads as `item`.
        tolerates: whether the node goes on with the others when an iteration fails.
    """

    read: Callable[[Any], Body | FlowDefinition | None]
    field: str
    rules: Callable[[Mapping[str, Any]], IterationRules]
    gather: Callable[[Sequence[Any]], Any]
    locals: frozenset[str] = frozenset()
    isolated: bool = False
    result: str | None = None
    until: str | None = None
    items: str | None = None
    tolerates: Callable[[Mapping[str, Any]], bool] = lambda _config: False

    @property
    def inner(self) -> frozenset[str]:
        """Config fields that are not evaluated where the node stands, but in its body or not at all."""
        return frozenset(name for name in (self.field, self.result, self.until) if name)


@dataclass(frozen=True, slots=True)
class Suspension:
    """What a node waits for: a time, an answer of a person, or whichever is first.

    Args:
        until: when it goes on by itself, UTC; None for never.
        request: what is asked of a person; None when nothing is.
    """

    until: datetime | None
    request: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WaitType:
    """What makes a node type wait without a worker.

    Args:
        begin: what is waited for, from the rendered configuration and the present time.
        due: the result once the time has come; raises NodeError when that is a failure.
        answered: the result of a person's answer.
    """

    begin: Callable[[Mapping[str, Any], datetime], Suspension]
    due: Callable[[Mapping[str, Any]], NodeResult]
    answered: Callable[[Mapping[str, Any]], NodeResult] | None = None


Execute = Callable[[NodeContext], Awaitable[NodeResult]]


@dataclass(frozen=True, slots=True)
class NodeType:
    """A node type. At most one of `evaluate`, `execute`, `body` and `wait` is set; a type with none of them
    is a remark on the canvas and never runs.

    Args:
        verbatim: config keys whose strings are not templates (schemas, field lists).
        expressions: paths in the config that hold bare CEL; `*` stands for any list index.
        urls: config fields that are URLs: what their templates put into them is encoded.
        fixed_handles: outgoing handles of every node of the type; None is the default one.
        listed_handles: instead of fixed ones, a handle per item of a list in the config; see ListedHandles.
        default_config: what a new node in an editor starts with.
        keywords: other words that people look for it by, in small letters.
        check: problems that the config model cannot see; fields are relative to the config.
        judge: problems that follow from what is known of rendered values; fields as above.
        gives: what is known of the output before it is there.
        idle: handles that are never activated.
        meant: a configuration as its author means it, before templates are read in it.
        limit: how many of it a flow may have; None for any number.
    """

    kind: str
    title: str
    description: str
    group: Group
    config: type[BaseModel]
    icon: str
    keywords: tuple[str, ...] = ()
    evaluate: Evaluate | None = None
    execute: Execute | None = None
    body: BodyType | None = None
    wait: WaitType | None = None
    verbatim: frozenset[str] = frozenset()
    expressions: tuple[tuple[str, ...], ...] = ()
    urls: frozenset[str] = frozenset()
    fixed_handles: tuple[str | None, ...] = (None,)
    listed_handles: ListedHandles | None = None
    default_config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    check: Callable[[Any], list[Problem]] = lambda _config: []
    judge: Callable[[Foreseen], list[Problem]] = lambda _foreseen: []
    gives: Callable[[Foreseen], Shape] = lambda _foreseen: ANY
    idle: Callable[[Foreseen], frozenset[str]] = lambda _foreseen: frozenset()
    meant: Callable[[dict[str, Any]], dict[str, Any]] = lambda config: config
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
    def runs(self) -> bool:
        """Whether a flow has anything to do at such a node."""
        return any((self.evaluate, self.execute, self.body, self.wait))

    @property
    def pure(self) -> bool:
        """Whether it does no I/O."""
        return self.evaluate is not None
