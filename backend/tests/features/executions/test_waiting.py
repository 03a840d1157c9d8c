"""A request that waits for the result hears of the end, whenever it comes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from fastapi import FastAPI

from tests.app_state import put
from tests.features.flows.test_flows import make_flow
from tests.features.triggers.firing import make_trigger
from tests.people import Person, checked
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions import cancelling, waiting
from watchbill.features.executions.ports import ExecutionPorts


@dataclass
class EndsAtOnce:
    """Hints to a worker that is faster than the request: the end was heard when the hint has been given."""

    backend: ExecutionPorts
    person: Person

    async def execute(self, scope: TenantScope, execution_id: UUID) -> None:
        async with self.backend.live.ending(scope, execution_id) as ending:
            checked(await self.person.http.post(f"executions/{execution_id}/cancel"), 202)
            await ending.heard.wait()

    async def cancel(self, execution_id: UUID) -> None:
        await self.backend.hints.cancel(execution_id)

    async def wake(self, execution_id: UUID) -> None:
        await self.backend.hints.wake(execution_id)


async def test_an_end_that_comes_before_one_waits_is_heard(
    app: FastAPI, member: Person, monkeypatch: pytest.MonkeyPatch
):
    backend: ExecutionPorts = app.state.executions
    quick = replace(backend, hints=EndsAtOnce(backend, member))
    put(monkeypatch, app.state, "executions", quick)
    # Nothing but the word itself may bring the answer.
    monkeypatch.setattr(waiting, "_LOOK_SECONDS", 3600)
    flow = await make_flow(member)
    ask = {"inputs": {"topic": "tides"}, "options": {"wait_seconds": 120}}
    async with asyncio.timeout(60):
        answer = checked(await member.http.post(f"flows/{flow['id']}/execute", json=ask), 202)
    assert answer["status"] == "cancelled"


async def test_a_database_that_is_away_for_a_moment_does_not_end_the_waiting(
    app: FastAPI, member: Person, monkeypatch: pytest.MonkeyPatch
):
    journal = app.state.executions.journal
    read, away = journal.outcome, iter([True])

    async def outcome(scope: TenantScope, execution_id: UUID) -> object:
        if next(away, False):
            checked(await member.http.post(f"executions/{execution_id}/cancel"), 202)
            raise ConnectionError("PostgreSQL: the database system is starting up")
        return await read(scope, execution_id)

    monkeypatch.setattr(journal, "outcome", outcome)
    monkeypatch.setattr(waiting, "_LOOK_SECONDS", 0.05)
    flow = await make_flow(member)
    ask = {"inputs": {"topic": "tides"}, "options": {"wait_seconds": 120}}
    async with asyncio.timeout(60):
        answer = checked(await member.http.post(f"flows/{flow['id']}/execute", json=ask), 202)
    assert answer["status"] == "cancelled"


async def test_who_cancels_hears_the_end_by_the_word_alone(
    app: FastAPI, member: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cancelling, "WAIT_SECONDS", 3600)
    monkeypatch.setattr(waiting, "_LOOK_SECONDS", 3600)
    flow = await make_flow(member)
    ask = {"inputs": {"topic": "x"}}
    begun = checked(await member.http.post(f"flows/{flow['id']}/execute", json=ask), 202)
    async with asyncio.timeout(60):
        answer = checked(await member.http.post(f"executions/{begun['id']}/cancel"), 202)
    assert answer["status"] == "cancelled"


async def test_a_call_whose_execution_ended_before_it_waits_is_answered(
    app: FastAPI, member: Person, monkeypatch: pytest.MonkeyPatch
):
    backend: ExecutionPorts = app.state.executions
    put(monkeypatch, app.state, "executions", replace(backend, hints=EndsAtOnce(backend, member)))
    monkeypatch.setattr(waiting, "_LOOK_SECONDS", 3600)
    webhook = {"signing": "none", "answer": "result", "wait_seconds": 120}
    hook = await make_trigger(member, webhook=webhook, inputs={"topic": "x"})
    async with asyncio.timeout(60):
        answer = checked(await member.http.post(f"http://test{hook['path']}", json={}), 200)
    assert answer["status"] == "cancelled"
