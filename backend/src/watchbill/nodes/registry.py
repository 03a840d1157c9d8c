"""Every node type, one line each."""

from __future__ import annotations

from collections.abc import Mapping

from watchbill.core.node_types import NodeType
from watchbill.nodes import (
    agent,
    approval,
    code,
    condition,
    crew,
    http_request,
    input,
    llm,
    loop,
    map,
    note,
    output,
    subflow,
    tool,
    transform,
    wait,
)

NODE_TYPES: Mapping[str, NodeType] = {
    node_type.kind: node_type
    for node_type in (
        input.TYPE,
        output.TYPE,
        agent.TYPE,
        crew.TYPE,
        llm.TYPE,
        http_request.TYPE,
        tool.TYPE,
        code.TYPE,
        condition.TYPE,
        transform.TYPE,
        map.TYPE,
        loop.TYPE,
        subflow.TYPE,
        wait.TYPE,
        approval.TYPE,
        note.TYPE,
    )
}
