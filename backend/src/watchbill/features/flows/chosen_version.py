"""Which version of a flow to run, and its definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, NotFound
from watchbill.features.flows import queries

Wanted = Literal["draft", "published"] | int | None


@dataclass(frozen=True, slots=True)
class ChosenVersion:
    """A version of a flow that is to be run; the draft has no `version`. `edited` tells one state of the
    draft from another. `limit` is how many executions of the flow may run at a time. `seen` is when the flow
    had last been changed: while that holds, so does all of this."""

    flow_id: UUID
    flow_name: str
    version: int | None
    edited: tuple[int, datetime] | None
    limit: int | None
    seen: datetime = field(compare=False)


async def choose(session: AsyncSession, flow_id: UUID, wanted: Wanted) -> ChosenVersion:
    """What to run. Nothing wanted means the newest published version, or the draft while there is none.

    Raises:
        NotFound: there is no such flow, or it has not been published.
        Conflict: it is switched off.
    """
    flow = await queries.outline(session, flow_id)
    if flow is None:
        raise NotFound("There is no such flow.")
    if not flow.is_active:
        raise Conflict("This flow is switched off. Switch it on to run it.", code="flow_inactive")
    if wanted == "published" and flow.published_version is None:
        raise NotFound("The flow has not been published yet.", code="not_published")
    version = wanted if isinstance(wanted, int) else None if wanted == "draft" else flow.published_version
    edited = (flow.version, flow.updated_at) if version is None else None
    return ChosenVersion(flow_id, flow.name, version, edited, flow.max_running, flow.updated_at)


async def definition(session: AsyncSession, chosen: ChosenVersion) -> dict[str, Any]:
    """The definition of what was chosen.

    Raises:
        NotFound: the flow has no version of that number, or was deleted a moment ago.
    """
    if chosen.version is None:
        flow = await queries.by_id(session, chosen.flow_id)
        if flow is None:
            raise NotFound("There is no such flow.")
        return flow.definition
    found = await queries.version(session, chosen.flow_id, chosen.version)
    if found is None:
        raise NotFound(f"The flow has no version {chosen.version}.")
    return found.definition
