"""Turns CrewAI's tool events of one crew into ours."""

from __future__ import annotations

import json
import time
from typing import Any

from crewai.events.types.tool_usage_events import (
    ToolUsageErrorEvent,
    ToolUsageEvent,
    ToolUsageFinishedEvent,
    ToolUsageStartedEvent,
)

from watchbill.adapters.crewai.plain_text import unsealed
from watchbill.adapters.crewai.running_crew import RunningCrew
from watchbill.core.errors import ErrorKind
from watchbill.core.events import NodeFailure, ToolCompleted, ToolFailed, ToolStarted


class ToolTap:
    """A CrewAI stream sink: called in the crew's threads, in order; it only passes events on."""

    def __init__(self, running: RunningCrew):
        self._running = running
        self._open: list[tuple[str, str, float]] = []  # call id, tool, start

    def __call__(self, _source: Any, event: Any) -> None:
        """Take one CrewAI event. Those of the tenant's tools are told by whoever runs them."""
        if isinstance(event, ToolUsageEvent) and event.tool_name in self._running.own_functions:
            return
        if isinstance(event, ToolUsageStartedEvent):
            self._started(event)
        elif isinstance(event, ToolUsageFinishedEvent):
            self._finished(event)
        elif isinstance(event, ToolUsageErrorEvent):
            self._failed(event)

    def _started(self, event: ToolUsageStartedEvent) -> None:
        self._open.append((event.event_id, event.tool_name, time.monotonic()))
        role = event.agent_role or ""
        self._running.tell(
            ToolStarted(
                call_id=event.event_id,
                tool=event.tool_name,
                agent=self._running.names.get(role, role or None),
                arguments=_arguments(event.tool_args),
            )
        )

    def _finished(self, event: ToolUsageFinishedEvent) -> None:
        call_id, took = self._close(event)
        output = event.output if isinstance(event.output, str) else str(event.output)
        self._running.tell(
            ToolCompleted(call_id=call_id, tool=event.tool_name, output=unsealed(output), duration_ms=took)
        )

    def _failed(self, event: ToolUsageErrorEvent) -> None:
        call_id, took = self._close(event)
        failure = NodeFailure(kind=ErrorKind.UPSTREAM, code="tool_failed", message=str(event.error))
        self._running.tell(ToolFailed(call_id=call_id, tool=event.tool_name, error=failure, duration_ms=took))

    def _close(self, event: ToolUsageEvent) -> tuple[str, int]:
        """The id of the call that ends, and its duration in ms: the latest open one of that tool."""
        for position in range(len(self._open) - 1, -1, -1):
            call_id, tool, started = self._open[position]
            if tool == event.tool_name:
                del self._open[position]
                return call_id, round((time.monotonic() - started) * 1000)
        return event.event_id, 0


def _arguments(given: Any) -> Any:
    if not isinstance(given, str):
        return {str(name): str(value) for name, value in given.items()}
    try:
        return json.loads(given)
    except json.JSONDecodeError:
        return given
