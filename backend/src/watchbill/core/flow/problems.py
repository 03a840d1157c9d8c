"""What is wrong with a flow, said per node, edge and field."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """One thing to mend. `field` is a dotted path inside the node, such as `config.task.description`."""

    model_config = ConfigDict(frozen=True)

    node_id: str | None = None
    edge_id: str | None = None
    field: str | None = None
    code: str
    message: str
    severity: Literal["error", "warning"] = "error"
