"""What a definition names of the tenant, and whether a key may make a flow name it. Whoever writes a flow
decides what its executions reach; so what a key writes may name only what the key may use itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from watchbill.core.errors import Forbidden
from watchbill.core.flow.walk import config_of, nodes_in
from watchbill.features.identity.identity import Identity

_FIELDS = {"agent": "agent_id", "crew": "crew_id", "subflow": "flow_id"}
# Nodes that call tools, and what names them, wherever it stands in their configuration.
_CALLING = ("tool", "agent", "crew")
_TOOLS = ("tool_id", "tool_ids")


@dataclass(frozen=True, slots=True)
class Named:
    """The stored flows that a definition runs, the stored agents and crews that work in it, and the tools
    that its nodes and the agents written in it call."""

    flows: frozenset[UUID]
    people: frozenset[tuple[str, UUID]]
    tools: frozenset[UUID]


def named(definition: object) -> Named:
    """What a definition names, in bodies too."""
    found: set[tuple[str, UUID]] = set()
    tools: set[UUID] = set()
    for _, node in nodes_in(definition):
        kind = node.get("type")
        field = _FIELDS.get(kind) if isinstance(kind, str) else None
        if field and (id_ := uuid_of(config_of(node).get(field))):
            found.add((str(kind), id_))
        if kind in _CALLING:
            tools.update(_tools_in(config_of(node)))
    flows = frozenset(id_ for kind, id_ in found if kind == "subflow")
    return Named(flows, frozenset(one for one in found if one[0] != "subflow"), frozenset(tools))


def demand(identity: Identity, definition: object, before: object = None) -> None:
    """Insist on a key being allowed what it makes a flow name. Agents, crews and tools that the flow named
    before stay its own matter; flows that it runs do not: a new definition may run them in another way.

    Args:
        before: the definition so far, if there is one.

    Raises:
        Forbidden: the key is limited to other flows, or may not read what it names.
    """
    if identity.key_id is None:
        return
    wanted, had = named(definition), named(before)
    if identity.flow_ids is not None and (outside := wanted.flows - identity.flow_ids):
        raise Forbidden(
            f"This key is limited to other flows: it cannot make this flow run the flow {min(outside)}."
            " Give the key that flow too, or let a person change it.",
            code="key_limited",
        )
    if wanted.flows - had.flows:
        identity.demand("flows:read")
    if wanted.people - had.people:
        identity.demand("agents:read")
    if wanted.tools - had.tools:
        identity.demand("tools:read")


def _tools_in(config: object) -> Iterator[UUID]:
    waiting = [config]
    while waiting:
        held = waiting.pop()
        if isinstance(held, Mapping):
            for name, value in cast("Mapping[Any, Any]", held).items():
                waiting.append(value)
                if name in _TOOLS:
                    listed = cast("list[Any]", value) if isinstance(value, list) else [value]
                    yield from filter(None, map(uuid_of, listed))
        elif isinstance(held, list):
            waiting.extend(cast("list[Any]", held))


def uuid_of(value: object) -> UUID | None:
    """The id that a field names, however it is spelled, or None where it names none."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
