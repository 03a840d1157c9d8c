"""Tools that a tenant keeps, as nodes and agents use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from watchbill.core.ports.llm import Emit
from watchbill.core.tenancy import TenantScope


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model is told of it.

    Args:
        name: letters, digits and underscores, made of the title.
        title: what people call it.
        input_schema: JSON Schema of its arguments, which are an object.
    """

    id: UUID
    name: str
    title: str
    description: str
    input_schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call of a tool.

    Args:
        execution_id: the execution; None when somebody tries it out.
        key: the same for each attempt at the same call, so that a tool need not do a thing twice.
        agent: who calls it, inside crews.
    """

    scope: TenantScope
    tool_id: UUID
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    execution_id: UUID | None = None
    key: str = ""
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A program that is written into a flow.

    Args:
        key: the same for each attempt at the same node.
    """

    scope: TenantScope
    code: str
    input: Mapping[str, Any]
    execution_id: UUID
    key: str
    timeout_seconds: float
    memory_mb: int


class Tools(Protocol):
    """The tools of all tenants, on a worker."""

    async def known(self, scope: TenantScope, ids: Sequence[UUID]) -> Sequence[ToolSpec]:
        """The tools with these ids, in this order.

        Raises:
            NodeError: of kind user: one does not exist or is switched off; upstream: the database is away.
        """
        ...

    async def call(self, use: ToolUse, emit: Emit) -> Any:
        """The output of a tool, which is JSON. Its events are emitted. Cancelling the caller ends the tool.

        Raises:
            NodeError: user, for arguments or code that are wrong; limit, timeout or upstream.
        """
        ...

    async def run_code(self, use: CodeUse, emit: Emit) -> Any:
        """The output of a program, which is JSON; as `call`."""
        ...
