"""One attempt at one node: render its configuration, run it within its time-out, and say how it ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import orjson
import structlog
from pydantic import BaseModel, ValidationError

from watchbill.core.budget import OverBudget, full
from watchbill.core.clean import clean
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import EventData, LlmCompleted, NodeFailure
from watchbill.core.exchanges import Exchange
from watchbill.core.expressions import ExpressionError
from watchbill.core.node_types import NodeContext, NodeResult
from watchbill.core.plan import PlanNode
from watchbill.core.plan.fields import dotted, sentence
from watchbill.core.ports.crews import CrewRunner
from watchbill.core.ports.http import HttpClient
from watchbill.core.ports.journal import Claim
from watchbill.core.ports.llm import LlmGateway
from watchbill.core.usage import Usage
from watchbill.engine.exchanges import Secrets
from watchbill.engine.recording import RecordedHttp, ToolCalls

# Takes an event or exchange of a node, on the engine's loop.
Publish = Callable[[EventData | Exchange, str], None]

logger = structlog.get_logger(__name__)

MAX_OUTPUT_BYTES = 4 * 1024 * 1024
MAX_INPUT_SHOWN_BYTES = 64 * 1024
# JSON writers and readers give up at about 250 levels, and events and answers of the API add some.
MAX_DEPTH = 200
_CONTAINERS = (dict, list, tuple)


@dataclass(frozen=True, slots=True)
class Services:
    """What nodes that do I/O work with, and the secrets that must not be kept of what they say."""

    llm: LlmGateway
    crews: CrewRunner
    http: HttpClient
    secrets: Secrets = lambda _scope: ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended: with a result or a failure, and what it used either way."""

    result: NodeResult | None
    failure: NodeFailure | None
    usage: Usage


@dataclass(slots=True)
class Attempt:
    """One try at a node. `config` is rendered and typed once, so that what is shown is what runs."""

    node: PlanNode
    path: str
    number: int
    claim: Claim
    usage: Usage = field(default_factory=Usage)

    def render(self, scope: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The configuration for this attempt; `now` is when the node first began.

        Raises:
            NodeError: kind user, when an expression in it cannot be evaluated; kind limit, when what it gives
                cannot be stored.
        """
        try:
            config = self.node.render(scope, full(), now)
        except OverBudget as error:
            raise over_budget(error) from error
        except ExpressionError as error:
            raise NodeError(ErrorKind.USER, error.message, code=error.code) from error
        _refuse_deep(config, "input")
        return config

    def evaluate(
        self, config: dict[str, Any], inputs: Mapping[str, Any], scope: Mapping[str, Any], now: datetime
    ) -> Ended:
        """Run a pure node; never raises."""
        evaluate = self.node.type.evaluate
        if evaluate is None:
            raise AssertionError(f"{self.node.type.kind} is not a pure node type")
        return self.guarded(lambda: evaluate(config, inputs=inputs, scope=scope, budget=full(), now=now))

    def guarded(self, work: Callable[[], NodeResult]) -> Ended:
        """How this work of the node's code, which does no I/O, ended; never raises."""
        try:
            return Ended(_checked(work()), None, self.usage)
        except Exception as error:  # noqa: BLE001  # see `broken`
            return self.broken(error)

    async def execute(self, config: dict[str, Any], services: Services, publish: Publish) -> Ended:
        """Run a node that does I/O within its time-out; raises nothing but CancelledError."""
        execute = self.node.type.execute
        if execute is None:
            raise AssertionError(f"{self.node.type.kind} does no I/O")
        limit = self.node.node.timeout_seconds
        try:
            context = self._context(config, services, publish)
            async with asyncio.timeout(limit) as timeout:
                result = await execute(context)
            return Ended(_checked(result), None, self.usage)
        except TimeoutError as error:
            if not timeout.expired():  # pyright: ignore[reportPossiblyUnboundVariable]  # raised inside the block
                return self.bug(error)
            return self.failed(took_too_long(limit))
        except Exception as error:  # noqa: BLE001  # see `broken`
            return self.broken(error)

    def broken(self, error: Exception) -> Ended:
        """How an attempt ended that raised something. A node's code may fail in any way: whatever it is ends
        the node, not the execution's worker."""
        if isinstance(error, OverBudget):
            return self.failed(over_budget(error))
        return self.failed(error) if isinstance(error, NodeError) else self.bug(error)

    def failed(self, error: NodeError) -> Ended:
        """The attempt ended with an error a user can be told about."""
        return Ended(
            None, NodeFailure(kind=error.kind, code=error.error_code, message=error.detail), self.usage
        )

    def bug(self, error: Exception) -> Ended:
        """The attempt ended with an error of ours: logged whole, told without internals."""
        logger.error("node_bug", node_id=self.path, execution_id=str(self.claim.execution_id), exc_info=error)
        text = (
            f"Watchbill failed inside this node ({type(error).__name__}); the worker's log has the details."
        )
        return Ended(None, NodeFailure(kind=ErrorKind.BUG, code="internal_error", message=text), self.usage)

    def _context(self, config: dict[str, Any], services: Services, publish: Publish) -> NodeContext:
        tools = ToolCalls()

        def emit(data: EventData | Exchange) -> None:
            publish(data, self.path)
            if isinstance(data, Exchange):
                return
            if isinstance(data, LlmCompleted):
                self.usage += data.usage
            if exchange := tools.exchange(data):
                publish(exchange, self.path)

        return NodeContext(
            scope=self.claim.scope,
            execution_id=self.claim.execution_id,
            node_id=self.path,
            attempt=self.number,
            config=_typed(self.node.type.config, config),
            emit=emit,
            llm=services.llm,
            crews=services.crews,
            http=RecordedHttp(services.http, emit),
            idempotency_key=f"{self.claim.execution_id}:{self.path}",
        )


def over_budget(error: OverBudget) -> NodeError:
    """For expressions that need more than they may use."""
    text = f"The node's expressions compute too much. {error} Work on less at a time, or in several nodes."
    return NodeError(ErrorKind.LIMIT, text, code="computation_limit")


def took_too_long(limit: float | None) -> NodeError:
    """For a node that ran for longer than it may, in seconds."""
    text = f"The node took longer than its time-out of {limit or 0:g} seconds."
    return NodeError(ErrorKind.TIMEOUT, text, code="node_timeout")


def _typed(model: type[BaseModel], config: dict[str, Any]) -> BaseModel:
    try:
        return model.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        text = f"`{dotted(first['loc'])}` does not fit: {sentence(first['type'], first['msg'])}"
        raise NodeError(ErrorKind.USER, text, code="config_invalid") from error


def _checked(result: NodeResult) -> NodeResult:
    """The result as every store can hold it, so that a replay sees what the first run saw."""
    _refuse_deep(result.output, "output")
    result = NodeResult(clean(result.output), result.handle)
    size = len(orjson.dumps(result.output))
    if size > MAX_OUTPUT_BYTES:
        text = f"The node's output has {size:,} bytes; at most {MAX_OUTPUT_BYTES:,} are allowed."
        raise NodeError(ErrorKind.LIMIT, text, code="output_too_large")
    return replace(result, size=size)


def _refuse_deep(value: Any, what: str) -> None:
    """Refuse what neither the stores nor whoever reads them could take apart again."""
    if _deeper(value, MAX_DEPTH):
        text = f"The node's {what} is nested more than {MAX_DEPTH} levels deep."
        raise NodeError(ErrorKind.LIMIT, text, code=f"{what}_too_deep")


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, _CONTAINERS):
        return False
    held = cast("dict[str, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
    return not levels or any(_deeper(item, levels - 1) for item in held if isinstance(item, _CONTAINERS))


def shown(config: Any) -> Any:
    """A node's input as the journal keeps it: long texts are cut, and said to be cut."""
    return config if _size(config) <= MAX_INPUT_SHOWN_BYTES else _cut(config, 2_000)


def _size(value: Any) -> int:
    try:
        return len(orjson.dumps(value))
    except orjson.JSONEncodeError:
        # What it does not know, such as integers beyond 64 bits, is rare.
        return len(json.dumps(value, ensure_ascii=False))


def _cut(value: Any, limit: int) -> Any:
    if isinstance(value, str) and len(value) > limit:
        return f"{value[:limit]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: _cut(item, limit) for key, item in list(items)[:200]}
    if isinstance(value, list):
        return [_cut(item, limit) for item in cast("list[Any]", value)[:200]]
    return value
