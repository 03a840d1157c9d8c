"""Code: Python written into the flow, which runs in the sandbox."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.tools import CodeUse

_EXAMPLE = 'def run(name):\n    return {"greeting": f"Hello, {name}!"}\n'


class Config(BaseModel):
    """The source, and what its function is called with."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        min_length=1,
        max_length=200_000,
        title="Python",
        description="Define a function `run`: its arguments are the input, what it returns is the output. It"
        " runs in a sandbox without files and without network.",
        json_schema_extra=form("python", order=1, lines=10),
    )
    input: dict[str, Any] = Field(
        default={},
        max_length=200,
        title="Input",
        description="What `run` is called with, by name.",
        json_schema_extra=form("template-map", order=2),
    )
    timeout_seconds: float = Field(
        60, gt=0, le=3600, title="Time-out in seconds", json_schema_extra=form(unit="seconds")
    )
    memory_mb: int = Field(512, ge=16, le=4096, title="Memory in MB")


async def execute(context: NodeContext) -> NodeResult:
    """Run the program; the output is what its function returns.

    Raises:
        NodeError: what core.ports.tools raises.
    """
    config: Config = context.config
    use = CodeUse(
        context.scope,
        config.code,
        config.input,
        execution_id=context.execution_id,
        key=context.idempotency_key,
        timeout_seconds=config.timeout_seconds,
        memory_mb=config.memory_mb,
    )
    return NodeResult(await context.ports.tools.run_code(use, context.emit))


TYPE = NodeType(
    kind="code",
    title="Code",
    description="Runs Python in a sandbox.",
    group="tools",
    icon="code",
    keywords=("python", "script", "function", "program", "javascript", "compute", "custom"),
    config=Config,
    execute=execute,
    verbatim=frozenset({"code"}),
    default_config={"code": _EXAMPLE, "input": {"name": "world"}},
)
