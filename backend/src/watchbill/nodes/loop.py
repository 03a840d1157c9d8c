"""Loop: runs its body again and again until a condition holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.flow.definition import Body
from watchbill.core.form_hints import form
from watchbill.core.node_types import BodyType, IterationRules, NodeType


class Config(BaseModel):
    """What is repeated, when it is enough, and what each iteration gives."""

    model_config = ConfigDict(extra="forbid")

    until: str = Field(
        min_length=1,
        title="Until",
        description="Checked after each iteration; true ends the loop. Reads the body's nodes and `index`.",
        json_schema_extra=form("cel", order=1, lines=1, inside=True),
    )
    max_iterations: int = Field(10, ge=1, le=1000, title="At most", json_schema_extra=form(order=2))
    result: Any = Field(
        None,
        title="Result of an iteration",
        description="The next iteration reads it as `previous`; otherwise what the body's last node gave.",
        json_schema_extra=form("template", inside=True),
    )
    body: Body = Field(default=Body(), title="Body", json_schema_extra=form("body"))


def _rules(config: Mapping[str, Any]) -> IterationRules:
    return IterationRules(total=config.get("max_iterations", 10))


def _gather(results: Sequence[Any]) -> Any:
    return results[-1] if results else None


TYPE = NodeType(
    kind="loop",
    title="Loop",
    description="Repeats its body until a condition is true.",
    group="logic",
    icon="repeat",
    keywords=("while", "until", "for", "repeat", "iterate", "retry"),
    config=Config,
    body=BodyType(
        read=lambda config: config.body,
        field="body",
        rules=_rules,
        gather=_gather,
        locals=frozenset({"index", "previous"}),
        result="result",
        until="until",
    ),
    default_config={"until": "", "max_iterations": 10, "body": {"nodes": [], "edges": []}},
)
