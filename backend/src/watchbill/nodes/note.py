"""Note: a remark on the canvas, which does nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import Text
from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeType


class Config(BaseModel):
    """What it says."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[Text, Field(title="Text", json_schema_extra=form("markdown", order=1))] = ""


TYPE = NodeType(
    kind="note",
    title="Note",
    description="A remark on the canvas.",
    group="flow",
    icon="sticky-note",
    keywords=("comment", "sticky", "remark", "text", "annotation"),
    config=Config,
    fixed_handles=(),
    verbatim=frozenset({"text"}),
    accepts_input=False,
    default_config={"text": ""},
)
