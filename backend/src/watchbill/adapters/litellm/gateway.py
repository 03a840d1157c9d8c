"""The gateway: chooses a provider, asks it through LiteLLM, fails over, counts, and tells what happened."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from watchbill.adapters.litellm import connection, failures
from watchbill.adapters.litellm.candidates import Candidate, candidates
from watchbill.adapters.litellm.clients import ModelClients, collecting
from watchbill.adapters.litellm.cooling import CoolDown
from watchbill.adapters.litellm.gathering import heard_by
from watchbill.adapters.litellm.library import load_litellm
from watchbill.adapters.litellm.pricing import estimate_tokens, usage_of
from watchbill.adapters.litellm.question import Question
from watchbill.adapters.litellm.reading import Listener, Reading, TokenGate, read_whole
from watchbill.adapters.loading import loaded
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import LlmCompleted, LlmFailed, LlmFailover, LlmStarted, LlmToken, NodeFailure
from watchbill.core.ports.llm import Emit, LlmAnswer, LlmCall, Provider, ProviderDirectory
from watchbill.kit.answers import AnswerMismatch, check_schema, instruction, parse_answer
from watchbill.kit.outbound import WayOut, tenant_traffic
from watchbill.kit.ssrf import UrlGuard

_CONNECT_SECONDS = 10.0
# Ours end a call; LiteLLM's only has to be later than any of them.
_LIBRARY_SECONDS = 4000.0
_TEST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ProviderCheck:
    """The outcome of testing a provider: whether it answers, after how many milliseconds, and why not."""

    ok: bool
    latency_ms: int
    model: str
    error: str | None = None


class LiteLlmGateway:
    """core.ports.LlmGateway on LiteLLM. It lives on one event loop, the one its calls are awaited on.

    Args:
        directory: where a tenant's active providers come from.
        stall_seconds: the longest silence once an answer has begun.
        way: how calls leave the process; unset means to public addresses only.
    """

    def __init__(
        self,
        directory: ProviderDirectory,
        *,
        stall_seconds: float = 60.0,
        way: WayOut | None = None,
    ):
        self._directory = directory
        self._stall_seconds = stall_seconds
        self._way = way or WayOut(UrlGuard())
        self._clients: ModelClients | None = None
        self._library: Any = None
        self._cooling = CoolDown()
        self._schema_in_words: set[UUID] = set()

    def load(self) -> None:
        """Start importing LiteLLM in a thread and return at once; calls made meanwhile wait for it."""
        threading.Thread(target=load_litellm, name="load-litellm", daemon=True).start()

    async def close(self) -> None:
        """Close the connections to all providers."""
        if self._clients is not None:
            await self._clients.close()
            self._clients = None

    async def complete(self, call: LlmCall, emit: Emit) -> LlmAnswer:
        """Ask and wait; see core.ports.LlmGateway. An answer that breaks the output schema is sent back once.

        Raises:
            NodeError: user (no_provider, unknown_model, provider_key_refused, refused, invalid_schema...),
                upstream (rate_limited, provider_unavailable, provider_unreachable, stream_broken,
                empty_answer, invalid_output) or timeout (llm_timeout, llm_stalled).
        """
        if call.output_schema is None:
            return await self._ask(call, emit)
        if problem := check_schema(call.output_schema):
            raise NodeError(ErrorKind.USER, f"The output schema is wrong: {problem}", code="invalid_schema")
        first = await self._ask(call, emit)
        if first.tool_calls:
            return first
        try:
            return replace(first, parsed=parse_answer(first.text, call.output_schema))
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
            parsed = parse_answer(second.text, schema)
        except AnswerMismatch as mismatch:
            cut = " It was cut off at the token limit." if second.finish_reason == "length" else ""
            detail = f"The model '{second.model}' did not answer with the JSON asked for: {mismatch}.{cut}"
            raise NodeError(ErrorKind.UPSTREAM, detail, code="invalid_output") from None
        return replace(second, parsed=parsed, usage=first.usage + second.usage)

    async def test_provider(self, provider: Provider, model: str | None = None) -> ProviderCheck:
        """Ask the provider for one word; never raises for what the provider does wrong."""
        started = time.monotonic()
        chosen = model or (provider.models[0] if provider.models else "")
        try:
            [candidate] = candidates([provider], model, provider.id)
            question = ({"role": "user", "content": "Answer with the word OK."},)
            await self._attempt(
                candidate, Question(question, timeout_seconds=_TEST_SECONDS), Reading(), lambda _: None
            )
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
        return _checked(answer, reading, candidate)

    async def _first_answer(
        self, options: Sequence[Candidate], call: LlmCall, emit: Emit, call_id: str, started: float
    ) -> tuple[Candidate, Reading]:
        question = Question.of(call)
        with TokenGate(lambda text: emit(LlmToken(call_id=call_id, text=text))) as gate:
            for position, candidate in enumerate(options):
                reading = Reading()
                try:
                    await self._attempt(candidate, question, reading, gate.push)
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

    async def _attempt(
        self, candidate: Candidate, question: Question, reading: Reading, push: Callable[[str], None]
    ) -> None:
        try:
            await self._send(candidate, question, reading, push)
        except NodeError as error:
            if not self._told_in_words(error, candidate, question):
                raise
            await self._send(candidate, question, reading, push)

    def _told_in_words(self, error: NodeError, candidate: Candidate, question: Question) -> bool:
        """Whether the provider just refused response_format; it is then told the schema in words only."""
        refused = error.error_code == "provider_rejected" and (
            "response_format" in error.detail or "json_schema" in error.detail
        )
        if question.output_schema is None or not refused or candidate.provider.id in self._schema_in_words:
            return False
        self._schema_in_words.add(candidate.provider.id)
        return True

    async def _send(
        self, candidate: Candidate, question: Question, reading: Reading, push: Callable[[str], None]
    ) -> None:
        arguments = connection.arguments(candidate.provider)
        if self._library is None:
            self._library = await asyncio.to_thread(load_litellm)
        library = self._library
        whole = asyncio.timeout(question.timeout_seconds)
        refused: list[Exception] = []
        try:
            with collecting(refused):
                async with whole:
                    await self._exchange(arguments, candidate, question, reading, push)
        except TimeoutError:
            raise failures.too_late(
                candidate, question.timeout_seconds, stalled=not whole.expired()
            ) from None
        except (library.exceptions.openai.OpenAIError, aiohttp.ClientError, OSError, ValueError) as error:
            failure = failures.node_error(library, refused[-1] if refused else error, candidate)
            if failure.error_code in failures.FAILOVER_CODES:
                self._cooling.start(candidate.provider.id, failures.retry_after(error))
            raise failures.broken(candidate, failure) if reading.began else failure from None

    async def _exchange(
        self,
        arguments: dict[str, Any],
        candidate: Candidate,
        question: Question,
        reading: Reading,
        push: Callable[[str], None],
    ) -> None:
        if self._clients is None:
            self._clients = ModelClients(self._way)
        in_words = candidate.provider.id in self._schema_in_words
        # Whoever is told of the text works for the installation, not for the tenant.
        outside = copy_context()
        listener = Listener(reading, lambda text: outside.run(push, text), self._stall_seconds)
        with tenant_traffic(), self._clients.in_use():
            await self._ask_library(
                self._clients, arguments, candidate, question, reading, listener, in_words=in_words
            )

    async def _ask_library(
        self,
        clients: ModelClients,
        arguments: dict[str, Any],
        candidate: Candidate,
        question: Question,
        reading: Reading,
        listener: Listener,
        *,
        in_words: bool,
    ) -> None:
        with heard_by(listener):
            response = await self._library.acompletion(
                **arguments,
                **question.body(candidate, in_words=in_words),
                num_retries=0,
                max_retries=0,
                timeout=self._timeout(),
                client=clients.of(candidate.provider, arguments),
            )
        if not question.stream:
            read_whole(response, reading)
            return
        try:
            await listener.read(response)
        finally:
            # Reached on cancellation too: it is what closes the connection at once.
            await response.aclose()

    def _timeout(self) -> Any:
        return self._library.httpx.Timeout(_LIBRARY_SECONDS, connect=_CONNECT_SECONDS)

    async def _completed(
        self, candidate: Candidate, reading: Reading, call: LlmCall, emit: Emit, call_id: str, started: float
    ) -> LlmAnswer:
        asked, said = reading.prompt_tokens, reading.completion_tokens
        if asked is None or said is None:
            asked = estimate_tokens("".join(str(m.get("content") or "") for m in call.messages))
            said = estimate_tokens(reading.text)
        usage, priced = usage_of(self._library, candidate, asked, said)
        emit(
            LlmCompleted(
                call_id=call_id,
                provider=candidate.provider.name,
                model=candidate.model,
                text=reading.text,
                tool_calls=[
                    {"id": t.id, "name": t.name, "arguments": t.arguments} for t in reading.tool_calls
                ],
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
            tool_calls=reading.tool_calls,
            finish_reason=reading.finish_reason,
        )


def _checked(answer: LlmAnswer, reading: Reading, candidate: Candidate) -> LlmAnswer:
    """The answer, unless it is a refusal or says nothing at all."""
    if reading.refusal or (answer.finish_reason == "content_filter" and not answer.text):
        reason = reading.refusal or "the provider's content filter stopped it"
        raise NodeError(
            ErrorKind.USER, f"The model '{candidate.model}' refused to answer: {reason}", code="refused"
        )
    if not answer.text.strip() and not answer.tool_calls:
        cut = (
            " It used up the token limit before saying anything." if answer.finish_reason == "length" else ""
        )
        detail = f"The model '{candidate.model}' of '{candidate.provider.name}' gave an empty answer.{cut}"
        raise NodeError(ErrorKind.UPSTREAM, detail, code="empty_answer")
    return answer


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
