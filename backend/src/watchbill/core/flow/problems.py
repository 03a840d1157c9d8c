"""What is wrong with a flow, said per node, edge and field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from watchbill.core.json.characters import plainly


class Problem(BaseModel):
    """One thing to change in a flow. `field` is a dotted path inside the node, such as
    `config.task.description`."""

    model_config = ConfigDict(frozen=True)

    node_id: str | None = None
    edge_id: str | None = None
    field: str | None = None
    code: str
    message: Annotated[str, AfterValidator(plainly)]
    severity: Literal["error", "warning"] = "error"
