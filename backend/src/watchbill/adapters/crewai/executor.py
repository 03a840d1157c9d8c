"""How CrewAI's agents work through their steps here: in the thread of their crew, with a state made once."""

from __future__ import annotations

import types
from typing import Any

from crewai import Agent
from crewai.agents.agent_executor import AgentExecutor, AgentExecutorState
from crewai.flow.flow import FlowState

from watchbill.adapters.crewai.loop import run_in_place


class ExecutorState(FlowState, AgentExecutorState):
    """The state of an agent at work. CrewAI would build this very class anew for every agent, 10 ms each."""


def _kickoff(executor: AgentExecutor, inputs: dict[str, Any] | None = None, **options: Any) -> Any:
    """As Flow.kickoff, which would start a thread for each step. An agent that plans needs them: some of its
    steps go on side by side."""
    if isinstance(executor.agent, Agent) and executor.agent.planning_config is not None:
        return super(InPlaceExecutor, executor).kickoff(inputs, **options)
    return run_in_place(executor.kickoff_async(inputs, **options))


def _body(namespace: dict[str, Any]) -> None:
    """The class's own parts, and the steps, since a Flow does not inherit those."""
    for step in AgentExecutor.flow_definition().methods:
        namespace[step] = getattr(AgentExecutor, step)
    namespace.update(__module__=__name__, initial_state=ExecutorState, kickoff=_kickoff)


InPlaceExecutor: type[AgentExecutor] = types.new_class("InPlaceExecutor", (AgentExecutor,), exec_body=_body)
