"""CrewAI's agents, tasks and crews, made from a job: new instances for every job, never shared."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, Self
from uuid import UUID

from crewai import Agent, Crew, Process, Task
from crewai.agent.planning_config import PlanningConfig
from crewai.hooks.dispatch import HookAborted
from pydantic import PrivateAttr

from watchbill.adapters.crewai.executor import InPlaceExecutor
from watchbill.adapters.crewai.model import GatewayLlm
from watchbill.adapters.crewai.plain_text import sealed, sealed_name, unsealed
from watchbill.adapters.crewai.running_crew import CrewStopped, RunningCrew
from watchbill.adapters.crewai.tools import tools_for
from watchbill.core.agents import AgentOptions
from watchbill.core.answers import instruction
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import TaskCompleted, TaskStarted
from watchbill.core.ports.crews import AgentSpec, TaskResult, TaskSpec
from watchbill.core.schemas import check_schema, told

# What CrewAI gives out as a result when its executor ends with none.
_NO_ANSWER = "Agent completed execution but produced no final output."
_MANAGER = AgentSpec(
    name="Manager",
    role="Crew Manager",
    goal="Get each task done in the best way by the right member of the crew.",
    backstory="You lead this crew. You know what everyone is good at, hand out work with all the context it "
    "needs, check what comes back, and answer for the result. You do not do the work yourself.",
)


class NoStore:
    """Stands for CrewAI's task store, one SQLite file shared and wiped by all crews of a process."""

    def update(self, *_: Any, **__: Any) -> None:
        """Keep nothing."""

    def reset(self) -> None:
        """Nothing is kept."""

    def load(self) -> None:
        """Nothing was kept."""


class WatchedCrew(Crew):
    """A crew that stores nothing on disk."""

    _task_output_handler: Any = PrivateAttr(default_factory=NoStore)


class WatchedAgent(Agent):
    """An agent that reports its tasks and makes their output fit their schema."""

    _running: RunningCrew = PrivateAttr()
    _spec: AgentSpec = PrivateAttr()
    _results: dict[UUID, TaskResult] = PrivateAttr()

    def watched(self, running: RunningCrew, spec: AgentSpec, results: dict[UUID, TaskResult]) -> Self:
        """Tie the agent to its running crew; task results go into `results` by CrewAI task id."""
        self._running, self._spec, self._results = running, spec, results
        return self

    def execute_task(self, task: Any, context: str | None = None, tools: Any = None) -> Any:
        """Do a task of the crew, or of a colleague who delegates: only the former is an event."""
        spec = self._running.tasks.get(task.id)
        if spec is None:
            # Called by a tool, so within the event loop of another agent's steps, where CrewAI would give
            # back something to await. A thread of its own has no loop.
            with ThreadPoolExecutor(1, thread_name_prefix="colleague") as thread:
                execute = partial(super().execute_task, task, context, tools)
                return thread.submit(contextvars.copy_context().run, execute).result()
        self._running.tell(TaskStarted(task=spec.name, agent=self._spec.name))
        said = unsealed(str(super().execute_task(task, context, tools)))
        if said.startswith(_NO_ANSWER):
            detail = f"The agent '{self._spec.name}' ended without an answer to the task '{spec.name}'."
            raise NodeError(ErrorKind.UPSTREAM, detail, code="no_answer")
        conformed = self._conformed(said, spec)
        if conformed is None:
            raise HookAborted("the execution has ended", source="watchbill")
        text, value = conformed
        self._results[task.id] = TaskResult(spec.name, self._spec.name, value)
        self._running.tell(TaskCompleted(task=spec.name, agent=self._spec.name, output=value))
        return sealed(text)

    def _conformed(self, said: str, spec: TaskSpec) -> tuple[str, Any] | None:
        try:
            return self._running.conform(said, spec, self._spec)
        except CrewStopped:
            return None


def build_crew(running: RunningCrew) -> tuple[WatchedCrew, dict[UUID, TaskResult]]:
    """CrewAI's crew for a job, and where its task results will appear, by CrewAI task id.

    Raises:
        NodeError: of kind user: the job does not make a crew.
    """
    job = running.job
    results: dict[UUID, TaskResult] = {}
    agents = {spec.name: _agent(running, spec, results) for spec in job.agents}
    tasks: dict[str, Task] = {}
    for spec in job.tasks:
        tasks[spec.name] = _task(running, spec, agents, tasks)
    manager = None
    if job.process == "hierarchical":
        first = job.agents[0]
        leader = job.manager or replace(_MANAGER, model=first.model, provider_id=first.provider_id)
        # It hands out work, and CrewAI lets it have no tools of its own.
        manager = _agent(running, replace(leader, tool_ids=()), results, works=False)
        running.names.setdefault(leader.role, leader.name)
    crew = WatchedCrew(
        name=job.node_id,
        agents=list(agents.values()),
        tasks=list(tasks.values()),
        process=Process(job.process),
        manager_agent=manager,
        verbose=False,
        memory=False,
        cache=False,
        share_crew=False,
        tracing=False,
    )
    return crew, results


def _agent(
    running: RunningCrew, spec: AgentSpec, results: dict[UUID, TaskResult], *, works: bool = True
) -> WatchedAgent:
    options = AgentOptions.model_validate(spec.config)
    agent = WatchedAgent(
        role=sealed_name(spec.role),
        goal=sealed(spec.goal),
        backstory=sealed(spec.backstory),
        llm=GatewayLlm.of(running, spec),
        tools=tools_for(running, spec, _all_tools(running, spec) if works else ()),
        executor_class=InPlaceExecutor,
        max_iter=options.max_iter,
        allow_delegation=options.allow_delegation,
        respect_context_window=options.respect_context_window,
        use_system_prompt=options.use_system_prompt,
        inject_date=options.inject_date,
        planning_config=_planning(options),
        max_retry_limit=0,
        verbose=False,
        cache=False,
    )
    return agent.watched(running, spec, results)


def _all_tools(running: RunningCrew, spec: AgentSpec) -> list[UUID]:
    """The agent's own tools, and those of its tasks: CrewAI would replace the ones by the others."""
    tasks = [task for task in running.job.tasks if task.agent in (spec.name, None)]
    return list(dict.fromkeys([*spec.tool_ids, *(id_ for task in tasks for id_ in task.tool_ids)]))


def _planning(options: AgentOptions) -> PlanningConfig | None:
    if not options.reasoning:
        return None
    # Low effort: no extra model call to judge each step.
    return PlanningConfig(reasoning_effort="low", max_attempts=options.max_reasoning_attempts or 1)


def _task(
    running: RunningCrew, spec: TaskSpec, agents: dict[str, WatchedAgent], earlier: dict[str, Task]
) -> Task:
    expected = spec.expected_output
    if spec.output_schema is not None:
        if problems := check_schema(spec.output_schema):
            detail = f"The output schema of task '{spec.name}' is wrong: {told(problems)}"
            raise NodeError(ErrorKind.USER, detail, code="invalid_schema")
        expected = f"{expected}\n\n{instruction(spec.output_schema)}"
    # Left out, a task reads the output of every task before it, as is CrewAI's way.
    context: dict[str, Any] = {"context": [earlier[name] for name in spec.context]} if spec.context else {}
    task = Task(
        name=spec.name,
        description=sealed(spec.description),
        expected_output=sealed(expected),
        agent=agents[spec.agent] if spec.agent is not None else None,
        **context,
    )
    running.tasks[task.id] = spec
    return task
