"""Agents with the tenant's tools, on real CrewAI."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

from tests.contracts.crews.test_crew_runner import RESEARCH, ann, bob, failing, job, single
from tests.fixtures_llm import CrewTools, Desk
from watchbill.adapters.crewai import CrewAiRunner
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.crews import AgentSpec, TaskSpec

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Oslo", "Rome"]}},
    "required": ["city"],
    "additionalProperties": False,
}


def calling(*tools: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"tool_calls": [{"name": name, "arguments": given} for name, given in tools]}


async def test_an_agent_calls_a_tool_and_reads_what_it_gives(
    crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk
):
    weather = crew_tools.add("weather", lambda city: {"city": city, "degrees": 21.0}, CITY)
    desk.server.script(
        [{"times": 1, "then": calling(("weather", {"city": "Rome"}))}, {"then": {"text": "It is warm."}}]
    )
    result = await crew_runner.run(single(desk, tool_ids=(weather,)), desk.events.append)
    assert result.output == "It is warm."
    (use,) = crew_tools.uses
    assert (use.scope, use.arguments, use.agent) == (desk.scope, {"city": "Rome"}, "ann")
    first, second = desk.server.calls
    assert first.tools == ["weather"]
    assert json.loads(second.messages[-1]["content"]) == {"city": "Rome", "degrees": 21.0}
    # What a model is told of the tool is what the tenant wrote.
    told = first.offered[0]["function"]
    assert told == {"name": "weather", "description": "About weather", "parameters": CITY}


async def test_an_error_goes_back_to_the_agent(crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk):
    def fail(**_: Any) -> None:
        raise NodeError(ErrorKind.USER, "There is no such city.", code="tool_failed")

    broken = crew_tools.add("weather", fail, CITY)
    desk.server.script(
        [{"times": 1, "then": calling(("weather", {"city": "Oslo"}))}, {"then": {"text": "Nobody knows."}}]
    )
    result = await crew_runner.run(single(desk, tool_ids=(broken,)), desk.events.append)
    assert result.output == "Nobody knows."
    assert desk.server.calls[1].messages[-1]["content"] == "Error: There is no such city."


async def test_the_same_call_that_fails_three_times_in_a_row_ends_the_crew(
    crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk
):
    def fail(**_: Any) -> None:
        raise NodeError(ErrorKind.UPSTREAM, "The server is away.", code="http_failed")

    broken = crew_tools.add("weather", fail, CITY)
    desk.server.script([{"then": calling(("weather", {"city": "Oslo"}))}])
    error = await failing(crew_runner, desk, single(desk, tool_ids=(broken,)))
    assert (error.kind, error.error_code) == (ErrorKind.UPSTREAM, "tool_failed_repeatedly")
    assert "`weather` 3 times in a row" in error.detail and "The server is away." in error.detail
    assert len(crew_tools.uses) == 3


async def test_other_calls_between_failures_begin_the_count_anew(
    crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk
):
    def some(city: str) -> str:
        if city == "Oslo":
            raise NodeError(ErrorKind.USER, "No.", code="tool_failed")
        return "Yes."

    tool = crew_tools.add("weather", some, CITY)
    oslo, rome = calling(("weather", {"city": "Oslo"})), calling(("weather", {"city": "Rome"}))
    turns = [oslo, oslo, rome, oslo, oslo, {"text": "Done."}]
    desk.server.script([{"times": 1, "then": then} for then in turns])
    result = await crew_runner.run(single(desk, tool_ids=(tool,)), desk.events.append)
    assert result.output == "Done." and len(crew_tools.uses) == 5


async def test_a_retry_passes_the_same_keys_and_each_call_its_own(
    crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk
):
    tool = crew_tools.add("weather", lambda city: city, CITY)
    rome = calling(("weather", {"city": "Rome"}))
    keys: list[list[str]] = []
    for node_key in ("a", "a", "b"):
        desk.server.script([{"times": 2, "then": rome}, {"then": {"text": "Done."}}])
        crew_tools.uses.clear()
        work = job(desk, agents=[ann(tool_ids=(tool,))], tasks=[RESEARCH], idempotency_key=node_key)
        await crew_runner.run(work, desk.events.append)
        keys.append([use.key for use in crew_tools.uses])
    assert keys[0] == keys[1]
    assert len({key for some in keys for key in some}) == 4


async def test_tools_of_a_task_come_to_those_of_its_agent(
    crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk
):
    ids = [crew_tools.add(name, lambda **_: "", CITY) for name in ("weather", "weather", "news")]
    task = TaskSpec("research", "Research tides", "Bullets", "ann", tool_ids=tuple(ids[1:]))
    work = job(desk, agents=[ann(tool_ids=(ids[0],))], tasks=[task])
    await crew_runner.run(work, desk.events.append)
    assert desk.server.calls[0].tools == ["weather", "weather_2", "news"]


async def test_a_tenants_tool_cannot_pass_for_one_of_crewai(
    crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk
):
    tool = crew_tools.add("delegate_work_to_coworker", lambda **_: "", CITY)
    await crew_runner.run(single(desk, tool_ids=(tool,)), desk.events.append)
    assert desk.server.calls[0].tools == ["delegate_work_to_coworker_2"]


async def test_cancelling_ends_a_tool_at_work(crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait(**_: Any) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tool = crew_tools.add("wait", wait, {"type": "object", "properties": {}})
    desk.server.script([{"then": calling(("wait", {}))}])
    running = asyncio.create_task(crew_runner.run(single(desk, tool_ids=(tool,)), desk.events.append))
    await begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await ended.wait()
    assert running.cancelled()


async def test_a_manager_has_no_tools_and_its_crew_has(
    crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk
):
    tool: UUID = crew_tools.add("weather", lambda **_: "", CITY)
    boss = AgentSpec("boss", "Boss", "Lead", "", tool_ids=(tool,))
    task = TaskSpec("research", "Research tides", "Two bullets", None)
    work = job(desk, process="hierarchical", agents=[ann(tool_ids=(tool,))], tasks=[task], manager=boss)
    result = await crew_runner.run(work, desk.events.append)
    assert result.tasks[0].agent == "boss"
    assert "weather" not in desk.server.calls[0].tools and "weather" in desk.server.calls[1].tools


async def test_a_crew_has_no_more_tools_than_a_model_takes(
    crew_runner: CrewAiRunner, crew_tools: CrewTools, desk: Desk
):
    ids = [crew_tools.add(f"tool_{number}", lambda **_: "", CITY) for number in range(129)]
    agents = [ann(tool_ids=tuple(ids[:100])), bob(tool_ids=tuple(ids[100:]))]
    error = await failing(crew_runner, desk, job(desk, agents=agents))
    assert (error.kind, error.error_code) == (ErrorKind.LIMIT, "too_many_tools")
