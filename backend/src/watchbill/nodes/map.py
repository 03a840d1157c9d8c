"""Map: runs its body once for each item of a list, several at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import Text
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions import ExpressionError, parse
from watchbill.core.expressions.shapes import Shape, list_of
from watchbill.core.flow.definition import Body
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.node_types import BodyType, IterationRules, NodeType

MAX_ITEMS = 10_000


class Config(BaseModel):
    """Which items to go through, how, and what each iteration gives."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[
        Text,
        Field(
            min_length=1,
            title="Items",
            description="An expression that gives a list. In the body `item` is an item, `index` its place.",
            json_schema_extra=form("template", order=1, lines=1),
        ),
    ]
    max_parallel: int = Field(10, ge=1, le=100, title="At a time", json_schema_extra=form(order=2))
    on_item_error: Literal["fail", "continue"] = Field(
        "fail",
        title="When an item fails",
        description="The result of an item that failed is null.",
        json_schema_extra=form(
            order=3, labels={"fail": "Stop the whole Map", "continue": "Use null as its result and continue"}
        ),
    )
    result: Any = Field(
        None,
        title="Result of an item",
        description="Evaluated when the body has finished; otherwise what its last node gave.",
        json_schema_extra=form("template", inside=True),
    )
    body: Body = Field(default=Body(), title="Body", json_schema_extra=form("body"))


def _rules(config: Mapping[str, Any]) -> IterationRules:
    given = config["items"]
    if not isinstance(given, list):
        text = f"`items` must be a list; it is {_described(given)}."
        raise NodeError(ErrorKind.USER, text, code="items_not_a_list")
    items = cast("list[Any]", given)
    if len(items) > MAX_ITEMS:
        text = f"The list of `items` has {len(items):,} items; at most {MAX_ITEMS:,} are allowed."
        raise NodeError(ErrorKind.LIMIT, text, code="too_many_items")
    return IterationRules(
        total=len(items),
        items=items,
        parallel=config.get("max_parallel", 10),
        tolerant=_tolerates(config),
    )


def _tolerates(config: Mapping[str, Any]) -> bool:
    return config.get("on_item_error") == "continue"


def _judge(foreseen: Foreseen) -> list[Problem]:
    items = foreseen.shape("items")
    if items.may_be("list"):
        return []
    written = foreseen.config["items"]
    if isinstance(written, str) and "{{" not in written:
        text = (
            "This is a text, not a list. Write an expression in {{ }}, such as {{ " + _meant(written) + " }}."
        )
    else:
        text = f"This must be a list; it always gives {items.words}. Write one expression that gives a list."
    return [Problem(field="items", code="items_not_a_list", message=text)]


def _meant(written: str) -> str:
    """What the text would be as an expression, if it can be one."""
    try:
        parse(written)
    except ExpressionError:
        return "inputs.names"
    return written[:60] if len(written) <= 60 else "inputs.names"


def _gives(_foreseen: Foreseen) -> Shape:
    return list_of()


def _described(value: Any) -> str:
    names: dict[type[Any], str] = {
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        dict: "an object",
    }
    return "nothing" if value is None else names.get(cast("type[Any]", type(value)), "something else")


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
        rules=_rules,
        gather=_gather,
        locals=frozenset({"item", "index"}),
        result="result",
        items="items",
        tolerates=_tolerates,
    ),
    judge=_judge,
    gives=_gives,
    default_config={"items": "", "body": {"nodes": [], "edges": []}},
)
