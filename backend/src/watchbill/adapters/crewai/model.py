"""CrewAI's model interface, bridged to the LLM gateway."""

from __future__ import annotations

import asyncio
from typing import Any, Self

from crewai.hooks.dispatch import HookAborted
from crewai.llms.base_llm import BaseLLM
from pydantic import BaseModel, PrivateAttr

from watchbill.adapters.crewai.plain_text import sealed, unsealed
from watchbill.adapters.crewai.running_crew import CrewStopped, RunningCrew
from watchbill.adapters.crewai.tools import as_functions
from watchbill.core.agents import AgentOptions
from watchbill.core.json.clean import mended
from watchbill.core.ports.crews import AgentSpec
from watchbill.core.ports.llm import LlmAnswer

# The parts of CrewAI's messages that belong to OpenAI's format; the rest is its own bookkeeping.
_MESSAGE_KEYS = ("role", "content", "name", "tool_calls", "tool_call_id")
# CrewAI summarises a conversation above this many tokens. A provider that allows less refuses, which ends the
# crew: CrewAI's own recovery from that ends without an answer in 1.15.30.
_CONTEXT_TOKENS = 120_000


class GatewayLlm(BaseLLM):
    """The model of one agent of a running crew. A failed call ends the whole crew: retries are the
    engine's."""

    _running: RunningCrew = PrivateAttr()
    _spec: AgentSpec = PrivateAttr()

    @classmethod
    def of(cls, running: RunningCrew, spec: AgentSpec) -> GatewayLlm:
        """The model of this agent; its real name is the gateway's business."""
        return cls(model=spec.model or "default", provider="watchbill").tied(running, spec)

    def tied(self, running: RunningCrew, spec: AgentSpec) -> Self:
        """The same, as the model of this agent in this crew."""
        self._running, self._spec = running, spec
        return self

    def call(
        self,
        messages: Any,
        tools: list[dict[str, Any]] | None = None,
        callbacks: list[Any] | None = None,
        available_functions: dict[str, Any] | None = None,
        from_task: Any = None,
        from_agent: Any = None,
        response_model: type[BaseModel] | None = None,
    ) -> Any:
        """Ask the gateway and wait. Returns sealed text, a list of OpenAI tool calls, or an instance of the
        model.

        Raises:
            HookAborted: the crew has ended; CrewAI neither retries nor swallows it."""
        schema = response_model.model_json_schema() if response_model else self._schema(tools, from_task)
        given = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
        sent = [_message(message) for message in given]
        answer = self._answer(sent, tools or [], schema)
        if answer is None:
            # Raised here, with no cause: CrewAI searches a chain of errors for "rate limit" and waits.
            raise HookAborted("the execution has ended", source="watchbill")
        if answer.tool_calls:
            return [_tool_call(call.id, call.name, call.arguments) for call in answer.tool_calls]
        return response_model.model_validate(answer.parsed) if response_model else sealed(mended(answer.text))

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        """As `call`; CrewAI uses it to summarise several parts of a conversation at once."""
        return await asyncio.to_thread(self.call, *args, **kwargs)

    def _answer(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]], schema: dict[str, Any] | None
    ) -> LlmAnswer | None:
        try:
            functions = as_functions(self._running, self._spec.name, tools)
            return self._running.ask(self._spec, messages, functions, schema)
        except CrewStopped:
            return None

    def _schema(self, tools: list[dict[str, Any]] | None, task: Any) -> dict[str, Any] | None:
        """The task's output schema, when this call can only be its answer: no tools and no planning."""
        spec = None if task is None else self._running.tasks.get(task.id)
        planning = AgentOptions.model_validate(self._spec.config).reasoning
        if tools or planning or spec is None or spec.output_schema is None:
            return None
        return dict(spec.output_schema)

    def supports_function_calling(self) -> bool:
        """Yes: tools go out in OpenAI's format."""
        return True

    def supports_stop_words(self) -> bool:
        """No: the gateway sends none."""
        return False

    def get_context_window_size(self) -> int:
        """In tokens; CrewAI's default of 4,096 would summarise all the time."""
        return _CONTEXT_TOKENS

    def get_input_tokens_count(self, messages: Any, tools: Any = None, response_model: Any = None) -> int:
        """About one token for four characters."""
        if isinstance(messages, str):
            return len(messages) // 4
        return sum(len(str(message.get("content") or "")) for message in messages) // 4


def _message(given: dict[str, Any]) -> dict[str, Any]:
    message = {key: given[key] for key in _MESSAGE_KEYS if key in given}
    if isinstance(content := message.get("content"), str):
        message["content"] = unsealed(content)
    return message


def _tool_call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
