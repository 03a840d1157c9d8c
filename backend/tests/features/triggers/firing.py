"""Making triggers, and letting workers fire what is due."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.features.flows.test_flows import make_flow
from tests.people import Person, checked
from watchbill.features.triggers.scheduler import Scheduler
from watchbill.kit.database.transactions import Database
from watchbill.kit.due_work import DueWork

CRON = {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}


class Hints:
    """What workers were told."""

    def __init__(self) -> None:
        self.executed: list[UUID] = []
        self.cancelled: list[UUID] = []

    async def execute(self, scope: object, execution_id: UUID) -> None:
        self.executed.append(execution_id)

    async def cancel(self, execution_id: UUID) -> None:
        self.cancelled.append(execution_id)


async def make_trigger(person: Person, flow_id: str | None = None, **form: Any) -> dict[str, Any]:
    flow_id = flow_id or (await make_flow(person))["id"]
    return checked(await person.http.post("triggers", json={"flow_id": flow_id, "name": "t", **form}), 201)


async def make_schedule(person: Person, flow_id: str | None = None, **rules: Any) -> dict[str, Any]:
    inputs = {"topic": "at {{ inputs.scheduled_at }}"}
    return await make_trigger(person, flow_id, schedule=CRON | rules, inputs=inputs)


def schedules(database: Database, hints: Hints, now: datetime) -> DueWork:
    """What a worker does about schedules."""
    return DueWork(database, [Scheduler(hints, lambda: now).kind], now=lambda: now)


async def fire(database: Database, now: datetime, workers: int = 1) -> Hints:
    """Let workers fire everything that is due at this time."""
    hints = Hints()

    async def work() -> None:
        await schedules(database, hints, now).drain()

    await asyncio.gather(*(work() for _ in range(workers)))
    return hints


async def firings(person: Person, trigger: dict[str, Any]) -> list[dict[str, Any]]:
    """Oldest first."""
    found = checked(await person.http.get(f"triggers/{trigger['id']}/firings"))["items"]
    return sorted(found, key=lambda firing: firing["at"])


def at(trigger: dict[str, Any], **later: float) -> datetime:
    return datetime.fromisoformat(trigger["next_at"]) + timedelta(**later)


async def end(database: Database, person: Person, execution_id: str, status: str = "completed") -> None:
    """What a worker does at the end, as far as others see it."""
    async with database.transaction(person.scope) as work:
        values = {"id": execution_id, "status": status}
        await work.session.execute(text("UPDATE executions SET status = :status WHERE id = :id"), values)
        gone = text("DELETE FROM public.active_executions WHERE execution_id = :id")
        await work.session.execute(gone, {"id": execution_id})
