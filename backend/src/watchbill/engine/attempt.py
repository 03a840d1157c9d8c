"""One attempt at one node: render its configuration, run it within its time-out, and say how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError

from watchbill.core.computing_budget import Budget, OverBudget
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import EventData, LlmCompleted, NodeFailure
from watchbill.core.exchange import Exchange
from watchbill.core.json.characters import mended
from watchbill.core.node_types import NodeContext, NodeResult
from watchbill.core.plan import PlanNode
from watchbill.core.plan.fields import dotted, sentence
from watchbill.core.ports import NodePorts
from watchbill.core.ports.journal import Claim
from watchbill.core.usage import NO_USAGE, Usage
from watchbill.engine import evaluating
from watchbill.engine.computing import Computing
from watchbill.engine.evaluating import Rendered
from watchbill.engine.limits import is_light
from watchbill.engine.recorded_ports import ToolCalls, recorded

# Takes an event or exchange of a node, on the engine's loop.
Publish = Callable[[EventData | Exchange, str], None]

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended: with a result or a failure, and what it used either way. `seen` is what is shown
    of the configuration, where that was not known when the attempt began."""

    result: NodeResult | None
    failure: NodeFailure | None
    usage: Usage
    seen: Any = None


@dataclass(slots=True)
class Attempt:
    """One try at a node. `config` is rendered and typed once, so that what is shown is what runs."""

    node: PlanNode
    path: str
    number: int
    claim: Claim
    usage: Usage = NO_USAGE

    def evaluate(self, scope: Mapping[str, Any], budget: Budget, now: datetime) -> tuple[Ended, Any]:
        """Run a pure node at once; returns how it ended, and what is shown of its configuration.

        Raises:
            OverBudget: it takes more than that.
        """
        seen: Any = None
        try:
            rendered = evaluating.render(self.node, scope, budget, now, light=True)
            seen = rendered.seen
            result = evaluating.evaluate(self.node, rendered.config, scope, budget, now, light=True)
            return Ended(result, None, self.usage), seen
        except OverBudget:
            raise
        except Exception as error:  # noqa: BLE001  # see `broken`
            return self.broken(error), seen

    async def compute(
        self, scope: Mapping[str, Any], now: datetime, computing: Computing
    ) -> Ended | Rendered:
        """Do in a child process what was too much to be done at once: all of a pure node, or the
        configuration of any other. Raises nothing but CancelledError."""
        limit = self.node.node.timeout_seconds
        try:
            async with asyncio.timeout(limit) as timeout:
                if not self.node.type.pure:
                    return await computing.render(self.node, scope, now)
                found, seen = await computing.evaluate(self.node, scope, now)
        except TimeoutError as error:
            expired = timeout.expired()  # pyright: ignore[reportPossiblyUnboundVariable]  # raised inside the block
            return self.failed(took_too_long(limit)) if expired else self.bug(error)
        except Exception as error:  # noqa: BLE001  # see `broken`
            return self.broken(error)
        if isinstance(found, NodeError):
            return replace(self.failed(found), seen=seen)
        return Ended(found, None, self.usage, seen)

    def guarded(self, work: Callable[[], NodeResult]) -> Ended:
        """How this work of the node's code, which does no I/O, ended; never raises."""
        try:
            return Ended(evaluating.checked(work()), None, self.usage)
        except Exception as error:  # noqa: BLE001  # see `broken`
            return self.broken(error)

    async def execute(self, config: dict[str, Any], ports: NodePorts, publish: Publish) -> Ended:
        """Run a node that does I/O within its time-out; raises nothing but CancelledError."""
        execute = self.node.type.execute
        if execute is None:
            raise AssertionError(f"{self.node.type.kind} does no I/O")
        limit = self.node.node.timeout_seconds
        try:
            context = self._context(config, ports, publish)
            async with asyncio.timeout(limit) as timeout:
                result = await execute(context)
            if is_light(result.output):
                return Ended(evaluating.checked(result), None, self.usage)
            # It walks through the value, which lets others have their turn.
            return Ended(await asyncio.to_thread(evaluating.checked, result), None, self.usage)
        except TimeoutError as error:
            if not timeout.expired():  # pyright: ignore[reportPossiblyUnboundVariable]  # raised inside the block
                return self.bug(error)
            return self.failed(took_too_long(limit))
        except Exception as error:  # noqa: BLE001  # see `broken`
            return self.broken(error)

    def broken(self, error: Exception) -> Ended:
        """How an attempt ended that raised something. A node's code may fail in any way: whatever it is ends
        the node, not the execution's worker."""
        return self.failed(error) if isinstance(error, NodeError) else self.bug(error)

    def failed(self, error: NodeError) -> Ended:
        """The attempt ended with an error a user can be told about."""
        return Ended(
            None,
            NodeFailure(kind=error.kind, code=error.error_code, message=mended(error.detail)),
            self.usage,
        )

    def bug(self, error: Exception) -> Ended:
        """The attempt ended with an error of ours: logged whole, told without internals."""
        logger.error("node_bug", node_id=self.path, execution_id=str(self.claim.execution_id), exc_info=error)
        text = (
            f"Watchbill failed inside this node ({type(error).__name__}); the worker's log has the details."
        )
        return Ended(None, NodeFailure(kind=ErrorKind.BUG, code="internal_error", message=text), self.usage)

    def _context(self, config: dict[str, Any], ports: NodePorts, publish: Publish) -> NodeContext:
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
            ports=recorded(ports, emit),
            idempotency_key=f"{self.claim.execution_id}:{self.path}",
        )


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
