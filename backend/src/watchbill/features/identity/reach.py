"""What a key may reach. Limits follow what a request names, in its path or in its body."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Forbidden
from watchbill.features.identity.identity import Identity
from watchbill.features.identity.keys import queries
from watchbill.features.identity.permissions import Permission

# What a key may be given that is limited to some flows: what is about flows, their triggers, executions
# and notifications.
FOR_FLOWS: frozenset[Permission] = frozenset(
    (
        "profile:read",
        "flows:read",
        "flows:write",
        "flows:execute",
        "triggers:read",
        "triggers:write",
        "executions:read",
        "executions:write",
        "notifications:read",
        "notifications:write",
    )
)
# How a route keeps a limited key to its flows. "path": the path names a flow, or something of one. "route":
# the route's own code looks at what the body or query names. "open": it shows nothing that is a tenant's.
Judged = Literal["path", "route", "open"]


async def stay_within(
    session: AsyncSession, identity: Identity, judged: Judged, path: Mapping[str, str]
) -> None:
    """Keep a key that is limited to some flows to what is about those. A route is judged by its path unless
    it says otherwise, and what names no flow is refused: a new route is closed until somebody thinks of it.

    Raises:
        Forbidden: it is about something else.
    """
    if identity.flow_ids is None or judged != "path":
        return
    flow_id = _id(path["flow_id"]) if "flow_id" in path else None
    for name, table in queries.OF_A_FLOW.items():
        if name in path and (id_ := _id(path[name])):
            flow_id = await queries.flow_of(session, identity.scope, table, id_)
    demand_flows(identity, (flow_id,))


def demand_flows(identity: Identity, flow_ids: Iterable[UUID | None]) -> None:
    """Insist on a key being allowed every one of these flows; None stands for what is no flow's.

    Raises:
        Forbidden: the key is limited to other flows.
    """
    if identity.flow_ids is not None and not identity.flow_ids.issuperset(flow_ids):
        raise Forbidden("This key is limited to other flows.", code="key_limited")


def demand_no_limit(identity: Identity, what: str) -> None:
    """Insist on a key that is not limited to flows.

    Raises:
        Forbidden: it is; `what` says in words what it may not do.
    """
    if identity.flow_ids is not None:
        raise Forbidden(f"This key is limited to some flows: it cannot {what}.", code="key_limited")


def demand_person_for_admins(identity: Identity, role: str) -> None:
    """Insist on a person where somebody is to become an admin: an admin may more than any key.

    Raises:
        Forbidden: a key is asking.
    """
    if role == "admin" and identity.key_id is not None:
        raise Forbidden("Only a person who is signed in may make admins, not a key.", code="person_needed")


def only(identity: Identity, flow_id: UUID | None = None) -> Collection[UUID] | None:
    """Which flows a list may be about: those that are wanted and that the key may reach; None for any."""
    if flow_id is None:
        return identity.flow_ids
    within = identity.flow_ids is None or flow_id in identity.flow_ids
    return (flow_id,) if within else ()


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
