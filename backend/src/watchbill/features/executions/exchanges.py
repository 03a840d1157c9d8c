"""Reading what the nodes of an execution exchanged with models, tools and other services."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.history import History, Read
from watchbill.features.executions.schemas import ExchangeOut, ExchangePage

NodePath = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[a-z0-9_.\[\]]+$")]


async def page(
    history: History,
    scope: TenantScope,
    execution_id: UUID,
    *,
    nodes: Sequence[str],
    after: int,
    limit: int,
    read: Read,
) -> ExchangePage:
    """Exchanges of these nodes (of all when none is named) with seq > after, and where to go on."""
    found, more = await history.exchanges(
        scope, execution_id, nodes=nodes, after=after, limit=limit, read=read
    )
    items: list[ExchangeOut] = []
    for one in found:
        told = {**one.body, "seq": one.seq, "node_id": one.body["type"], "timestamp": one.created_at}
        items.append(ExchangeOut.model_validate(told))
        await asyncio.sleep(0)
    return ExchangePage(items=items, next_after=items[-1].seq if more and items else None)
