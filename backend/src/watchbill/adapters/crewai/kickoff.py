"""Runs a crew from start to end in the calling thread. Importing this module imports CrewAI."""

from __future__ import annotations

from typing import Any

from crewai.events.stream_context import add_stream_sink
from crewai.events.utils.console_formatter import set_suppress_console_output

from watchbill.adapters.crewai.parts import build_crew
from watchbill.adapters.crewai.running_crew import RunningCrew
from watchbill.adapters.crewai.tap import ToolTap
from watchbill.core.ports.crews import TaskResult


def kickoff(running: RunningCrew) -> tuple[Any, tuple[TaskResult, ...]]:
    """Run the crew; returns the last task's output and every task's.

    Call it in a context of its own (contextvars): the event tap is registered in the current one.

    Raises:
        Exception: whatever CrewAI raises; `running.failure` holds the cause when a model call failed.
    """
    set_suppress_console_output(True)
    add_stream_sink(ToolTap(running))
    crew, results = build_crew(running)
    crew.kickoff()
    ordered = tuple(results[task.id] for task in crew.tasks)
    return ordered[-1].output, ordered
