"""One run of a crew as seen from its thread: model calls, events, usage, and the reason to stop."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from typing import Any
from uuid import UUID

from watchbill.core.agents import AgentOptions
from watchbill.core.errors import NodeError
from watchbill.core.events import EventData
from watchbill.core.exchanges import Exchange
from watchbill.core.ports.crews import AgentSpec, CrewJob, TaskSpec
from watchbill.core.ports.llm import Emit, LlmAnswer, LlmCall, LlmGateway
from watchbill.core.usage import Usage
from watchbill.kit.answers import AnswerMismatch, instruction, parse_answer


class RunStopped(Exception):
    """The run was cancelled or a model call failed: nothing of it may go on. `CrewRun.failure` tells why."""


class CrewRun:
    """State of one run. Methods are called from CrewAI's threads unless they say otherwise."""

    def __init__(self, job: CrewJob, gateway: LlmGateway, loop: asyncio.AbstractEventLoop, emit: Emit):
        self.job = job
        self.usage = Usage()
        self.failure: NodeError | None = None
        self.tasks: dict[UUID, TaskSpec] = {}
        self.names: dict[str, str] = {agent.role: agent.name for agent in job.agents}
        self._gateway, self._loop, self._emit_now = gateway, loop, emit
        self._lock = threading.Lock()
        self._pending: set[Future[LlmAnswer]] = set()
        self._stopped = False

    def tell(self, data: EventData) -> None:
        """Emit an event on the engine's loop; events of one thread keep their order."""
        self._loop.call_soon_threadsafe(self._emit, data)

    def ask(
        self,
        spec: AgentSpec,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> LlmAnswer:
        """Put a question to the agent's model and wait for the answer.

        Raises:
            RunStopped: the run is cancelled, or this or an earlier call failed.
        """
        options = AgentOptions.model_validate(spec.config)
        call = LlmCall(
            scope=self.job.scope,
            execution_id=self.job.execution_id,
            node_id=self.job.node_id,
            messages=messages,
            model=spec.model,
            provider_id=spec.provider_id,
            tools=tools,
            output_schema=schema,
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            timeout_seconds=options.llm_timeout_seconds,
            first_token_seconds=options.first_token_seconds,
            silence_seconds=options.silence_seconds,
            agent=spec.name,
        )
        return self._answered(self._start(call))

    def _start(self, call: LlmCall) -> Future[LlmAnswer]:
        with self._lock:
            if self._stopped:
                raise RunStopped
            question = self._gateway.complete(call, self._emit)
            future = asyncio.run_coroutine_threadsafe(question, self._loop)
            self._pending.add(future)
        return future

    def _answered(self, future: Future[LlmAnswer]) -> LlmAnswer:
        wait((future,))
        with self._lock:
            self._pending.discard(future)
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or error is not None:
            self._stop(error)
            raise RunStopped
        answer = future.result()
        with self._lock:
            self.usage += answer.usage
        return answer

    def _stop(self, error: BaseException | None) -> None:
        with self._lock:
            self._stopped = True
            if isinstance(error, NodeError) and self.failure is None:
                self.failure = error
        if error is not None and not isinstance(error, NodeError):
            raise error

    def conform(self, text: str, task: TaskSpec, spec: AgentSpec) -> tuple[str, Any]:
        """A task's output as text and as value; JSON when the task has an output schema.

        An answer that does not fit is rewritten by one more model call, which the gateway checks and repairs.

        Raises:
            RunStopped: the model could not do that either.
        """
        if task.output_schema is None:
            return text, text
        try:
            value = parse_answer(text, task.output_schema)
        except AnswerMismatch as mismatch:
            request = (
                f"Rewrite the answer below as JSON; so far: {mismatch}.\n{instruction(task.output_schema)}"
            )
            messages = ({"role": "user", "content": f"{request}\n\nAnswer:\n{text}"},)
            value = self.ask(spec, messages, schema=task.output_schema).parsed
        return json.dumps(value, ensure_ascii=False), value

    def cancel(self) -> None:
        """Stop: cancel the calls in flight and let no other start, nor any event out. Called on the loop."""
        with self._lock:
            self._stopped = True
            pending = tuple(self._pending)
        self._emit_now = _nowhere
        for future in pending:
            future.cancel()

    def _emit(self, data: EventData | Exchange) -> None:
        self._emit_now(data)


def _nowhere(_: EventData | Exchange) -> None:
    """Where the events of a cancelled run go."""
