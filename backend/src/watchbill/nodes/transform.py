"""Transform: new values from earlier ones, without calling anything."""

from __future__ import annotations

from watchbill.core.node_types import NodeType
from watchbill.nodes.values import Config, evaluate, gives

TYPE = NodeType(
    kind="transform",
    title="Transform",
    description="Builds new values from earlier ones.",
    group="logic",
    icon="braces",
    keywords=("code", "script", "function", "set", "edit", "variable", "format", "json", "merge"),
    config=Config,
    evaluate=evaluate,
    gives=gives,
    default_config={"values": {"value": ""}},
)
