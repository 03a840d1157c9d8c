"""The crew runner: crews run in threads of their own, their model calls on the engine's event loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from watchbill.adapters.crewai.library import Kickoff, load_crewai
from watchbill.adapters.crewai.running_crew import RunningCrew
from watchbill.adapters.loading import loaded
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.compute import Compute
from watchbill.core.ports.crews import CrewJob, CrewResult, TaskResult
from watchbill.core.ports.llm import Emit, LlmGateway
from watchbill.core.ports.tools import Tools
from watchbill.kit.database.waits import about_to_await


class CrewAiRunner:
    """core.ports.CrewRunner on CrewAI. `run` must be awaited on the loop the gateway lives on.

    Args:
        gateway: where model calls go.
        compute: where answers are judged by their schemas.
        tools: the tenants' tools.
        storage: a directory for files CrewAI may want to write.
        threads: the most crews that run at once; more wait.
    """

    def __init__(
        self, gateway: LlmGateway, compute: Compute, tools: Tools, *, storage: Path, threads: int = 256
    ):
        self._gateway, self._compute, self._tools = gateway, compute, tools
        self._storage = storage
        # Threads are started as they are needed; an idle pool costs nothing.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="crew")

    def load(self) -> None:
        """Start importing CrewAI in a thread and return at once; runs started meanwhile wait for it."""
        threading.Thread(target=load_crewai, args=(self._storage,), name="load-crewai", daemon=True).start()

    def close(self) -> None:
        """Start no more crews. Those that run are to be cancelled by whoever awaits them."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def run(self, job: CrewJob, emit: Emit) -> CrewResult:
        """Run the crew to its end; see core.ports.CrewRunner.

        Raises:
            NodeError: the gateway's own when a model call failed; user (invalid_crew, invalid_schema,
                tool_unknown, tool_inactive), the tool's own (tool_failed_repeatedly) or bug (crew_failed)
                otherwise.
        """
        about_to_await("A crew")
        loop = asyncio.get_running_loop()
        running = RunningCrew(job, self._gateway, self._compute, self._tools, loop, emit)
        await running.learn_tools()
        kickoff = await loaded(partial(load_crewai, self._storage), emit)
        context = contextvars.copy_context()
        submitted = self._pool.submit(context.run, self._kickoff, kickoff, running)
        thread = asyncio.wrap_future(submitted)
        try:
            output, tasks = await asyncio.shield(thread)
        except asyncio.CancelledError:
            running.cancel()
            if not submitted.cancel():
                # Milliseconds: the call in flight is cancelled and no other can start.
                await asyncio.wait((thread,))
                thread.exception()
            raise
        return CrewResult(output, tasks, running.usage)

    @staticmethod
    def _kickoff(kickoff: Kickoff, running: RunningCrew) -> tuple[Any, tuple[TaskResult, ...]]:
        try:
            return kickoff(running)
        except NodeError:
            raise
        except Exception as error:
            raise running.failure or _unexpected(error) from error


def _unexpected(error: Exception) -> NodeError:
    if isinstance(error, ValueError):  # pydantic's errors included: CrewAI does not accept the crew
        return NodeError(ErrorKind.USER, f"CrewAI does not accept this crew: {error}", code="invalid_crew")
    return NodeError(
        ErrorKind.BUG, f"The crew failed inside CrewAI: {type(error).__name__}: {error}", code="crew_failed"
    )
