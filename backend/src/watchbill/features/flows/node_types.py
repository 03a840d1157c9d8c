"""/node-types: what an editor needs to offer, draw and configure every node type."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel

from watchbill.core.node_types import Group, NodeType
from watchbill.features.identity.access import Access, require
from watchbill.kit.requests.bodies import BodyRoute
from watchbill.nodes.registry import NODE_TYPES

router = APIRouter(tags=["flows"], route_class=BodyRoute)


class FixedHandles(BaseModel):
    """The same outgoing handles for every node; null is the default one."""

    fixed: list[str | None]


class ListedHandles(BaseModel):
    """One outgoing handle per item of `config[list]`, named by its field `name`, and `config[otherwise]`."""

    list: str
    name: str
    otherwise: str


class BodyInfo(BaseModel):
    """A node type whose nodes run others: the config field that holds them, the names their expressions may
    read besides inputs and nodes, and whether they see nothing of what is around."""

    field: str
    locals: list[str]
    isolated: bool


class NodeTypeInfo(BaseModel):
    """A node type as an editor sees it. `keywords` are other words that people look for it by."""

    kind: str
    title: str
    description: str
    group: Group
    icon: str
    keywords: list[str]
    accepts_input: bool
    limit: int | None
    pure: bool
    runs: bool
    waits: bool
    body: BodyInfo | None
    config_schema: dict[str, Any]
    handles: FixedHandles | ListedHandles
    default_config: dict[str, Any]


class NodeTypes(BaseModel):
    """Every node type, in the order of a palette."""

    items: list[NodeTypeInfo]


@router.get("/node-types")
async def list_node_types(access: Annotated[Access, require("flows:read", "open")]) -> NodeTypes:
    """Every node type with the JSON Schema of its configuration."""
    return NodeTypes(items=_ITEMS)


def describe(node_type: NodeType) -> NodeTypeInfo:
    """The node type as an editor sees it."""
    return NodeTypeInfo(
        kind=node_type.kind,
        title=node_type.title,
        description=node_type.description,
        group=node_type.group,
        icon=node_type.icon,
        keywords=list(node_type.keywords),
        accepts_input=node_type.accepts_input,
        limit=node_type.limit,
        pure=node_type.pure,
        runs=node_type.runs,
        waits=node_type.wait is not None,
        body=_body(node_type),
        config_schema=node_type.config.model_json_schema(by_alias=True),
        handles=ListedHandles(**node_type.listed_handles)
        if node_type.listed_handles
        else FixedHandles(fixed=list(node_type.fixed_handles)),
        default_config=dict(node_type.default_config),
    )


def _body(node_type: NodeType) -> BodyInfo | None:
    body = node_type.body
    if body is None:
        return None
    return BodyInfo(field=body.field, locals=sorted(body.locals), isolated=body.isolated)


_ITEMS = [describe(node_type) for node_type in NODE_TYPES.values()]
