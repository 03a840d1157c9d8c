"""What a definition names of the tenant, and whether a key may make a flow name it. Whoever writes a flow
decides what its executions reach; so what a key writes may name only what the key may use itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from watchbill.core.errors import Forbidden
from watchbill.core.flow.walk import config_of, nodes_in
from watchbill.features.identity.identity import Identity

_FIELDS = {"agent": "agent_id", "crew": "crew_id", "subflow": "flow_id"}


@dataclass(frozen=True, slots=True)
class Named:
    """The stored flows that a definition runs, and the stored agents and crews that work in it."""

    flows: frozenset[UUID]
    people: frozenset[tuple[str, UUID]]


def named(definition: object) -> Named:
    """What a definition names, in bodies too."""
    found: set[tuple[str, UUID]] = set()
    for _, node in nodes_in(definition):
        kind = node.get("type")
        field = _FIELDS.get(kind) if isinstance(kind, str) else None
        if field and (id_ := uuid_of(config_of(node).get(field))):
            found.add((str(kind), id_))
    flows = frozenset(id_ for kind, id_ in found if kind == "subflow")
    return Named(flows, frozenset(one for one in found if one[0] != "subflow"))


def demand(identity: Identity, definition: object, before: object = None) -> None:
    """Insist on a key being allowed what it makes a flow name. Agents and crews that the flow named before
    stay its own matter; flows that it runs do not: a new definition may run them in another way.

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


def uuid_of(value: object) -> UUID | None:
    """The id that a field names, however it is spelled, or None where it names none."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
