"""A running crew as seen from its thread: model calls, events, usage, and the reason to stop."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from watchbill.core.agents import AgentOptions
from watchbill.core.answers import AnswerMismatch, instruction
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import EventData
from watchbill.core.exchange import Exchange
from watchbill.core.ports.compute import Compute
from watchbill.core.ports.crews import AgentSpec, CrewJob, TaskSpec
from watchbill.core.ports.llm import Emit, LlmAnswer, LlmCall, LlmGateway
from watchbill.core.ports.tools import Tools, ToolSpec, ToolUse
from watchbill.core.usage import Usage
from watchbill.engine.answers import read_answer

Result = TypeVar("Result")
# The same call that fails so often in a row ends the crew: its agent would go on for ever.
_MOST_FAILURES = 3
# As many functions as models take.
_MOST_TOOLS = 128
# Of a tool's output, as an agent reads it.
_MOST_CHARACTERS = 100_000


class CrewStopped(Exception):
    """The crew was cancelled or a model call failed: nothing of it may go on. `RunningCrew.failure` says
    why."""


class RunningCrew:
    """State of one running crew. Methods are called from CrewAI's threads unless they say otherwise."""

    def __init__(
        self,
        job: CrewJob,
        gateway: LlmGateway,
        compute: Compute,
        tools: Tools,
        loop: asyncio.AbstractEventLoop,
        emit: Emit,
    ):
        self.job = job
        # By id, all that the crew has; and by agent and the name under which its model calls it.
        self.tools: dict[UUID, ToolSpec] = {}
        self.functions: dict[tuple[str, str], ToolSpec] = {}
        self.usage = Usage()
        self.failure: NodeError | None = None
        self.tasks: dict[UUID, TaskSpec] = {}
        self.names: dict[str, str] = {agent.role: agent.name for agent in job.agents}
        self._gateway, self._compute, self._tools = gateway, compute, tools
        self._loop, self._emit_now = loop, emit
        # How often an agent's last call failed in a row, and how often each call was made.
        self._failures: dict[str, tuple[str, int]] = {}
        self._uses: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._pending: set[Future[Any]] = set()
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
            CrewStopped: the crew is cancelled, or this or an earlier call failed."""
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
        answer = self._awaited(lambda: self._gateway.complete(call, self._emit))
        with self._lock:
            self.usage += answer.usage
        return answer

    @property
    def own_functions(self) -> frozenset[str]:
        """The names under which models call the tenant's tools."""
        return frozenset(name for _, name in self.functions)

    async def learn_tools(self) -> None:
        """Look up the tools of all agents and tasks. Awaited on the loop, before the crew begins.

        Raises:
            NodeError: one of them cannot be had.
        """
        members = [*self.job.agents, *([self.job.manager] if self.job.manager else [])]
        asking = [*(spec.tool_ids for spec in members), *(task.tool_ids for task in self.job.tasks)]
        if wanted := list(dict.fromkeys(id_ for ids in asking for id_ in ids)):
            if len(wanted) > _MOST_TOOLS:
                text = f"The crew has {len(wanted):,} tools; it may have {_MOST_TOOLS}. Take some away."
                raise NodeError(ErrorKind.LIMIT, text, code="too_many_tools")
            known = await self._tools.known(self.job.scope, wanted)
            self.tools = {tool.id: tool for tool in known}

    def use(self, tool_id: UUID, name: str, agent: str, arguments: Mapping[str, Any]) -> str:
        """What a tool gives, as its agent reads it: its output, or what was wrong.

        Raises:
            CrewStopped: the crew is cancelled, or the same call failed too often.
        """
        call = f"{agent}\n{name}\n{json.dumps(arguments, sort_keys=True, default=str)}"
        with self._lock:
            self._uses[call] += 1
            number = self._uses[call]
        # The same for each attempt at the node, so that a tool can know what it has done already.
        key = hashlib.sha256(f"{self.job.idempotency_key}\n{call}\n{number}".encode()).hexdigest()
        use = ToolUse(self.job.scope, tool_id, arguments, self.job.execution_id, key, agent)
        output, failure = self._awaited(partial(self._call, use))
        if failure is None:
            with self._lock:
                self._failures.pop(agent, None)
            return _as_text(output)
        self._note_failure(call, name, agent, failure)
        return f"Error: {failure.detail}"

    async def _call(self, use: ToolUse) -> tuple[Any, NodeError | None]:
        """The output, or why there is none. Awaited on the loop."""
        try:
            return await self._tools.call(use, self._emit), None
        except NodeError as error:
            if error.kind is ErrorKind.BUG:
                raise
            return None, error

    def _note_failure(self, call: str, name: str, agent: str, failure: NodeError) -> None:
        with self._lock:
            last, count = self._failures.get(agent, ("", 0))
            count = count + 1 if last == call else 1
            self._failures[agent] = (call, count)
        if count >= _MOST_FAILURES:
            text = f"The agent “{agent}” called the tool `{name}` {count} times in a row with the same"
            text += f" arguments, and it failed each time: {failure.detail}"
            self._stop(NodeError(failure.kind, text, code="tool_failed_repeatedly"))
            raise CrewStopped

    def _awaited(self, begin: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """What the loop gives; nothing of the crew may go on when it fails."""
        with self._lock:
            if self._stopped:
                raise CrewStopped
            future = asyncio.run_coroutine_threadsafe(begin(), self._loop)
            self._pending.add(future)
        wait((future,))
        with self._lock:
            self._pending.discard(future)
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or error is not None:
            self._stop(error)
            raise CrewStopped
        return future.result()

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
            CrewStopped: the model could not do that either.
        """
        if task.output_schema is None:
            return text, text
        value, wrong = self._awaited(partial(self._read, text, task.output_schema))
        if wrong:
            request = f"Rewrite the answer below as JSON; so far: {wrong}.\n{instruction(task.output_schema)}"
            messages = ({"role": "user", "content": f"{request}\n\nAnswer:\n{text}"},)
            value = self.ask(spec, messages, schema=task.output_schema).parsed
        return json.dumps(value, ensure_ascii=False), value

    async def _read(self, text: str, schema: Mapping[str, Any]) -> tuple[Any, str]:
        """The value in a text, or what is wrong with it. Awaited on the loop."""
        try:
            return await read_answer(self._compute, self.job.scope, text, schema), ""
        except AnswerMismatch as mismatch:
            return None, str(mismatch)

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
    """Where the events of a cancelled crew go."""


def _as_text(output: Any) -> str:
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{text[:_MOST_CHARACTERS]}\n(Cut here: the output has {len(text):,} characters.)"
