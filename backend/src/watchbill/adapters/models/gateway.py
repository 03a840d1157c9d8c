"""The gateway: chooses a provider, asks it, fails over, counts, and tells what happened."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from watchbill.adapters.loading import loaded
from watchbill.adapters.models import failures
from watchbill.adapters.models.asking import Asking
from watchbill.adapters.models.cooling import CoolDown
from watchbill.adapters.models.endings import checked, notes
from watchbill.adapters.models.patience import TimeLimits
from watchbill.adapters.models.pricing import estimated, usage_of
from watchbill.adapters.models.question import Question, time_limits
from watchbill.adapters.models.through_litellm.library import load_litellm
from watchbill.adapters.models.token_gate import TokenGate
from watchbill.adapters.openai_chat import Reading, Sizes
from watchbill.core.answers import AnswerMismatch, instruction
from watchbill.core.candidates import Candidate, candidates
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import LlmCompleted, LlmFailed, LlmFailover, LlmStarted, LlmToken, NodeFailure
from watchbill.core.ports.compute import Compute
from watchbill.core.ports.llm import Emit, LlmAnswer, LlmCall, Provider, ProviderDirectory, ToolCall
from watchbill.core.schemas import check_schema, told
from watchbill.engine.answers import read_answer
from watchbill.kit.database.waits import about_to_await
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut

USUAL_LIMITS = TimeLimits()
USUAL_SIZES = Sizes()
_TEST_LIMITS = TimeLimits(first_token=20.0, silence=20.0, total=30.0)


@dataclass(frozen=True, slots=True)
class ProviderCheck:
    """The outcome of testing a provider: whether it answers, after how many milliseconds, and why not."""

    ok: bool
    latency_ms: int
    model: str
    error: str | None = None


class LiteLlmGateway:
    """core.ports.LlmGateway: OpenAI-shaped providers are asked directly, the others through LiteLLM. It lives
    on one event loop, the one its calls are awaited on.

    Args:
        directory: where a tenant's active providers come from.
        compute: where answers are judged by their schemas.
        limits: how long a call may take where neither it nor its provider says otherwise.
        sizes: how large an answer may be.
        way: how calls leave the process; unset means to public addresses only.
        cooling: which providers are left alone for a while.
        unheard_seconds: a provider that was silent for so long when a call is cancelled is to blame for it.
    """

    def __init__(
        self,
        directory: ProviderDirectory,
        compute: Compute,
        *,
        limits: TimeLimits = USUAL_LIMITS,
        sizes: Sizes = USUAL_SIZES,
        way: WayOut | None = None,
        cooling: CoolDown | None = None,
        unheard_seconds: float = 10.0,
    ):
        self._directory = directory
        self._compute = compute
        self._limits = limits
        self._library: Any = None
        self._cooling = cooling or CoolDown()
        self._asking = Asking(way or WayOut(UrlGuard()), sizes, self._cooling, unheard_seconds)

    def load(self) -> None:
        """Start importing LiteLLM in a thread and return at once; calls made meanwhile wait for it."""
        threading.Thread(target=load_litellm, name="load-litellm", daemon=True).start()

    async def close(self) -> None:
        """Close the connections to all providers."""
        await self._asking.close()

    async def complete(self, call: LlmCall, emit: Emit) -> LlmAnswer:
        """Ask and wait; see core.ports.LlmGateway. An answer that breaks the output schema is sent back once.

        Raises:
            NodeError: user (no_provider, unknown_model, provider_key_refused, refused, invalid_schema...),
                upstream (rate_limited, provider_unavailable, provider_unreachable, not_an_answer,
                stream_broken, empty_answer, invalid_output...), timeout (llm_timeout, llm_stalled,
                answer_took_too_long) or limit (answer_too_large, answer_cut_off).
        """
        about_to_await("A model call")
        if call.output_schema is None:
            return await self._ask(call, emit)
        if problems := check_schema(call.output_schema):
            detail = f"The output schema is wrong: {told(problems)}"
            raise NodeError(ErrorKind.USER, detail, code="invalid_schema")
        first = await self._ask(call, emit)
        if first.tool_calls and call.tools:
            return first
        try:
            parsed = await read_answer(self._compute, call.scope, first.text, call.output_schema)
            return replace(first, parsed=parsed)
        except AnswerMismatch as mismatch:
            return await self._repair(call, emit, call.output_schema, first, str(mismatch))

    async def _repair(
        self, call: LlmCall, emit: Emit, schema: Mapping[str, Any], first: LlmAnswer, wrong: str
    ) -> LlmAnswer:
        complaint = f"Your answer does not fit: {wrong}.\n{instruction(schema)}"
        messages = (
            *call.messages,
            {"role": "assistant", "content": first.text},
            {"role": "user", "content": complaint},
        )
        second = await self._ask(replace(call, messages=messages, tools=()), emit)
        try:
            parsed = await read_answer(self._compute, call.scope, second.text, schema)
        except AnswerMismatch as mismatch:
            detail = f"The model '{second.model}' did not answer with the JSON asked for: {mismatch}."
            raise NodeError(ErrorKind.UPSTREAM, detail, code="invalid_output") from None
        return replace(second, parsed=parsed, usage=first.usage + second.usage)

    async def test_provider(self, provider: Provider, model: str | None = None) -> ProviderCheck:
        """Ask the provider for one word, and look whether a model answers; never raises for what the provider
        does wrong."""
        about_to_await("A model call")
        started = time.monotonic()
        chosen = model or (provider.models[0] if provider.models else "")
        reading = Reading()
        try:
            [candidate] = candidates([provider], model, provider.id)
            question = Question(({"role": "user", "content": "Answer with the word OK."},))
            await self._asking.attempt(candidate, question, _TEST_LIMITS, reading, lambda _: None)
            if not reading.thoughts:
                checked(reading, candidate, None)
            self._cooling.clear(provider.id)
        except NodeError as error:
            return ProviderCheck(False, _since(started), chosen, error.detail)
        return ProviderCheck(True, _since(started), chosen)

    async def _ask(self, call: LlmCall, emit: Emit) -> LlmAnswer:
        options = candidates(
            await self._directory.providers(call.scope), call.model, call.provider_id, self._cooling.active
        )
        call_id, started = uuid4().hex, time.monotonic()
        first = options[0]
        emit(
            LlmStarted(
                call_id=call_id,
                provider=first.provider.name,
                model=first.model,
                agent=call.agent,
                messages=[dict(message) for message in call.messages],
            )
        )
        if self._library is None:
            self._library = await loaded(load_litellm, emit)
        candidate, reading = await self._first_answer(options, call, emit, call_id, started)
        answer = await self._completed(candidate, reading, call, emit, call_id, started)
        checked(reading, candidate, call)
        for note in notes(reading, candidate, call):
            emit(note)
        return answer

    async def _first_answer(
        self, options: Sequence[Candidate], call: LlmCall, emit: Emit, call_id: str, started: float
    ) -> tuple[Candidate, Reading]:
        question = Question.of(call)
        with TokenGate(lambda text: emit(LlmToken(call_id=call_id, text=text))) as gate:
            # Tokens are shown as they come only to those who asked for a stream.
            push = gate.push if call.stream else _unheard
            for position, candidate in enumerate(options):
                reading = Reading()
                limits = time_limits(call, candidate.provider, self._limits)
                try:
                    await self._asking.attempt(candidate, question, limits, reading, push)
                    gate.flush()
                    self._cooling.clear(candidate.provider.id)
                    return candidate, reading
                except NodeError as error:
                    gate.flush()
                    last = position == len(options) - 1 or reading.began
                    if last or error.error_code not in failures.FAILOVER_CODES:
                        emit(_failed(error, candidate, call_id, started))
                        raise
                    emit(_failover(error, candidate, options[position + 1], call_id))
        raise AssertionError("candidates() never returns an empty list")

    async def _completed(
        self, candidate: Candidate, reading: Reading, call: LlmCall, emit: Emit, call_id: str, started: float
    ) -> LlmAnswer:
        usage, priced = usage_of(self._library, candidate, estimated(reading, call.messages))
        tools = tuple(ToolCall(*tool) for tool in reading.tools)
        emit(
            LlmCompleted(
                call_id=call_id,
                provider=candidate.provider.name,
                model=candidate.model,
                text=reading.text,
                tool_calls=[{"id": t.id, "name": t.name, "arguments": t.arguments} for t in tools],
                finish_reason=reading.finish_reason,
                duration_ms=_since(started),
                usage=usage,
                priced=priced,
            )
        )
        return LlmAnswer(
            text=reading.text,
            model=candidate.model,
            provider_id=candidate.provider.id,
            usage=usage,
            tool_calls=tools,
            finish_reason=reading.finish_reason,
        )


def _unheard(_: str) -> None:
    """Where text goes that nobody watches."""


def _failed(error: NodeError, candidate: Candidate, call_id: str, started: float) -> LlmFailed:
    return LlmFailed(
        call_id=call_id,
        provider=candidate.provider.name,
        model=candidate.model,
        error=NodeFailure(kind=error.kind, code=error.error_code, message=error.detail),
        duration_ms=_since(started),
    )


def _failover(error: NodeError, broken: Candidate, following: Candidate, call_id: str) -> LlmFailover:
    return LlmFailover(
        call_id=call_id,
        from_provider=broken.provider.name,
        to_provider=following.provider.name,
        reason=error.detail,
    )


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
