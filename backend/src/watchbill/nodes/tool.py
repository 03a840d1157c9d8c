"""Tool: one call of a tool of the tenant, without a model."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.flow.problems import Problem
from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.tools import ToolUse


class Config(BaseModel):
    """A stored tool, and what it is called with."""

    model_config = ConfigDict(extra="forbid")

    tool_id: UUID | None = Field(None, title="Tool", json_schema_extra=form("tool", order=1))
    arguments: dict[str, Any] = Field(
        default={},
        max_length=200,
        title="Arguments",
        description="What the tool is called with, by name.",
        json_schema_extra=form("template-map", order=2),
    )


async def execute(context: NodeContext) -> NodeResult:
    """Call the tool; the output is what it gives.

    Raises:
        NodeError: what core.ports.tools raises.
    """
    config: Config = context.config
    assert config.tool_id is not None, "a flow without it is refused"
    use = ToolUse(
        context.scope,
        config.tool_id,
        config.arguments,
        execution_id=context.execution_id,
        key=context.idempotency_key,
    )
    return NodeResult(await context.ports.tools.call(use, context.emit))


def _check(config: Config) -> list[Problem]:
    if config.tool_id is None:
        text = "Choose a tool. You make tools on the page Tools."
        return [Problem(field="tool_id", code="config_missing", message=text)]
    return []


TYPE = NodeType(
    kind="tool",
    title="Tool",
    description="Calls one of your tools.",
    group="tools",
    icon="wrench",
    keywords=("function", "call", "calculator", "search", "plugin", "action"),
    config=Config,
    execute=execute,
    check=_check,
    default_config={"arguments": {}},
)
