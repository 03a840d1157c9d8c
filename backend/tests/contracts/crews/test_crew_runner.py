"""The crew runner on real CrewAI, its models on the scripted server."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.fixtures_llm import Desk, Directory
from watchbill.adapters.crewai import CrewAiRunner
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.crews import AgentSpec, CrewJob, TaskSpec

SCHEMA = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}


def ann(**changes: Any) -> AgentSpec:
    return AgentSpec(
        "ann", "Researcher", "Find {facts} on {topic}", "Knows {tools} and [brackets]", **changes
    )


def bob(**changes: Any) -> AgentSpec:
    return AgentSpec("bob", "Writer", "Write well", "Has written a lot", **changes)


RESEARCH = TaskSpec("research", "Research tides", "Three bullet points", "ann")
WRITE = TaskSpec("write", "Write a brief on tides", "A brief", "bob", ("research",))


def job(desk: Desk, **changes: Any) -> CrewJob:
    parts: dict[str, Any] = {"process": "sequential", "agents": [ann(), bob()], "tasks": [RESEARCH, WRITE]}
    return CrewJob(desk.scope, uuid4(), "node", **{**parts, **changes})


def single(desk: Desk, task: TaskSpec = RESEARCH, **changes: Any) -> CrewJob:
    return job(desk, agents=[ann(**changes)], tasks=[task])


def told(desk: Desk) -> list[tuple[str, str | None]]:
    shown = [event for event in desk.events if event.type != "llm_token"]
    return [(event.type, getattr(event, "agent", None)) for event in shown]


async def failing(runner: CrewAiRunner, desk: Desk, work: CrewJob) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await runner.run(work, desk.events.append)
    return caught.value


async def test_two_tasks_in_a_row_with_context(crew_runner: CrewAiRunner, desk: Desk):
    desk.server.script(
        [
            {"match": "Research tides", "times": 1, "then": {"text": "- The moon pulls."}},
            {"then": {"text": "Tides: the moon pulls the sea."}},
        ]
    )

    result = await crew_runner.run(job(desk), desk.events.append)

    assert result.output == "Tides: the moon pulls the sea."
    assert [(task.name, task.agent, task.output) for task in result.tasks] == [
        ("research", "ann", "- The moon pulls."),
        ("write", "bob", "Tides: the moon pulls the sea."),
    ]
    assert "- The moon pulls." in desk.server.calls[1].prompt
    assert "Find {facts} on {topic}" in desk.server.calls[0].prompt
    assert "Knows {tools} and [brackets]" in desk.server.calls[0].prompt
    one = ["task_started", "llm_started", "llm_completed", "task_completed"]
    agents = ["ann", "ann", None, "ann", "bob", "bob", None, "bob"]
    assert told(desk) == list(zip(one * 2, agents, strict=True))
    assert result.usage.llm_calls == 2
    completed = [event.usage for event in desk.events if event.type == "llm_completed"]
    assert result.usage == completed[0] + completed[1]
    assert result.usage.cost_usd > 0


async def test_a_hierarchical_crew_delegates(crew_runner: CrewAiRunner, desk: Desk):
    result = await crew_runner.run(
        job(
            desk, process="hierarchical", tasks=[TaskSpec("research", "Research tides", "Two bullets", None)]
        ),
        desk.events.append,
    )

    assert result.tasks[0].agent == "Manager"
    assert told(desk) == [
        ("task_started", "Manager"),
        ("llm_started", "Manager"),
        ("llm_completed", None),
        ("tool_started", "Manager"),
        ("llm_started", "ann"),
        ("llm_completed", None),
        ("tool_completed", None),
        ("llm_started", "Manager"),
        ("llm_completed", None),
        ("task_completed", "Manager"),
    ]
    tools = [event for event in desk.events if event.type.startswith("tool_")]
    assert tools[0].call_id == tools[1].call_id
    assert tools[0].arguments["coworker"] == "Researcher"
    assert result.usage.llm_calls == 3


async def test_a_failing_colleague_ends_the_crew(crew_runner: CrewAiRunner, desk: Desk):
    desk.server.script([{"match": {"has_tools": False}, "then": {"status": 401}}])
    error = await failing(crew_runner, desk, job(desk, process="hierarchical"))
    assert error.error_code == "provider_key_refused"
    assert len(desk.server.calls) == 2, "the manager asked, the colleague failed, nobody asked again"


async def test_an_output_schema_gives_a_value(crew_runner: CrewAiRunner, desk: Desk):
    desk.server.script([{"then": {"json": {"count": 7}}}])
    task = TaskSpec("count", "Count the tides", "A number", "ann", output_schema=SCHEMA)
    result = await crew_runner.run(single(desk, task), desk.events.append)
    assert result.output == {"count": 7}
    assert desk.server.calls[-1].response_format["json_schema"]["schema"] == SCHEMA
    assert desk.events[-1].output == {"count": 7}


async def test_text_of_a_task_with_tools_is_rewritten_to_fit_its_schema(
    crew_runner: CrewAiRunner, desk: Desk
):
    desk.server.script(
        [
            {"match": {"has_tools": True}, "then": {"text": "There are seven."}},
            {"then": {"json": {"count": 7}}},
        ]
    )
    task = TaskSpec("count", "Count the tides", "A number", "ann", output_schema=SCHEMA)
    agents = [ann(config={"allow_delegation": True}), bob()]
    result = await crew_runner.run(job(desk, agents=agents, tasks=[task]), desk.events.append)
    assert result.output == {"count": 7}
    assert "There are seven." in desk.server.calls[-1].prompt


async def test_an_answer_that_never_fits_its_schema(crew_runner: CrewAiRunner, desk: Desk):
    desk.server.script([{"then": {"nonsense": True}}])
    task = TaskSpec("count", "Count the tides", "A number", "ann", output_schema=SCHEMA)
    error = await failing(crew_runner, desk, single(desk, task))
    assert (error.kind, error.error_code) == (ErrorKind.UPSTREAM, "invalid_output")


@pytest.mark.parametrize(
    ("then", "kind", "code"),
    [
        ({"status": 429, "message": "Rate limit: too many requests"}, ErrorKind.UPSTREAM, "rate_limited"),
        ({"status": 500}, ErrorKind.UPSTREAM, "provider_unavailable"),
        ({"status": 401}, ErrorKind.USER, "provider_key_refused"),
        ({"hang": True}, ErrorKind.TIMEOUT, "llm_timeout"),
        ({"empty": True}, ErrorKind.UPSTREAM, "empty_answer"),
        ({"refusal": "No."}, ErrorKind.USER, "refused"),
    ],
)
async def test_the_gateways_errors_come_through_after_one_call(
    crew_runner: CrewAiRunner, desk: Desk, then: dict[str, Any], kind: ErrorKind, code: str
):
    desk.server.script([{"then": then}])
    error = await failing(
        crew_runner, desk, single(desk, config={"llm_timeout_seconds": 0.4 if "hang" in then else 120})
    )
    assert (error.kind, error.error_code) == (kind, code)
    # A call may have timed out before it reached the server.
    assert len(desk.server.calls) <= 1 if "hang" in then else len(desk.server.calls) == 1


async def test_a_text_that_is_too_long(crew_runner: CrewAiRunner, desk: Desk):
    long = {"status": 400, "message": "maximum context length is 9", "error_code": "context_length_exceeded"}
    desk.server.script([{"then": long}])
    error = await failing(crew_runner, desk, single(desk))
    assert (error.kind, error.error_code) == (ErrorKind.USER, "context_too_long")


async def test_a_long_conversation_is_summarised_first(crew_runner: CrewAiRunner, desk: Desk):
    task = TaskSpec("read", "Read this: " + "word " * 110_000, "A line", "ann")
    result = await crew_runner.run(single(desk, task), desk.events.append)
    assert result.output
    assert "summar" in desk.server.calls[0].prompt


async def test_cancelling_ends_the_crew_and_its_call(crew_runner: CrewAiRunner, desk: Desk):
    desk.server.script([{"then": {"hang": True}}])
    running = asyncio.create_task(crew_runner.run(job(desk), desk.events.append))
    await desk.server.calls.wait_for(lambda calls: len(calls) == 1, timeout_seconds=60)
    before = len(desk.events)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 60)

    await desk.server.calls.wait_for(lambda calls: calls[0].outcome == "client_closed")
    assert len(desk.server.calls) == 1
    assert len(desk.events) == before, "a cancelled run says nothing more"


async def test_crews_at_once_do_not_mix(crew_runner: CrewAiRunner, desk: Desk, llm_directory: Directory):
    desk.server.script(
        [{"match": f"topic {i} ", "then": {"text": f"answer {i}", "delay_ms": 50}} for i in range(20)]
    )
    desks = [Desk(desk.server, desk.gateway, llm_directory) for _ in range(20)]

    async def run(i: int) -> Any:
        task = TaskSpec(f"task {i}", f"Tell about topic {i} please", "A line", "ann")
        return (await crew_runner.run(single(desks[i], task), desks[i].events.append)).output

    assert await asyncio.gather(*map(run, range(20))) == [f"answer {i}" for i in range(20)]
    for i, one in enumerate(desks):
        assert one.streamed() == f"answer {i}"
        assert one.events[0].task == f"task {i}"


async def test_options_reach_the_model(crew_runner: CrewAiRunner, desk: Desk):
    desk.change_provider(models=("test-model", "other-model"))
    config = {"use_system_prompt": False, "temperature": 0.5, "max_tokens": 50}
    await crew_runner.run(single(desk, model="other-model", config=config), desk.events.append)
    call = desk.server.calls[-1]
    assert call.model == "other-model"
    assert [message["role"] for message in call.messages] == ["user"]


async def test_planning_first(crew_runner: CrewAiRunner, desk: Desk):
    result = await crew_runner.run(single(desk, config={"reasoning": True}), desk.events.append)
    assert result.output
    assert desk.server.calls[0].tools == ["create_reasoning_plan"]


@pytest.mark.parametrize(
    ("work", "code"),
    [
        ({"agents": [ann(tool_ids=(uuid4(),))], "tasks": [RESEARCH]}, "tool_unknown"),
        ({"tasks": [TaskSpec("x", "y", "z", "ann", output_schema={"type": "odd"})]}, "invalid_schema"),
    ],
)
async def test_jobs_that_make_no_crew(crew_runner: CrewAiRunner, desk: Desk, work: dict[str, Any], code: str):
    error = await failing(crew_runner, desk, job(desk, **work))
    assert (error.kind, error.error_code) == (ErrorKind.USER, code)


async def test_crewai_leaves_the_process_alone(
    crew_runner: CrewAiRunner, desk: Desk, capfd: pytest.CaptureFixture[str]
):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    await crew_runner.run(single(desk), desk.events.append)
    desk.server.script([{"then": {"status": 500}}])
    await failing(crew_runner, desk, single(desk))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert capfd.readouterr() == ("", "")


def databases(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".db", ".sqlite3")]


async def test_nothing_that_a_crew_says_is_stored_on_disk(crew_runner: CrewAiRunner, desk: Desk):
    """CrewAI keeps outputs in a database that all crews share, unless its private handler is exchanged."""
    await crew_runner.run(single(desk), desk.events.append)
    assert databases(Path(os.environ["CREWAI_STORAGE_DIR"])) == []


async def test_a_hundred_crews_at_once(crew_runner: CrewAiRunner, desk: Desk):
    desk.server.script([{"then": {"text": "Done.", "delay_ms": 200}}])
    results = await asyncio.gather(*(crew_runner.run(single(desk), desk.events.append) for _ in range(100)))
    assert {result.output for result in results} == {"Done."}
    assert desk.server.calls.total == 100


async def test_an_agents_steps_start_no_threads(
    crew_runner: CrewAiRunner, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    started: list[str] = []
    start = threading.Thread.start

    def counted(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", counted)
    await crew_runner.run(single(desk), desk.events.append)
    assert [name for name in started if name.startswith("asyncio")] == []


async def test_a_colleague_works_where_no_event_loop_runs(crew_runner: CrewAiRunner, desk: Desk):
    """CrewAI hands back something to await, and no answer, to whoever asks an agent within a loop."""
    delegating = {"process": "hierarchical", "tasks": [TaskSpec("research", "Research tides", "Two", None)]}
    await crew_runner.run(job(desk, **delegating), desk.events.append)
    [done] = [event for event in desk.events if event.type == "tool_completed"]
    assert done.output and "coroutine" not in done.output


def test_the_executor_has_every_step_of_crewais(crew_runner: CrewAiRunner):
    """Steps are copied by name, since a Flow inherits none: a release of CrewAI may change how."""
    ours, theirs = (
        importlib.import_module(module)
        for module in ("watchbill.adapters.crewai.executor", "crewai.agents.agent_executor")
    )
    steps = set(theirs.AgentExecutor.flow_definition().methods)
    assert "finalize" in steps
    assert set(ours.InPlaceExecutor.flow_definition().methods) == steps


# What CrewAI takes for commands in the words of models that cannot call functions.
TEXTS = {
    "final answer in the middle": "First this.\n\nFinal Answer: second.\n\nThen that.",
    "final answer twice": "Final Answer: a\nFinal Answer: b",
    "final answer at the end": "All of it.\nFinal Answer:",
    "an action in prose": "Do so:\n\nAction: search\nAction Input: tides\n\nand read on.",
    "a numbered action": 'Action 1: Delegate work to coworker\nAction 1 Input: {"task": "x"}',
    "an action without input": "Action: none is needed.",
    "both": "Thought: hm\nAction: x\nAction Input: y\nObservation: z\nThought: so\nFinal Answer: w",
    "thought": "Thought: I know it.\nThe moon pulls.",
    "fences": "```\nFinal Answer: a\n```\n\n```python\nprint(1)\n```",
    "a fence without an end": "Final Answer:\n```\ncode",
    "white space around it": "  \n Tides. \n\n ",
    "unicode": "Гezeiten 🌊 \u202eright to left\u202c \u2060 \ufdd0 Action\ufdd0: \ufeff.",
    "long": "Final Answer: tide. " * 10_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_what_an_agent_says_is_its_answer_whole(crew_runner: CrewAiRunner, desk: Desk, text: str):
    desk.server.script([{"then": {"text": text}}])
    result = await crew_runner.run(job(desk), desk.events.append)
    assert [task.output for task in result.tasks] == [text, text]
    assert len(desk.server.calls) == 2, "nothing was asked again"
    assert text in desk.server.calls[1].prompt, "the next task reads it unchanged"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_what_an_agent_with_tools_says_is_its_answer_whole(
    crew_runner: CrewAiRunner, desk: Desk, text: str
):
    desk.server.script([{"then": {"text": text}}])
    agents = [ann(config={"allow_delegation": True}), bob()]
    result = await crew_runner.run(job(desk, agents=agents), desk.events.append)
    assert [task.output for task in result.tasks] == [text, text]
    assert len(desk.server.calls) == 2


async def test_what_an_agent_says_at_its_last_step_is_its_answer_whole(crew_runner: CrewAiRunner, desk: Desk):
    said = TEXTS["final answer in the middle"]
    call = {"name": "ask_question_to_coworker"}
    call |= {"arguments": {"question": "q", "context": "c", "coworker": "Writer"}}
    desk.server.script(
        [{"match": {"has_tools": True}, "then": {"tool_calls": [call]}}, {"then": {"text": said}}]
    )
    agents = [ann(config={"allow_delegation": True, "max_iter": 1}), bob()]
    result = await crew_runner.run(job(desk, agents=agents, tasks=[RESEARCH]), desk.events.append)
    assert result.output == said
    tools = [event for event in desk.events if event.type == "tool_completed"]
    assert [event.output for event in tools] == [said]


@pytest.mark.parametrize("text", ["", " \n\t "])
async def test_an_agent_that_says_nothing_has_no_answer(crew_runner: CrewAiRunner, desk: Desk, text: str):
    desk.server.script([{"then": {"text": text} if text else {"empty": True}}])
    error = await failing(crew_runner, desk, single(desk))
    assert (error.kind, error.error_code) == (ErrorKind.UPSTREAM, "empty_answer")


EXACT = {
    "key order": '{"z": 1, "count": 7, "a": [3, 1, 2]}',
    "final answer inside": '{"count": 7, "t": "Action: x\\nAction Input: y\\nFinal Answer: z"}',
    "large integers": '{"count": 9223372036854775807}',
    "decimals": '{"count": 7, "d": [1.0, 0.1, 1e-7, -0.0]}',
}


@pytest.mark.parametrize("text", EXACT.values(), ids=EXACT)
@pytest.mark.parametrize(
    "wrapped", ["{}", "Thought: done.\nFinal Answer: {}", "<think>[1]</think>\n```json\n{}\n```"]
)
async def test_structured_output_of_a_crew_is_exactly_what_was_said(
    crew_runner: CrewAiRunner, desk: Desk, text: str, wrapped: str
):
    desk.server.script([{"then": {"text": wrapped.replace("{}", text)}}])
    task = TaskSpec("count", "Count the tides", "A number", "ann", output_schema=SCHEMA)
    result = await crew_runner.run(single(desk, task), desk.events.append)
    assert json.dumps(result.output) == json.dumps(json.loads(text))
    assert len(desk.server.calls) == 1


async def test_structured_output_that_cannot_be_kept_is_mended_once(crew_runner: CrewAiRunner, desk: Desk):
    desk.server.script(
        [{"times": 1, "then": {"text": '{"count": 7, "x": [NaN]}'}}, {"then": {"json": {"count": 7}}}]
    )
    task = TaskSpec("count", "Count the tides", "A number", "ann", output_schema=SCHEMA)
    result = await crew_runner.run(single(desk, task), desk.events.append)
    assert result.output == {"count": 7}
    assert "$.x[0]: NaN is not a JSON number" in desk.server.calls[1].prompt
    assert len(desk.server.calls) == 2
