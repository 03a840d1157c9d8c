"""Map: runs its body once for each item of a list, several at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import Text
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.flow.definition import Body
from watchbill.core.node_types import BodyType, NodeType, Rounds

MAX_ITEMS = 10_000


class Config(BaseModel):
    """What is gone through, how, and what each pass gives."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[
        Text,
        Field(
            min_length=1,
            title="Items",
            description="An expression that gives a list. Each is `item` in the body, its place `index`.",
            json_schema_extra={"format": "template"},
        ),
    ]
    max_parallel: int = Field(10, ge=1, le=100, title="At a time")
    on_item_error: Literal["fail", "continue"] = Field(
        "fail", title="When an item fails", description="“continue” gives null for it and does the others."
    )
    result: Any = Field(
        None,
        title="Result of an item",
        description="Evaluated when the body has finished; otherwise what its last node gave.",
        json_schema_extra={"format": "template"},
    )
    body: Body = Field(default=Body(), title="Body", json_schema_extra={"format": "body"})


def _rounds(config: Mapping[str, Any]) -> Rounds:
    given = config["items"]
    if not isinstance(given, list):
        text = f"`items` must be a list; it is {_described(given)}."
        raise NodeError(ErrorKind.USER, text, code="items_not_a_list")
    items = cast("list[Any]", given)
    if len(items) > MAX_ITEMS:
        text = f"The list of `items` has {len(items):,} items; at most {MAX_ITEMS:,} are allowed."
        raise NodeError(ErrorKind.LIMIT, text, code="too_many_items")
    return Rounds(
        total=len(items),
        items=items,
        parallel=config.get("max_parallel", 10),
        tolerant=config.get("on_item_error") == "continue",
    )


def _described(value: Any) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", dict: "an object"}
    return "nothing" if value is None else names.get(type(value), "something else")


def _gather(results: Sequence[Any]) -> list[Any]:
    return list(results)


TYPE = NodeType(
    kind="map",
    title="Map",
    description="Runs its body for each item of a list.",
    group="logic",
    icon="layers",
    keywords=("for", "each", "foreach", "list", "batch", "iterate", "loop", "parallel"),
    config=Config,
    body=BodyType(
        read=lambda config: config.body,
        field="body",
        rounds=_rounds,
        gather=_gather,
        locals=frozenset({"item", "index"}),
        result="result",
    ),
    default_config={"items": "", "body": {"nodes": [], "edges": []}},
)
