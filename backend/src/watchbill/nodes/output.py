"""Output: what a flow gives back."""

from __future__ import annotations

from watchbill.core.node_types import NodeType
from watchbill.nodes.values import Config, evaluate, gives

TYPE = NodeType(
    kind="output",
    title="Output",
    description="Gives the result of the flow.",
    group="flow",
    icon="log-out",
    keywords=("end", "result", "return", "finish", "respond"),
    config=Config,
    evaluate=evaluate,
    gives=gives,
    fixed_handles=(),
    default_config={"values": {"result": ""}},
)
